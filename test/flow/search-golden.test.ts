import { describe, expect, test } from 'vitest'
import { searchTraces } from '../../query/search/search-traces.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { flushBatch } from '../../src/flush/flush-batch.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { type GoldenTrace, goldenTraces } from '../helpers/golden-traces.ts'
import { type LookupWorld, lookupWorld, nowNs } from '../helpers/lookup-world.ts'
import { spanOfTestSpan } from '../helpers/span-of-test-span.ts'
import { stagesOf } from '../helpers/traceql-stages.ts'

/** The trace in one file, or torn into three, or one file made of three. */
const stores = ['whole', 'torn', 'compacted'] as const

async function worldOf({ spans }: GoldenTrace, how: (typeof stores)[number]): Promise<LookupWorld> {
  const world = lookupWorld()
  const files = how === 'whole' ? 1 : 3
  for (let file = 0; file < files; file++) {
    const own = spans.filter((_, i) => i % files === file)
    const envelope = world.envelope(own.map((span) => spanOfTestSpan(span, nowNs)))
    const parts = [{ envelope, range: undefined }]
    await flushBatch({ tenant: 'acme', parts }, world.runtime)
  }
  for (let step = 0; how === 'compacted' && step < 50; step++) {
    const { kind } = await compactStep('acme', world.runtime, readCache(), { now: true })
    if (kind === 'nothing') break
  }
  return world
}

describe.each(goldenTraces())('$name', (trace) => {
  test.each(stores)('%s in a store, it is found like the trace alone', async (how) => {
    const { runtime } = await worldOf(trace, how)
    const cache = readCache()
    const cases = trace.cases.filter(({ invalid }) => invalid === undefined)
    const found: unknown[] = []
    for (const { query } of cases) {
      const options = { stages: stagesOf(query), limit: 20, spansPerSet: 100 }
      const { traces, reasons } = await searchTraces('acme', options, runtime, cache)
      expect(reasons).toEqual([])
      const sets = traces.flatMap((one) => one.sets)
      const idsOf = (set: (typeof sets)[number]) =>
        set.spans.map(({ spanId }) => spanId.replace(/^0+/, '')).join(' ')
      found.push({ query, finds: sets.map(idsOf).join('|') })
    }
    expect(found).toEqual(cases.map(({ query, finds }) => ({ query, finds })))
  })
})
