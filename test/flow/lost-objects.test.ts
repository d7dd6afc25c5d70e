import { expect, test } from 'vitest'
import { readDependencies } from '../../query/dependencies/read-dependencies.ts'
import { queryMetrics } from '../../query/metrics/query-metrics.ts'
import { searchTraces } from '../../query/search/search-traces.ts'
import { tagValues } from '../../query/tags/tag-values.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { listTraces } from '../../src/lookup/list-traces.ts'
import { lookupTrace } from '../../src/lookup/lookup-trace.ts'
import { listAll } from '../../src/ports/object-store.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { type LookupWorld, lookupWorld, nowNs, traceId } from '../helpers/lookup-world.ts'
import { metricsQueryOf } from '../helpers/metrics-query.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'
import { stagesOf } from '../helpers/traceql-stages.ts'

const hourNs = 3_600_000_000_000n
const range = { fromNs: nowNs - hourNs, toNs: nowNs + hourNs }

/** What each question of a tenant's answers: whether it is whole, and why not. */
const questions: Readonly<Record<string, (world: LookupWorld) => Promise<readonly string[]>>> = {
  async lookup({ runtime }) {
    return (await lookupTrace('acme', traceId(1), runtime, readCache())).reasons
  },
  async list({ runtime }) {
    return (await listTraces('acme', { limit: 10 }, runtime, readCache())).reasons
  },
  async search({ runtime }) {
    const options = { stages: stagesOf('{ name = "op" }'), limit: 10, spansPerSet: 3 }
    return (await searchTraces('acme', options, runtime, readCache())).reasons
  },
  async metrics({ runtime }) {
    const options = {
      query: metricsQueryOf('{} | rate()'),
      range: { startNs: range.fromNs, endNs: range.toNs, stepNs: hourNs, isInstant: true },
      exemplars: 0,
      seriesMax: 10,
    }
    return (await queryMetrics('acme', options, runtime, readCache())).reasons
  },
  async values({ runtime }) {
    const field = { kind: 'intrinsic', name: 'name' } as const
    return (await tagValues('acme', field, {}, runtime, readCache())).reasons
  },
  async dependencies({ runtime }) {
    return (await readDependencies('acme', range, undefined, runtime, readCache())).reasons
  },
}

/** Which of them read an object of the kind at all. */
const readers: Readonly<Record<string, readonly string[]>> = {
  '/spans/': ['lookup', 'search', 'metrics', 'values', 'dependencies'],
  '/days/': ['list', 'search', 'metrics', 'values', 'dependencies'],
  '/traces/': ['list'],
  '/locators/': ['lookup', 'search'],
}

test.each(Object.keys(readers))(
  'a lost object below %s makes what would read it incomplete, by name',
  async (kind) => {
    const world = lookupWorld()
    await world.flush(
      world.envelope([
        someSpan({ traceId: traceId(1), spanId: spanId(1), name: 'op', startNs: nowNs }),
      ]),
    )
    await compactStep('acme', world.runtime, readCache(), { now: true })
    for (const ask of Object.values(questions)) expect(await ask(world)).toEqual([])
    const lost: string[] = []
    for await (const { key } of listAll(world.store, 'acme/'))
      if (key.includes(kind)) lost.push(key)
    expect(lost).toHaveLength(1)
    await world.store.delete(lost)
    for (const [name, ask] of Object.entries(questions)) {
      const reasons = (await ask(world)).join()
      if (readers[kind]?.includes(name)) expect(reasons, name).toContain(lost[0])
      else expect(reasons, name).toBe('')
    }
  },
)
