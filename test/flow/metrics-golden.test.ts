import { describe, expect, test } from 'vitest'
import { queryMetrics } from '../../query/metrics/query-metrics.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { goldenMetrics } from '../helpers/golden-traces.ts'
import { goldenStores, goldenWorld } from '../helpers/golden-world.ts'
import { nowNs } from '../helpers/lookup-world.ts'
import { metricsQueryOf, shownSeries } from '../helpers/metrics-query.ts'
import { spanOfTestSpan } from '../helpers/span-of-test-span.ts'

const stepNs = 10_000_000_000n
const startNs = nowNs - (nowNs % stepNs)

describe.each(goldenMetrics())('$name', (golden) => {
  test.each(goldenStores)('%s in a store, it gives the series of the spans alone', async (how) => {
    const { runtime } = await goldenWorld(
      golden.spans.map((span) => spanOfTestSpan(span, startNs)),
      how,
    )
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
