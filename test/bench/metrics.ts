import { queryMetrics } from '../../query/metrics/query-metrics.ts'
import { tenantDefault } from '../../src/limits.ts'
import type { Runtime } from '../../src/runtime.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { metricsQueryOf } from '../helpers/metrics-query.ts'
import { fillBeginMs, filledRuntime } from './filled-runtime.ts'
import { type Effort, quantile } from './measure.ts'
import type { Row } from './row.ts'

/** Each over all spans: by spans alone, then by whole traces. */
const queries = [
  '{} | rate()',
  '{} | rate() by (resource.service.name)',
  '{} | quantile_over_time(duration, .99)',
  '{ nestedSetParent < 0 && status = error } | rate() by (resource.service.name)',
  '{ span.http.response.status_code >= 500 } | rate() by (name)',
  '{} | histogram_over_time(duration) by (resource.service.name)',
  '{ resource.service.name = "cart" } >> { status = error } | rate()',
  '{ rootServiceName = "frontend" } | rate() by (resource.service.name)',
  '{} | compare({ status = error })',
]

/** Metrics over a million spans in memory, compacted, in steps of 15 s, footers known from an earlier query. */
export async function benchMetrics(effort: Effort): Promise<Row[]> {
  const flushes = Math.max(1, Math.round(100 * effort.scale))
  const runtime = await filledRuntime(flushes, 'compacted')
  const rows: Row[] = []
  for (const text of queries) rows.push(...(await rowsOf(text, runtime, effort, flushes)))
  return rows
}

async function rowsOf(
  text: string,
  runtime: Runtime,
  effort: Effort,
  flushes: number,
): Promise<Row[]> {
  const cache = readCache()
  const startNs = BigInt(fillBeginMs) * 1_000_000n
  const endNs = startNs + BigInt(flushes * 10 + 60) * 1_000_000_000n
  const options = {
    query: metricsQueryOf(text),
    range: { startNs, endNs, stepNs: 15_000_000_000n, isInstant: false },
    exemplars: 0,
    seriesMax: 1_000,
  }
  const ask = () => queryMetrics(tenantDefault, options, runtime, cache)
  const { cost } = await ask()
  const times: number[] = []
  for (let run = 0; run < effort.runs; run++) {
    const startMs = performance.now()
    await ask()
    times.push(performance.now() - startMs)
  }
  const ms = quantile(times, 0.5)
  const what = `${text} over ${cost.spansScanned / 1_000} k spans, compacted`
  const rate = cost.spansScanned / ms / 1_000
  return [
    { what, value: ms, unit: 'ms', better: 'lower' },
    { what: 'the same by the span', value: rate, unit: 'M spans/s', better: 'higher' },
  ]
}
