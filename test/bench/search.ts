import { generateRequestsLazily } from '../../functions/node/demo/generate-spans.ts'
import { type SearchOptions, searchTraces } from '../../query/search/search-traces.ts'
import { steppedClock } from '../../src/adapters/memory/clock.ts'
import { memoryStore } from '../../src/adapters/memory/store.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { flushBatch } from '../../src/flush/flush-batch.ts'
import { planBatches } from '../../src/flush/plan-batches.ts'
import { tenantDefault } from '../../src/limits.ts'
import type { Runtime } from '../../src/runtime.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { stagesOf } from '../helpers/traceql-stages.ts'
import { benchRuntime, envelopesOf } from './bench-runtime.ts'
import { type Effort, quantile } from './measure.ts'
import type { Row } from './row.ts'

const spansPerFlush = 10_000
const beginMs = Date.UTC(2026, 9, 1, 9)

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
    const runtime = await filled(flushes, state)
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

async function filled(flushes: number, state: 'compacted' | 'fresh'): Promise<Runtime> {
  const clock = steppedClock(beginMs)
  const store = memoryStore({ clock: steppedClock(beginMs) })
  const runtime: Runtime = { ...benchRuntime(), clock, store }
  for (let seed = 0; seed < flushes; seed++) {
    const startMs = clock.nowMs()
    const bodies = generateRequestsLazily({
      seed,
      spans: spansPerFlush,
      spansPerRequest: 512,
      startMs,
    })
    clock.step(10_000)
    for (const batch of planBatches(envelopesOf([...bodies], startMs), runtime.limits)) {
      await flushBatch(batch, runtime)
    }
  }
  while (state === 'compacted') {
    const { kind } = await compactStep(tenantDefault, runtime, readCache(), { now: true })
    if (kind === 'nothing') break
  }
  return runtime
}
