import fc from 'fast-check'
import { expect, test } from 'vitest'
import { foundTrace } from '../../query/search/found-trace.ts'
import { newestFound } from '../../query/search/newest-found.ts'
import type { FoundTrace } from '../../query/search/search-answer.ts'
import { type SearchOptions, searchTraces } from '../../query/search/search-traces.ts'
import { spansTable } from '../../query/search/spans-table.ts'
import { compactStep } from '../../src/compact/compact.ts'
import type { Envelope } from '../../src/envelope/envelope.ts'
import { flushBatch } from '../../src/flush/flush-batch.ts'
import { dedupeSpans } from '../../src/lookup/dedupe-spans.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { Span } from '../../src/span/span.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { type LookupWorld, lookupWorld, nowNs } from '../helpers/lookup-world.ts'
import { flushesOf, hourNs, placedTracesOf } from '../helpers/placed-traces.ts'
import { spanOfTestSpan } from '../helpers/span-of-test-span.ts'
import { stagesOf } from '../helpers/traceql-stages.ts'
import {
  arbitraryStages,
  arbitraryTrace,
  arbitraryTreeCondition,
  largeValue,
} from '../unit/query/traceql/arbitrary-trace.ts'

function isValid(text: string): boolean {
  try {
    stagesOf(text)
    return true
  } catch {
    return false
  }
}

/** What the query finds when every span is looked at. */
function naive(spans: readonly Span[], options: SearchOptions): readonly FoundTrace[] {
  const newest = newestFound(options.limit)
  for (const trace of Map.groupBy(spans, ({ traceId }) => hexOf(traceId)).values()) {
    const found = foundTrace(spansTable(dedupeSpans(trace)), options)
    if (found !== undefined) newest.add(found)
  }
  return newest.all()
}

async function compact(world: LookupWorld): Promise<void> {
  for (let step = 0; step < 50; step++) {
    const { kind } = await compactStep('acme', world.runtime, readCache(), { now: true })
    if (kind === 'nothing') return
  }
}

/** One file, and one more where some are strays. */
async function flush(world: LookupWorld, envelopes: readonly Envelope[]): Promise<void> {
  const parts = envelopes.map((envelope) => ({ envelope, range: undefined }))
  await flushBatch({ tenant: 'acme', parts }, world.runtime)
}

const range = fc.option(
  fc.constantFrom(
    { fromNs: nowNs - hourNs, toNs: nowNs + hourNs },
    { fromNs: nowNs - 6n * hourNs, toNs: nowNs },
    { fromNs: nowNs - 800n * hourNs, toNs: nowNs - 2n * hourNs },
  ),
)

const given = fc.record({
  traces: placedTracesOf(arbitraryTrace(largeValue)),
  query: arbitraryStages(arbitraryTreeCondition()).filter(isValid),
  range,
  limit: fc.constantFrom(1, 2, 20),
  compacted: fc.constantFrom(0, 2, 3),
  /** Flushes of which all comes again in another. */
  repeated: fc.subarray([0, 1, 2]),
  /** Flushes that have so many other spans that attributes are rare, and stand in the rest. */
  filled: fc.oneof(
    { arbitrary: fc.constant<number[]>([]), weight: 4 },
    { arbitrary: fc.subarray([0, 1, 2]), weight: 1 },
  ),
})

/** Spans that have nothing to be asked for. */
const filler = Array.from({ length: 1_500 }, (_, i) =>
  spanOfTestSpan(
    { id: (i + 1).toString(16), trace: 'f'.repeat(32), name: 'filler' },
    nowNs - hourNs,
  ),
)

test('a search finds what looking at every span finds, fresh, compacted and mixed', async () => {
  await fc.assert(
    fc.asyncProperty(given, async ({ traces, compacted, repeated, filled, ...asked }) => {
      const world = lookupWorld()
      const flushes = flushesOf(traces).map((spans, place) =>
        filled.includes(place) ? [...spans, ...filler] : spans,
      )
      for (const [place, spans] of flushes.entries()) {
        if (place === compacted) await compact(world)
        if (spans.length === 0) continue
        const envelope = world.envelope(spans)
        await flush(world, [envelope])
        const [other] = flushes.filter((one) => one.length > 0 && one !== spans)
        if (repeated.includes(place) && other) {
          await flush(world, [envelope, world.envelope([...spans, ...other])])
        }
      }
      if (compacted === flushes.length) await compact(world)
      const options: SearchOptions = {
        stages: stagesOf(asked.query),
        limit: asked.limit,
        spansPerSet: 3,
        ...(asked.range && { range: asked.range }),
      }
      const answer = await searchTraces('acme', options, world.runtime, readCache())
      expect(answer.reasons).toEqual([])
      expect(answer.traces).toEqual(naive(flushes.flat(), options))
    }),
    { numRuns: 150 },
  )
}, 60_000)
