import { SpanlakeError } from '../../src/errors.ts'
import {
  metricsAnswerPointsMax,
  metricsBytesMax,
  metricsMsMax,
  metricsRangeNsMax,
} from '../../src/limits.ts'
import { costedStore, noCost } from '../../src/lookup/read-cost.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { ReadCache } from '../../src/snapshot/read-cache.ts'
import { type Snapshot, withSnapshot } from '../../src/snapshot/with-snapshot.ts'
import { noScan, type SearchCost } from '../search/search-answer.ts'
import type { MetricsQuery } from '../traceql/ast.ts'
import { seriesOf } from '../traceql/columns-of.ts'
import { finishMetrics } from '../traceql/finish-metrics.ts'
import { emptyParts } from '../traceql/series-parts.ts'
import { seriesOfSpans } from '../traceql/span-filter.ts'
import { type MetricsRange, type StepIntervals, stepIntervals } from '../traceql/step-intervals.ts'
import { keptExemplars } from './kept-exemplars.ts'
import type { MetricsAnswer } from './metrics-answer.ts'
import type { GatheredSeries, MetricsReading } from './metrics-reading.ts'
import { scanSpans } from './scan-spans.ts'
import { scanTraces } from './scan-traces.ts'

export interface MetricsOptions {
  /** Checked before (`checkTraceql`). */
  readonly query: MetricsQuery
  readonly range: MetricsRange
  /** Spans that stand for points, in the whole answer; 0 costs nothing. */
  readonly exemplars: number
  /** Without it, as many as there are. */
  readonly seriesMax?: number
  /** The client is gone. */
  readonly signal?: AbortSignal
}

/**
 * Numbers over time of the spans that start in the range. Series of which each span decides about itself are counted row by
 * row, from the columns that they name; all others trace by trace, each with all of its parts. A span of an envelope that
 * came twice counts once. It ends at its bounds, and says so. Throws kind `invalid` for a range that is none, `unavailable`
 * when the store does not answer or the client is gone.
 */
export async function queryMetrics(
  tenant: string,
  options: MetricsOptions,
  runtime: Runtime,
  cache: ReadCache,
): Promise<MetricsAnswer> {
  const { clock, meter } = runtime
  const intervals = intervalsOf(options.range)
  const cost: SearchCost = { ...noCost(), ...noScan }
  const costed = { ...runtime, store: costedStore(runtime.store, cost) }
  const startMs = clock.nowMs()
  const endMs = startMs + metricsMsMax
  try {
    return await withSnapshot(tenant, costed, cache, (snapshot, reading) => {
      // What begins again counts its files anew; what it asked of the store, it asked.
      Object.assign(cost, noScan)
      return metricsIn(snapshot, { options, intervals, runtime: reading, cache, cost, endMs })
    })
  } finally {
    meter.count('spanlake_metrics_queries_total', 1)
    meter.observe('spanlake_metrics_query_seconds', Math.max(0, clock.nowMs() - startMs) / 1_000)
    meter.count('spanlake_metrics_query_gets_total', cost.gets)
    meter.count('spanlake_metrics_query_bytes_total', cost.bytesRead)
    meter.count('spanlake_metrics_query_spans_total', cost.spansScanned)
  }
}

function intervalsOf(range: MetricsRange): StepIntervals {
  const lengthNs = range.endNs - range.startNs
  if (lengthNs > metricsRangeNsMax) {
    const most = metricsRangeNsMax / 3_600_000_000_000n
    const got = lengthNs / 3_600_000_000_000n
    throw new SpanlakeError(
      'invalid',
      `metrics range must be at most ${most} hours long, got ${got}`,
    )
  }
  return stepIntervals(range)
}

interface Query {
  readonly options: MetricsOptions
  readonly intervals: StepIntervals
  readonly runtime: Runtime
  readonly cache: ReadCache
  readonly cost: SearchCost
  readonly endMs: number
}

async function metricsIn(snapshot: Snapshot, query: Query): Promise<MetricsAnswer> {
  const { options, intervals, runtime, cache, cost } = query
  const { expression } = options.query
  const troubles = new Set(snapshot.broken)
  cost.filesConsidered =
    snapshot.manifest.days.reduce((sum, { files }) => sum + files, snapshot.files.length) +
    snapshot.broken.length
  const isOver = bounds(query, troubles)
  const reading: MetricsReading = { snapshot, intervals, runtime, cache, cost, troubles, isOver }
  const gathered = seriesOf(expression).map((series): GatheredSeries => {
    const ofSpans = seriesOfSpans(series)
    return { series: ofSpans ?? series, isOfSpans: ofSpans !== undefined, parts: emptyParts() }
  })
  const ofSpans = gathered.filter(({ isOfSpans }) => isOfSpans)
  const ofTraces = gathered.filter(({ isOfSpans }) => !isOfSpans)
  if (ofSpans.length > 0) await scanSpans(ofSpans, options.exemplars, reading)
  if (ofTraces.length > 0) await scanTraces(ofTraces, reading)
  const parts = gathered.map((one) => one.parts)
  if (parts.some(({ isTruncated }) => isTruncated)) {
    troubles.add('query has more series and points than it may hold: some are missing')
  }
  const all = finishMetrics(expression, parts, intervals)
  const fitting = Math.floor(metricsAnswerPointsMax / intervals.count)
  const seriesMax = Math.min(options.seriesMax ?? all.length, fitting)
  if (all.length > seriesMax) {
    troubles.add(`query has ${all.length} series, the answer holds ${seriesMax}`)
  }
  const reasons = [...troubles].sort()
  return {
    series: keptExemplars(all.slice(0, seriesMax), options.exemplars),
    intervals,
    complete: reasons.length === 0,
    reasons,
    cost,
  }
}

/** True once the query has read or waited as much as it may; then the answer says so. */
function bounds(
  { options: { signal }, runtime: { clock }, cost, endMs }: Query,
  troubles: Set<string>,
): () => boolean {
  const reached = (): string | undefined => {
    if (clock.nowMs() >= endMs) return `metrics ended after ${metricsMsMax} ms`
    if (cost.bytesRead >= metricsBytesMax) return `metrics ended after ${metricsBytesMax} bytes`
    return undefined
  }
  let why: string | undefined
  return () => {
    if (signal?.aborted) throw new SpanlakeError('unavailable', 'metrics query was cancelled')
    why ??= reached()
    if (why !== undefined) troubles.add(why)
    return why !== undefined
  }
}
