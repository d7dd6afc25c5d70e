import { describe, expect, test } from 'vitest'
import { searchTraces } from '../../query/search/search-traces.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { goldenTraces } from '../helpers/golden-traces.ts'
import { goldenStores, goldenWorld } from '../helpers/golden-world.ts'
import { nowNs } from '../helpers/lookup-world.ts'
import { spanOfTestSpan } from '../helpers/span-of-test-span.ts'
import { stagesOf } from '../helpers/traceql-stages.ts'

describe.each(goldenTraces())('$name', (trace) => {
  test.each(goldenStores)('%s in a store, it is found like the trace alone', async (how) => {
    const { runtime } = await goldenWorld(
      trace.spans.map((span) => spanOfTestSpan(span, nowNs)),
      how,
    )
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
