import type { MetricsFunction } from './ast.ts'
import { textOrder } from './compare-values.ts'
import type { FinalSeries } from './final-series.ts'
import { finishCompare } from './finish-compare.ts'
import { type Bucket, quantileOf } from './log2-buckets.ts'
import {
  type Exemplar,
  labelsKey,
  type PlaneName,
  type SeriesLabel,
  type SeriesPart,
  type SeriesParts,
} from './series-parts.ts'
import type { StepIntervals } from './step-intervals.ts'

/**
 * What the function says of all spans together, ordered by labels. Counts and quantiles are 0 where there is no span, all else
 * is NaN. */
export function finishSeries(
  metrics: MetricsFunction,
  parts: SeriesParts,
  intervals: StepIntervals,
): readonly FinalSeries[] {
  const series = withoutSpans(metrics, parts, intervals)
  const finished = inOrder(series.flatMap((part) => finishPart(metrics, part, intervals)))
  return metrics.kind === 'compare' ? inOrder(finishCompare(metrics, finished)) : finished
}

/** By labels: whatever order the parts came in, the answer is the same. */
function inOrder(series: readonly FinalSeries[]): readonly FinalSeries[] {
  const keyed = series.map((one) => ({ one, key: labelsKey(one.labels) }))
  return keyed.sort((a, b) => textOrder(a.key, b.key)).map(({ one }) => one)
}

/** Of no span at all a count without groups still says something: zero. */
function withoutSpans(
  metrics: MetricsFunction,
  parts: SeriesParts,
  intervals: StepIntervals,
): readonly SeriesPart[] {
  const all = [...parts.series.values()]
  const isCount = metrics.kind === 'rate' || metrics.kind === 'count_over_time'
  if (all.length > 0 || !isCount || metrics.by.length > 0) return all
  const labels: readonly SeriesLabel[] = [{ name: '__name__', type: 'string', value: metrics.kind }]
  const planes = new Map<PlaneName, Float64Array>([['count', new Float64Array(intervals.count)]])
  return [{ labels, planes, exemplars: [] }]
}

function finishPart(
  metrics: MetricsFunction,
  part: SeriesPart,
  intervals: StepIntervals,
): readonly FinalSeries[] {
  const plane = (name: PlaneName) => part.planes.get(name) ?? new Float64Array(intervals.count)
  const counts = plane('count')
  const only = (values: Float64Array) => [finished(part, part.labels, values)]
  switch (metrics.kind) {
    case 'compare':
    case 'count_over_time':
      return only(counts)
    case 'rate':
      return only(counts.map((count) => count / intervals.stepSeconds))
    case 'min_over_time':
      return only(whereCounted(counts, plane('min')))
    case 'max_over_time':
      return only(whereCounted(counts, plane('max')))
    case 'sum_over_time':
      return only(whereCounted(counts, plane('sum')))
    case 'avg_over_time':
      return only(plane('sum').map((sum, i) => sum / (counts[i] ?? 0)))
    case 'histogram_over_time':
      return bucketPlanes(part).map(([max, values]) =>
        finished(part, [...part.labels, { name: '__bucket', type: 'float', value: max }], values),
      )
    case 'quantile_over_time':
      return metrics.quantiles.map((quantile) => {
        const labels = [...part.labels, { name: 'p', type: 'float', value: quantile } as const]
        return finished(part, labels, quantiles(quantile, part, intervals.count))
      })
  }
}

function whereCounted(counts: Float64Array, values: Float64Array): Float64Array {
  return values.map((value, i) => (counts[i] === 0 ? Number.NaN : value))
}

/** Ascending. */
function bucketPlanes({ planes }: SeriesPart): readonly (readonly [number, Float64Array])[] {
  return [...planes]
    .filter(([name]) => name.startsWith('bucket '))
    .map(([name, counts]) => [Number(name.slice('bucket '.length)), counts] as const)
    .sort(([one], [other]) => one - other)
}

function quantiles(quantile: number, part: SeriesPart, count: number): Float64Array {
  const planes = bucketPlanes(part)
  return Float64Array.from({ length: count }, (_, i) => {
    const buckets: Bucket[] = planes.flatMap(([max, counts]) => {
      const inside = counts[i] ?? 0
      return inside === 0 ? [] : [{ max, count: inside }]
    })
    return quantileOf(quantile, buckets)
  })
}

/** An exemplar of a count stands at the count. */
function finished(
  part: SeriesPart,
  labels: readonly SeriesLabel[],
  values: Float64Array,
): FinalSeries {
  const exemplars = part.exemplars.map((one): Exemplar => {
    return Number.isNaN(one.value) ? { ...one, value: values[one.index] ?? Number.NaN } : one
  })
  return { labels, values, exemplars }
}
