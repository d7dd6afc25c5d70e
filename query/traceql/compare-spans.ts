import { compareValuesMax } from '../../src/limits.ts'
import type { Compare } from './ast.ts'
import { isList } from './compare-values.ts'
import { compileField } from './compile-field.ts'
import { derivedColumn } from './derived-column.ts'
import { groupKey } from './group-key.ts'
import { intrinsicTypes } from './intrinsics.ts'
import { printField } from './print-field.ts'
import { labelsKey, planeFor, type SeriesLabel, seriesFor } from './series-parts.ts'
import type { ObserverContext } from './span-observer.ts'
import type { Column, FieldValue } from './span-table.ts'
import type { TraceFrame } from './trace-frame.ts'
import type { ValueType } from './value-type.ts'

/** Counts spans of one trace, each in its interval. */
export type SpansObserver = (rows: readonly number[], indexOf: (row: number) => number) => void

/**
 * Counts each value of each attribute among the spans that the selection holds, and among all others; and how many of them
 * have the attribute at all. `finishCompare` keeps the values that are most frequent. It takes a trace's spans together, since
 * attributes are many, and most spans lack most of them.
 */
export function compareObserver(
  { selection, window, top }: Compare,
  { frame, parts, intervals }: ObserverContext,
): SpansObserver {
  const { read: isSelected } = compileField(selection.condition, frame)
  const isInside: Column<boolean> = (row) => {
    const ns = frame.table.startNs(row)
    return window === undefined || (ns >= window.startNs && ns < window.endNs)
  }
  // One more than is shown, or an attribute that had too many values could not say so.
  const valuesMax = Math.max(compareValuesMax, top + 1)
  const counters = comparedColumns(frame)
    .filter(({ isAttribute, read: { entries } }) => !isAttribute || entries?.count !== 0)
    .map((column) => columnCounter(column, { parts, intervals, valuesMax }))
  return (rows, indexOf) => {
    const spans = rows.map((row): ComparedSpan => {
      const isOfSelection = isInside(row) && isSelected(row) === true
      return { row, index: indexOf(row), isOfSelection }
    })
    for (const count of counters) count(spans)
  }
}

interface ComparedSpan {
  readonly row: number
  readonly index: number
  readonly isOfSelection: boolean
}

interface Counting extends Pick<ObserverContext, 'parts' | 'intervals'> {
  readonly valuesMax: number
}

/** Counts a column's values among the spans of both groups. */
function columnCounter(
  column: ComparedColumn,
  counting: Counting,
): (spans: readonly ComparedSpan[]) => void {
  const byRow = column.isAttribute ? column.read.entries?.byRow : undefined
  const selection = valueCounter(column, 'selection', counting)
  const baseline = valueCounter(column, 'baseline', counting)
  return (spans) => {
    for (const { row, index, isOfSelection } of spans) {
      // Most spans lack most attributes; the absence of anything else may mean something.
      if (byRow !== undefined && byRow[row] === -1) continue
      if (isOfSelection) selection(row, index)
      else baseline(row, index)
    }
  }
}

/**
 * Counts a column's values among the spans of a group; null is nothing that could be compared. Of an attribute that is
 * different for nearly every span, only so many values are kept apart: they tell nothing, and would leave others no room.
 */
function valueCounter(
  { name, type, read }: ComparedColumn,
  group: 'selection' | 'baseline',
  { parts, intervals, valuesMax }: Counting,
): (row: number, index: number) => void {
  const cellsOf = (meta: MetaType, value: FieldValue) => {
    const labels = [metaLabel(meta), { name, type, value }]
    const series = seriesFor(parts, labelsKey(labels), () => labels)
    return series && planeFor(parts, series, 'count', intervals.count)
  }
  // Values come again and again, in this table and in the next: then neither labels nor their key are made.
  const values = comparedValues(parts, `${group} ${name}`)
  const lists = comparedValues(parts, `${group} ${name} lists`)
  const cellsOfRow = derivedColumn(read, (value): Float64Array => {
    if (value === undefined || value === null) return absent
    const [known, key] = isList(value) ? [lists, groupKey(value)] : [values, value]
    const cells = known.get(key)
    if (cells !== undefined) return cells
    if (known.size >= valuesMax) return noRoom
    const made = cellsOf(group, value)
    if (made !== undefined) known.set(key, made)
    return made ?? noRoom
  })
  let total: Float64Array | undefined
  return (row, index) => {
    const cells = cellsOfRow(row)
    if (cells === absent) return
    total ??= cellsOf(`${group}_total`, undefined)
    if (total !== undefined) total[index] = (total[index] ?? 0) + 1
    if (cells !== noRoom) cells[index] = (cells[index] ?? 0) + 1
  }
}

function comparedValues(
  { compared }: Pick<ObserverContext['parts'], 'compared'>,
  name: string,
): Map<FieldValue, Float64Array> {
  const known = compared.get(name) ?? new Map<FieldValue, Float64Array>()
  compared.set(name, known)
  return known
}

const absent = new Float64Array(0)
const noRoom = new Float64Array(0)

type MetaType = 'baseline' | 'selection' | 'baseline_total' | 'selection_total'

const metaName = '__meta_type'

function metaLabel(meta: MetaType): SeriesLabel {
  return { name: metaName, type: 'string', value: meta }
}

interface ComparedColumn {
  readonly name: string
  readonly type: ValueType
  readonly read: Column<FieldValue>
  /** Then a row without an entry has no value. */
  readonly isAttribute: boolean
}

/** What is compared besides attributes. */
export const comparedIntrinsics = [
  'name',
  'kind',
  'status',
  'statusMessage',
  'rootName',
  'rootServiceName',
  'instrumentation:name',
  'instrumentation:version',
] as const

const scopes = ['span', 'resource', 'instrumentation'] as const

/** Durations, ids and what is different for every span tell nothing, so they are not compared; nor is what is empty. */
function comparedColumns(frame: TraceFrame): ComparedColumn[] {
  const ofIntrinsics = comparedIntrinsics.map((name) => {
    const { read } = compileField({ kind: 'intrinsic', name }, frame)
    const filled = (value: FieldValue) => value || undefined
    const told = { name, type: intrinsicTypes[name], read: derivedColumn(read, filled) }
    return { ...told, isAttribute: false }
  })
  const ofAttributes = scopes.flatMap((scope) =>
    frame.table.attributeKeys(scope).map((key) => {
      const field = { kind: 'attribute', scope, key } as const
      return { name: printField(field), ...compileField(field, frame), isAttribute: true }
    }),
  )
  return [...ofIntrinsics, ...ofAttributes]
}
