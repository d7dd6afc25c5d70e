import { corrupt } from '../../src/parquet/byte-reader.ts'
import type { ColumnData, ColumnTable } from '../../src/parquet/read-column.ts'
import { entryText, int32At } from '../../src/press/span-of-row.ts'
import type { Column } from '../traceql/span-table.ts'

/** A flat column's value by row, undefined for null; a value that comes again is made once. */
export function flatValues<Value>(
  column: ColumnData | undefined,
  valueOfEntry: (table: ColumnTable, entry: number) => Value,
): Column<Value | undefined> {
  if (column === undefined || column.count === 0) return () => undefined
  const { table } = column
  const entryOf = entriesByRow(column)
  const isRepeating = column.ids !== undefined
  if (!isRepeating) {
    return (row) => {
      const entry = entryOf(row)
      return entry < 0 ? undefined : valueOfEntry(table, entry)
    }
  }
  const made: (Value | undefined)[] = new Array(table.width === 0 ? 2 : table.entries)
  return (row) => {
    const entry = entryOf(row)
    if (entry < 0) return undefined
    const known = made[entry]
    if (known !== undefined) return known
    const value = valueOfEntry(table, entry)
    made[entry] = value
    return value
  }
}

/** The table's entry of each row; -1 for null. */
export function entriesByRow({
  entries,
  count,
  definition,
  ids,
}: ColumnData): (row: number) => number {
  if (count === entries) return ids === undefined ? (row) => row : (row) => ids[row] ?? -1
  const places = new Int32Array(entries).fill(-1)
  let next = 0
  for (let row = 0; row < entries; row++) {
    if (definition?.[row] !== 1) continue
    places[row] = ids === undefined ? next : (ids[next] ?? -1)
    next++
  }
  return (row) => places[row] ?? -1
}

/** 64-bit numbers of a column without a dictionary, where reading one makes nothing but the number. */
export function int64Values(column: ColumnData | undefined): Column<bigint | undefined> {
  if (column === undefined || column.count === 0) return () => undefined
  const { bytes, width, entries } = column.table
  if (width !== 8) throw corrupt('column of times', `must have 8 bytes a value, has ${width}`)
  const isAligned = bytes.byteOffset % 8 === 0
  const own = isAligned ? bytes : bytes.slice(0, entries * 8)
  const values = new BigInt64Array(own.buffer, own.byteOffset, entries)
  const entryOf = entriesByRow(column)
  return (row) => values[entryOf(row)]
}

export const textEntry = entryText

export function int32Entry(table: ColumnTable, entry: number): number {
  return int32At(table, entry)
}
