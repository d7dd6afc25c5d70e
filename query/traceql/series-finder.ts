import type { Field } from './ast.ts'
import { compileSingle } from './compile-field.ts'
import { derivedColumn } from './derived-column.ts'
import { groupKey } from './group-key.ts'
import { printField } from './print-field.ts'
import { labelsKey, type SeriesLabel, type SeriesPart, seriesFor } from './series-parts.ts'
import type { ObserverContext } from './span-observer.ts'
import type { Column, FieldValue } from './span-table.ts'
import type { ValueType } from './value-type.ts'

/** The series that rows belong to, by numbers: what is counted for each may stand in arrays. */
export interface SeriesFinder {
  /** The number of the row's series; -1 where there is no room for it. */
  readonly numberOf: (row: number) => number
  readonly series: readonly SeriesPart[]
}

/**
 * Without `by` there is one series, named for the function unless others tell it apart. What is absent has no label, unless
 * nothing else is there.
 */
export function seriesFinder(
  by: readonly Field[],
  name: string | undefined,
  { frame, parts }: ObserverContext,
): SeriesFinder {
  const series: SeriesPart[] = []
  const numberOfPart = (labels: readonly SeriesLabel[]): number => {
    const part = seriesFor(parts, labelsKey(labels), () => labels)
    return part === undefined ? -1 : series.push(part) - 1
  }
  if (by.length === 0) {
    let only: number | undefined
    const labels: readonly SeriesLabel[] =
      name === undefined ? [] : [{ name: '__name__', type: 'string', value: name }]
    const numberOf = () => {
      only ??= numberOfPart(labels)
      return only
    }
    return { numberOf, series }
  }
  const fields = by.map((field) => ({ name: printField(field), ...compileSingle(field, frame) }))
  const made = (row: number) => numberOfPart(labelsOf(fields, row))
  return { numberOf: numbersByEntries(fields, made) ?? numbersByValues(fields, made), series }
}

interface LabelField {
  readonly name: string
  readonly type: ValueType
  readonly read: Column<FieldValue>
}

function labelsOf(fields: readonly LabelField[], row: number): readonly SeriesLabel[] {
  const all = fields.map(({ read, ...label }) => ({ ...label, value: read(row) }))
  const present = all.filter(({ value }) => value !== undefined)
  return present.length === 0 ? all.slice(0, 1) : present
}

/** A series for each combination of entries, of which two may have the same values: that is one series with two numbers. */
function numbersByEntries(
  fields: readonly LabelField[],
  made: (row: number) => number,
): ((row: number) => number) | undefined {
  const columns = fields.flatMap(({ read: { entries } }) => entries ?? [])
  const [first, second] = columns
  if (first === undefined || columns.length < fields.length || columns.length > 2) return undefined
  const width = second === undefined ? 1 : second.count + 1
  const size = (first.count + 1) * width
  if (size > combinationsMax) return undefined
  const known = new Int32Array(size).fill(unknown)
  const [rows, seconds] = [first.byRow, second?.byRow]
  return (row) => {
    const other = seconds === undefined ? 0 : (seconds[row] ?? -1) + 1
    const place = ((rows[row] ?? -1) + 1) * width + other
    const found = known[place] ?? unknown
    if (found !== unknown) return found
    const number = made(row)
    known[place] = number
    return number
  }
}

/** A table of 1 MB. */
const combinationsMax = 256 * 1024
const unknown = -2

/** Most rows belong to a series that is known: then neither labels nor their key are made. */
function numbersByValues(
  fields: readonly LabelField[],
  made: (row: number) => number,
): (row: number) => number {
  const known = new Map<string, number>()
  const keys = fields.map(({ read }) => derivedColumn(read, groupKey))
  return (row) => {
    let values = ''
    for (const key of keys) values += `${key(row)},`
    const found = known.get(values)
    if (found !== undefined) return found
    const number = made(row)
    // What there is no room for is not remembered either: there may be no end of it.
    if (number >= 0) known.set(values, number)
    return number
  }
}
