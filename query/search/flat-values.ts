import { corrupt } from '../../src/parquet/byte-reader.ts'
import type { ColumnData, ColumnTable } from '../../src/parquet/read-column.ts'
import { entryText, int32At } from '../../src/press/span-of-row.ts'
import type { Column, ColumnEntries } from '../traceql/span-table.ts'

/** A flat column's value by row, undefined for null; a value that comes again is made once. */
export function flatValues<Value>(
  column: ColumnData | undefined,
  valueOfEntry: (table: ColumnTable, entry: number) => Value,
): Column<Value | undefined> {
  if (column === undefined || column.count === 0) return absent
  const { table } = column
  if (column.ids === undefined) {
    const entryOf = entriesByRow(column)
    return (row) => {
      const entry = entryOf(row)
      return entry < 0 ? undefined : valueOfEntry(table, entry)
    }
  }
  const byRow = entryPlaces(column)
  const entries = { count: table.width === 0 ? 2 : table.entries, byRow }
  const made: (Value | undefined)[] = new Array(entries.count)
  const read = (row: number): Value | undefined => {
    const entry = byRow[row] ?? -1
    if (entry < 0) return undefined
    const known = made[entry]
    if (known !== undefined) return known
    const value = valueOfEntry(table, entry)
    made[entry] = value
    return value
  }
  return Object.assign(read, { entries })
}

const noEntries: ColumnEntries = { count: 0, byRow: new Int32Array(0) }
const absent: Column<undefined> = Object.assign(() => undefined, { entries: noEntries })

/** The table's entry of each row; -1 for null. */
export function entriesByRow(column: ColumnData): (row: number) => number {
  if (column.count === column.entries && column.ids === undefined) return (row) => row
  const byRow = entryPlaces(column)
  return (row) => byRow[row] ?? -1
}

function entryPlaces({ entries, count, definition, ids }: ColumnData): Int32Array | Uint32Array {
  if (count === entries && ids !== undefined) return ids
  const places = new Int32Array(entries).fill(-1)
  let next = 0
  for (let row = 0; row < entries; row++) {
    if (definition?.[row] !== 1) continue
    places[row] = ids === undefined ? next : (ids[next] ?? -1)
    next++
  }
  return places
}

/** 64-bit numbers of a column without a dictionary, where reading one makes nothing but the number. */
export function int64Values(column: ColumnData | undefined): Column<bigint | undefined> {
  if (column === undefined || column.count === 0) return absent
  const values = int64Table(column)
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  const entryOf = entriesByRow(column)
  const float = (row: number): number => {
    const entry = entryOf(row)
    const high = halves[entry * 2 + 1] ?? Number.NaN
    // Within 53 bits; what is negative or larger is read as it stands.
    if (!(high >= 0 && high < 2 ** 21)) return Number.NaN
    return high * 2 ** 32 + ((halves[entry * 2] ?? 0) >>> 0)
  }
  return Object.assign((row: number) => values[entryOf(row)], { float })
}

/** The distance of each from `base`, as a float: exact within 53 bits, and beyond them still on the same side. */
export function int64Distances(column: ColumnData, base: bigint): Float64Array {
  const values = int64Table(column)
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  const baseHigh = Number(base >> 32n)
  const baseLow = Number(base & 0xffff_ffffn)
  const distances = new Float64Array(column.entries).fill(Number.NaN)
  const entryOf = entriesByRow(column)
  for (let row = 0; row < distances.length; row++) {
    const entry = entryOf(row)
    if (entry < 0) continue
    const high = (halves[entry * 2 + 1] ?? 0) - baseHigh
    distances[row] = high * 2 ** 32 + (((halves[entry * 2] ?? 0) >>> 0) - baseLow)
  }
  return distances
}

function int64Table({ table }: ColumnData): BigInt64Array {
  const { bytes, width, entries } = table
  if (width !== 8) throw corrupt('column of times', `must have 8 bytes a value, has ${width}`)
  const isAligned = bytes.byteOffset % 8 === 0
  const own = isAligned ? bytes : bytes.slice(0, entries * 8)
  return new BigInt64Array(own.buffer, own.byteOffset, entries)
}

export const textEntry = entryText

export function int32Entry(table: ColumnTable, entry: number): number {
  return int32At(table, entry)
}
