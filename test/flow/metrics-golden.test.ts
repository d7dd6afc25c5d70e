import { describe, expect, test } from 'vitest'
import { queryMetrics } from '../../query/metrics/query-metrics.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { flushBatch } from '../../src/flush/flush-batch.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { type GoldenMetrics, goldenMetrics } from '../helpers/golden-traces.ts'
import { type LookupWorld, lookupWorld, nowNs } from '../helpers/lookup-world.ts'
import { metricsQueryOf, shownSeries } from '../helpers/metrics-query.ts'
import { spanOfTestSpan } from '../helpers/span-of-test-span.ts'

const stepNs = 10_000_000_000n
const startNs = nowNs - (nowNs % stepNs)

/** The spans in one file, or torn into three, or one file made of three. */
const stores = ['whole', 'torn', 'compacted'] as const

async function worldOf(
  { spans }: GoldenMetrics,
  how: (typeof stores)[number],
): Promise<LookupWorld> {
  const world = lookupWorld()
  const files = how === 'whole' ? 1 : 3
  for (let file = 0; file < files; file++) {
    const own = spans.filter((_, i) => i % files === file)
    const envelope = world.envelope(own.map((span) => spanOfTestSpan(span, startNs)))
    const parts = [{ envelope, range: undefined }]
    await flushBatch({ tenant: 'acme', parts }, world.runtime)
  }
  for (let step = 0; how === 'compacted' && step < 50; step++) {
    const { kind } = await compactStep('acme', world.runtime, readCache(), { now: true })
    if (kind === 'nothing') break
  }
  return world
}

describe.each(goldenMetrics())('$name', (golden) => {
  test.each(stores)('%s in a store, it gives the series of the spans alone', async (how) => {
    const { runtime } = await worldOf(golden, how)
    const cache = readCache()
    const range = { startNs, endNs: startNs + 3n * stepNs, stepNs, isInstant: false }
    for (const { query: text, series, has = [], invalid } of golden.cases) {
      // A window in unix time is not one of these spans.
      if (invalid !== undefined || /compare.*000000000/.test(text)) continue
      const options = { query: metricsQueryOf(text), range, exemplars: 0, seriesMax: 1_000 }
      const answer = await queryMetrics('acme', options, runtime, cache)
      const shown = shownSeries(answer.series)
      if (series === undefined) expect(shown).toEqual(expect.arrayContaining([...has]))
      else expect({ text, shown }).toEqual({ text, shown: series })
    }
  })
})
