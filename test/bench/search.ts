import { type SearchOptions, searchTraces } from '../../query/search/search-traces.ts'
import { tenantDefault } from '../../src/limits.ts'
import type { Runtime } from '../../src/runtime.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { stagesOf } from '../helpers/traceql-stages.ts'
import { filledRuntime, spansPerFlush } from './filled-runtime.ts'
import { type Effort, quantile } from './measure.ts'
import type { Row } from './row.ts'

/** Found by nothing that prunes, the first two are scans of all spans; the others end as soon as they know. */
const queries = [
  '{ span.http.route =~ ".*nothing.*" }',
  '{ duration > 50ms } | count() > 2000',
  '{ span.http.response.status_code = 500 }',
  '{ duration > 50ms } | count() > 2',
  '{ status = error }',
  '{ resource.service.name = "cart" } >> { status = error }',
  '{}',
]

/** The newest 20 traces of a million spans in memory, compacted and fresh, footers known from an earlier search. */
export async function benchSearch(effort: Effort): Promise<Row[]> {
  const rows: Row[] = []
  for (const state of ['compacted', 'fresh'] as const) {
    const flushes = Math.max(1, Math.round((state === 'compacted' ? 100 : 30) * effort.scale))
    const runtime = await filledRuntime(flushes, state)
    for (const query of queries)
      rows.push(...(await rowsOf(query, runtime, effort, { flushes, state })))
  }
  return rows
}

async function rowsOf(
  query: string,
  runtime: Runtime,
  effort: Effort,
  { flushes, state }: { readonly flushes: number; readonly state: string },
): Promise<Row[]> {
  const cache = readCache()
  const options: SearchOptions = { stages: stagesOf(query), limit: 20, spansPerSet: 3 }
  const search = () => searchTraces(tenantDefault, options, runtime, cache)
  const { cost } = await search()
  const times: number[] = []
  for (let run = 0; run < effort.runs; run++) {
    const startMs = performance.now()
    await search()
    times.push(performance.now() - startMs)
  }
  const ms = quantile(times, 0.5)
  const spans = flushes * spansPerFlush
  const what = `${query} in ${spans / 1_000} k spans, ${state}`
  const time: Row = { what, value: ms, unit: 'ms', better: 'lower' }
  if (cost.spansScanned < spans) return [time]
  const rate = cost.spansScanned / ms / 1_000
  return [time, { what: 'the same by the span', value: rate, unit: 'M spans/s', better: 'higher' }]
}
