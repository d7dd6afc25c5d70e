import type { Field, FieldOverTimeName, MetricsFunction } from './ast.ts'
import { compareObserver } from './compare-spans.ts'
import { isNumber } from './compare-values.ts'
import { type CompiledField, compileSingle } from './compile-field.ts'
import { bucketOf } from './log2-buckets.ts'
import { seriesFinder } from './series-finder.ts'
import { planeFor, type SeriesPart, type SeriesParts } from './series-parts.ts'
import type { StepIntervals } from './step-intervals.ts'
import type { TraceFrame } from './trace-frame.ts'

/** What counts the spans that a function is given. */
export function spanObserver(metrics: MetricsFunction, context: ObserverContext): Observer {
  switch (metrics.kind) {
    case 'rate':
    case 'count_over_time':
      return countObserver(metrics.by, metrics.kind, context)
    case 'compare':
      return compareObserver(metrics, context)
    case 'quantile_over_time':
    case 'histogram_over_time':
      return bucketObserver(metrics.field, metrics.by, context)
    case 'min_over_time':
    case 'max_over_time':
    case 'sum_over_time':
    case 'avg_over_time':
      return valueObserver(metrics.kind, metrics.field, metrics.by, context)
  }
}

/** Where spans are counted. */
export interface ObserverContext {
  readonly frame: TraceFrame
  readonly intervals: StepIntervals
  readonly parts: SeriesParts
}

/** Counts the span of a row in an interval; the series that it went to, if there is one alone. */
export type Observer = (row: number, index: number) => SeriesPart | undefined

function countObserver(by: readonly Field[], name: string, context: ObserverContext): Observer {
  const { parts, intervals } = context
  const seriesOf = seriesFinder(by, name, context)
  return (row, index) => {
    const series = seriesOf(row)
    const counts = series && planeFor(parts, series, 'count', intervals.count)
    if (counts !== undefined) counts[index] = (counts[index] ?? 0) + 1
    return series
  }
}

/** Spans without a number have no part in any series. */
function valueObserver(
  kind: Exclude<FieldOverTimeName, 'histogram_over_time'>,
  field: Field,
  by: readonly Field[],
  context: ObserverContext,
): Observer {
  const { parts, intervals, frame } = context
  const seriesOf = seriesFinder(by, kind, context)
  const compiled = compileSingle(field, frame)
  return (row, index) => {
    const value = measured(compiled, row)
    const series = Number.isNaN(value) ? undefined : seriesOf(row)
    if (series === undefined) return undefined
    const counts = planeFor(parts, series, 'count', intervals.count)
    const cells = planeFor(parts, series, planeOf[kind], intervals.count)
    if (counts === undefined || cells === undefined) return undefined
    counts[index] = (counts[index] ?? 0) + 1
    const cell = cells[index] ?? 0
    if (kind === 'min_over_time') cells[index] = Math.min(cell, value)
    else if (kind === 'max_over_time') cells[index] = Math.max(cell, value)
    else cells[index] = cell + value
    return series
  }
}

const planeOf = {
  min_over_time: 'min',
  max_over_time: 'max',
  sum_over_time: 'sum',
  avg_over_time: 'sum',
} as const

/** Durations in seconds; NaN for what is no number. */
export function measured({ type, read }: CompiledField, row: number): number {
  const value = read(row)
  if (!isNumber(value)) return Number.NaN
  return type === 'duration' ? Number(value) / 1e9 : Number(value)
}

function bucketObserver(field: Field, by: readonly Field[], context: ObserverContext): Observer {
  const { parts, intervals, frame } = context
  const seriesOf = seriesFinder(by, undefined, context)
  const { type, read } = compileSingle(field, frame)
  const scale = type === 'duration' ? 1e9 : 1
  return (row, index) => {
    const value = read(row)
    const bucket = isNumber(value) ? bucketOf(value) : undefined
    const series = bucket === undefined ? undefined : seriesOf(row)
    if (series === undefined || bucket === undefined) return undefined
    const counts = planeFor(parts, series, `bucket ${bucket / scale}`, intervals.count)
    if (counts !== undefined) counts[index] = (counts[index] ?? 0) + 1
    return series
  }
}
