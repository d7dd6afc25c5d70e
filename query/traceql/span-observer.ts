import type {
  CountOverTime,
  Field,
  FieldOverTime,
  FieldOverTimeName,
  QuantileOverTime,
} from './ast.ts'
import { isNumber } from './compare-values.ts'
import { type CompiledField, compileSingle } from './compile-field.ts'
import { derivedColumn } from './derived-column.ts'
import { bucketExponent } from './log2-buckets.ts'
import { seriesFinder } from './series-finder.ts'
import { type PlaneName, planeFor, type SeriesPart, type SeriesParts } from './series-parts.ts'
import type { Column, FieldValue } from './span-table.ts'
import type { StepIntervals } from './step-intervals.ts'
import type { TraceFrame } from './trace-frame.ts'

/** What counts the spans that a function is given, one by one; `compare` takes them together (`compareObserver`). */
export function spanObserver(metrics: SpanFunction, context: ObserverContext): Observer {
  switch (metrics.kind) {
    case 'rate':
    case 'count_over_time':
      return countObserver(metrics.by, metrics.kind, context)
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

/** All but `compare`. */
export type SpanFunction = CountOverTime | FieldOverTime | QuantileOverTime

/** Where spans are counted. */
export interface ObserverContext {
  readonly frame: TraceFrame
  readonly intervals: StepIntervals
  readonly parts: SeriesParts
}

/** Counts the span of a row in an interval; the series that it went to, if there is one alone. */
export type Observer = (row: number, index: number) => SeriesPart | undefined

function countObserver(by: readonly Field[], name: string, context: ObserverContext): Observer {
  const { numberOf, series } = seriesFinder(by, name, context)
  const countsOf = planesOf('count', series, context)
  return (row, index) => {
    const number = numberOf(row)
    if (number < 0) return undefined
    const counts = countsOf(number)
    if (counts !== undefined) counts[index] = (counts[index] ?? 0) + 1
    return series[number]
  }
}

/** The numbers of one name of each series, which are asked for span by span. */
function planesOf(
  name: PlaneName,
  series: readonly SeriesPart[],
  { parts, intervals }: ObserverContext,
): (number: number) => Float64Array | undefined {
  const planes: (Float64Array | undefined)[] = []
  return (number) => {
    const known = planes[number]
    if (known !== undefined) return known
    const part = series[number]
    const made = part && planeFor(parts, part, name, intervals.count)
    planes[number] = made
    return made
  }
}

/** Spans without a number have no part in any series. */
function valueObserver(
  kind: Exclude<FieldOverTimeName, 'histogram_over_time'>,
  field: Field,
  by: readonly Field[],
  context: ObserverContext,
): Observer {
  const { numberOf, series } = seriesFinder(by, kind, context)
  const measuredOf = measuredColumn(compileSingle(field, context.frame))
  const countsOf = planesOf('count', series, context)
  const cellsOf = planesOf(planeOf[kind], series, context)
  return (row, index) => {
    const value = measuredOf(row)
    const number = Number.isNaN(value) ? -1 : numberOf(row)
    if (number < 0) return undefined
    const [counts, cells] = [countsOf(number), cellsOf(number)]
    if (counts === undefined || cells === undefined) return undefined
    counts[index] = (counts[index] ?? 0) + 1
    const cell = cells[index] ?? 0
    if (kind === 'min_over_time') cells[index] = Math.min(cell, value)
    else if (kind === 'max_over_time') cells[index] = Math.max(cell, value)
    else cells[index] = cell + value
    return series[number]
  }
}

const planeOf = {
  min_over_time: 'min',
  max_over_time: 'max',
  sum_over_time: 'sum',
  avg_over_time: 'sum',
} as const

/** Durations in seconds; NaN for what is no number. */
export function measuredColumn({ type, read }: CompiledField): Column<number> {
  const scale = type === 'duration' ? 1e9 : 1
  const measured = (value: FieldValue) => (isNumber(value) ? Number(value) / scale : Number.NaN)
  const { float } = read
  if (float === undefined) return derivedColumn(read, measured)
  return (row) => {
    const value = float(row)
    return Number.isNaN(value) ? measured(read(row)) : value / scale
  }
}

function bucketObserver(field: Field, by: readonly Field[], context: ObserverContext): Observer {
  const { parts, intervals, frame } = context
  const { numberOf, series } = seriesFinder(by, undefined, context)
  const compiled = compileSingle(field, frame)
  const exponentOf = exponentColumn(compiled)
  const scale = compiled.type === 'duration' ? 1e9 : 1
  const planes: Map<number, Float64Array | undefined>[] = []

  function countsFor(number: number, exponent: number): Float64Array | undefined {
    planes[number] ??= new Map()
    const known = planes[number].get(exponent)
    const part = series[number]
    if (known !== undefined || part === undefined) return known
    const made = planeFor(parts, part, `bucket ${2 ** exponent / scale}`, intervals.count)
    planes[number].set(exponent, made)
    return made
  }

  return (row, index) => {
    const exponent = exponentOf(row)
    const number = Number.isNaN(exponent) ? -1 : numberOf(row)
    if (number < 0) return undefined
    const counts = countsFor(number, exponent)
    if (counts !== undefined) counts[index] = (counts[index] ?? 0) + 1
    return series[number]
  }
}

/** The buckets that values lie in; NaN for what lies in none. */
function exponentColumn({ type, read }: CompiledField): Column<number> {
  const exponentOf = (value: FieldValue) => (isNumber(value) ? bucketExponent(value) : undefined)
  const { float } = read
  if (float === undefined || type !== 'duration') {
    return derivedColumn(read, (value) => exponentOf(value) ?? Number.NaN)
  }
  return (row) => {
    const ns = float(row)
    if (Number.isNaN(ns)) return exponentOf(read(row)) ?? Number.NaN
    if (ns < 2) return Number.NaN
    const high = Math.floor((ns - 1) / 2 ** 32)
    return high > 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(ns - 1)
  }
}
