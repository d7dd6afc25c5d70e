import fc from 'fast-check'
import { expect, test } from 'vitest'
import { foundTrace } from '../../query/search/found-trace.ts'
import { newestFound } from '../../query/search/newest-found.ts'
import {
  type SearchPage,
  type SearchPageOptions,
  searchPage,
} from '../../query/search/search-page.ts'
import { spansTable } from '../../query/search/spans-table.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { flushBatch } from '../../src/flush/flush-batch.ts'
import { searchMsMax } from '../../src/limits.ts'
import { dedupeSpans } from '../../src/lookup/dedupe-spans.ts'
import type { Runtime } from '../../src/runtime.ts'
import { type ReadCache, readCache } from '../../src/snapshot/read-cache.ts'
import type { Span } from '../../src/span/span.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { type LookupWorld, lookupWorld, nowNs, traceId } from '../helpers/lookup-world.ts'
import { flushesOf, hourNs, placedTraces } from '../helpers/placed-traces.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'
import { stagesOf } from '../helpers/traceql-stages.ts'
import { arbitraryStages, arbitraryTreeCondition } from '../unit/query/traceql/arbitrary-trace.ts'

/** The ids of all traces in which the query finds something when every span is looked at. */
function naive(
  spans: readonly Span[],
  options: Omit<SearchPageOptions, 'limit'>,
): readonly string[] {
  const newest = newestFound(100_000)
  for (const trace of Map.groupBy(spans, (span) => hexOf(span.traceId)).values()) {
    const found = foundTrace(spansTable(dedupeSpans(trace)), options)
    if (found !== undefined) newest.add(found)
  }
  return newest.all().map((trace) => trace.traceId)
}

async function compact(world: LookupWorld): Promise<void> {
  for (let step = 0; step < 50; step++) {
    const { kind } = await compactStep('acme', world.runtime, readCache(), { now: true })
    if (kind === 'nothing') return
  }
}

const idsOf = ({ traces }: SearchPage) => traces.map((trace) => trace.traceId)

/** All pages, one after the other; something may happen before each but the first. */
async function allPages(
  options: SearchPageOptions,
  runtime: Runtime,
  {
    cache = readCache(),
    between,
  }: { readonly cache?: ReadCache; readonly between?: (page: number) => Promise<unknown> } = {},
): Promise<readonly SearchPage[]> {
  const pages = [await searchPage('acme', options, runtime, cache)]
  for (let after = pages[0]?.next; after !== undefined; after = pages.at(-1)?.next) {
    if (pages.length > 500) throw new Error('search must come to its end')
    const [page] = await Promise.all([
      searchPage('acme', { ...options, after }, runtime, cache),
      between?.(pages.length),
    ])
    pages.push(page)
  }
  return pages
}

function isValid(text: string): boolean {
  try {
    stagesOf(text)
    return true
  } catch {
    return false
  }
}

const given = fc.record({
  traces: placedTraces,
  query: arbitraryStages(arbitraryTreeCondition()).filter(isValid),
  range: fc.option(
    fc.constantFrom(
      { fromNs: nowNs - hourNs, toNs: nowNs + hourNs },
      { fromNs: nowNs - 6n * hourNs, toNs: nowNs, traceId },
      { fromNs: nowNs - 800n * hourNs, toNs: nowNs - 2n * hourNs },
    ),
  ),
  limit: fc.constantFrom(1, 2, 20),
  compacted: fc.constantFrom(0, 1, 2, 3),
})

/** One file, and one more where some are strays. */
async function flush(world: LookupWorld, spans: readonly Span[]): Promise<void> {
  if (spans.length === 0) return
  const parts = [{ envelope: world.envelope(spans), range: undefined }]
  await flushBatch({ tenant: 'acme', parts }, world.runtime)
}

test('pages one after the other give what one answer would, merged meanwhile or not', async () => {
  await fc.assert(
    fc.asyncProperty(given, async ({ traces, query, range, limit, compacted }) => {
      const world = lookupWorld()
      const spans = flushesOf(traces)
      for (const [place, some] of spans.entries()) {
        if (place === compacted) await compact(world)
        await flush(world, some)
      }
      const options = { stages: stagesOf(query), limit, spansPerSet: 3, ...(range && { range }) }
      const between = async (page: number) => page === 1 && compact(world)
      const pages = await allPages(options, world.runtime, { between })
      expect(pages.flatMap(idsOf)).toEqual(naive(spans.flat(), options))
      expect(pages.flatMap(({ reasons }) => reasons)).toEqual([])
      for (const page of pages.slice(0, -1)) expect(page.traces).toHaveLength(limit)
    }),
    { numRuns: 100, endOnFailure: true },
  )
}, 60_000)

/** The same spans, of which no two start together: a search can go on from every start. */
function apart(flushes: readonly (readonly Span[])[]): readonly (readonly Span[])[] {
  let count = 0n
  return flushes.map((spans) =>
    spans.map((span) => {
      count += 3n
      return { ...span, startNs: span.startNs + count, endNs: span.endNs + count }
    }),
  )
}

/** The same world, in which time passes with every read: a search reaches its bound after some of them. */
function slowed(world: LookupWorld, msOfGet: number): Runtime {
  const store: Runtime['store'] = {
    ...world.store,
    async get(key, range) {
      world.pass(msOfGet)
      return world.store.get(key, range)
    },
  }
  return { ...world.runtime, store }
}

test('a search that ends at its bounds again and again goes on from there, and loses nothing', async () => {
  let cuts = 0
  await fc.assert(
    fc.asyncProperty(given, async ({ traces, query, range, limit, compacted }) => {
      const world = lookupWorld()
      const spans = apart(flushesOf(traces))
      for (const [place, some] of spans.entries()) {
        // A file a span: reads enough for many bounds.
        if (place === compacted) await compact(world)
        for (const one of some) await flush(world, [one])
      }
      const options = { stages: stagesOf(query), limit, spansPerSet: 3, ...(range && { range }) }
      const pages = await allPages(options, slowed(world, searchMsMax / 6))
      expect(pages.flatMap(idsOf)).toEqual(naive(spans.flat(), options))
      for (const { next, traces: shown, complete, reasons } of pages) {
        if (!complete) cuts++
        expect(reasons).toEqual(complete ? [] : [`search ended after ${searchMsMax} ms`])
        if (complete && next !== undefined) expect(shown).toHaveLength(limit)
        if (!complete) expect(next).toBeDefined()
      }
    }),
    { numRuns: 100, endOnFailure: true },
  )
  expect(cuts).toBeGreaterThan(50)
}, 60_000)

const second = 1_000_000_000n

/** A trace of 1 to 4 spans, the first at a second of the last 100, each other up to a minute later. */
const drawnTrace = fc.record({
  at: fc.nat({ max: 100 }),
  after: fc.array(fc.nat({ max: 60 }), { maxLength: 3 }),
  names: fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 4, maxLength: 4 }),
})

type DrawnTrace = typeof drawnTrace extends fc.Arbitrary<infer Trace> ? Trace : never

/** Answers to them only grow as spans come that are no roots. */
const growing = [
  '{ name = "a" }',
  '{ name = "a" || name = "b" } | by(name)',
  '{ name = "a" } && { name = "b" }',
  '{ name = "a" } > { name = "b" }',
  '{ name = "a" } | count() > 1',
  '{ rootName = "a" }',
]

const events = fc.oneof(
  fc.record({ kind: fc.constant('newer' as const), trace: drawnTrace }),
  fc.record({ kind: fc.constant('older' as const), trace: drawnTrace }),
  fc.record({
    kind: fc.constant('late' as const),
    of: fc.nat({ max: 30 }),
    bySeconds: fc.integer({ min: -60, max: 60 }),
    name: fc.constantFrom('a', 'b'),
  }),
  fc.record({ kind: fc.constant('merge' as const) }),
)

test('while spans arrive and files are merged, each trace that was there is given, and given once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(drawnTrace, { minLength: 1, maxLength: 6 }), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.array(events, { maxLength: 12 }),
      fc.constantFrom(...growing),
      fc.integer({ min: 1, max: 5 }),
      async (files, happenings, query, limit) => {
        const world = lookupWorld()
        const all: Span[] = []
        const roots: Span[] = []
        const add = async (traces: readonly DrawnTrace[], atSeconds: number): Promise<void> => {
          const spans = traces.flatMap((trace) => {
            const own = spansOf(trace, roots.length + 1, atSeconds)
            roots.push(own[0] as Span)
            return own
          })
          all.push(...spans)
          await flush(world, spans)
        }
        for (const traces of files) await add(traces, 0)
        const options = { stages: stagesOf(query), limit, spansPerSet: 1 }
        const there = naive(all, options)
        const moved = new Set<string>()
        const between = async (page: number): Promise<void> => {
          const happening = happenings[page - 1]
          switch (happening?.kind) {
            case 'newer':
            case 'older':
              return add([happening.trace], happening.kind === 'newer' ? 1_000 : -1_000)
            case 'late': {
              const root = roots[happening.of % roots.length] as Span
              const startNs = root.startNs + BigInt(happening.bySeconds) * second
              if (startNs < root.startNs) moved.add(hexOf(root.traceId))
              const ids = { spanId: spanId(50_000 + page), parentSpanId: root.spanId }
              const late = { ...root, ...ids, startNs, endNs: startNs + 5n, name: happening.name }
              all.push(late)
              return flush(world, [late])
            }
            case 'merge':
              await compactStep('acme', world.runtime, readCache(), { now: true })
          }
        }
        const pages = await allPages(options, world.runtime, { between })
        const given = pages.flatMap(idsOf)
        expect(pages.flatMap(({ reasons }) => reasons)).toEqual([])
        const once = given.filter((id) => !moved.has(id))
        expect(new Set(once).size).toBe(once.length)
        expect(there.filter((id) => !given.includes(id))).toEqual([])
        const ever = naive(all, options)
        expect(given.filter((id) => !ever.includes(id))).toEqual([])
      },
    ),
    { numRuns: 150, endOnFailure: true },
  )
}, 60_000)

test('each page reads its own files, and those that begin before it and are still under way', async () => {
  const world = lookupWorld()
  const at = (seconds: number) => nowNs - BigInt(seconds) * second
  for (let trace = 1; trace <= 60; trace++) {
    const spans = [someSpan({ traceId: traceId(trace), spanId: spanId(trace), startNs: at(trace) })]
    // A trace that spans all of them.
    const long = { traceId: traceId(100), spanId: spanId(100 + trace), startNs: at(trace) - 1n }
    if (trace % 10 === 0) spans.push(someSpan(long))
    await flush(world, spans)
  }
  for (const query of ['{}', '{ kind = internal }', '{ kind = internal && rootName = "" }']) {
    const options = { stages: stagesOf(query), limit: 6, spansPerSet: 1 }
    const pages = await allPages(options, world.runtime)
    const ids = [...Array.from({ length: 60 }, (_, i) => i + 1), 100]
    expect(pages.flatMap(idsOf)).toEqual(ids.map((trace) => hexOf(traceId(trace))))
    for (const { cost } of pages) {
      expect(cost.filesRead).toBeLessThanOrEqual(18)
      expect(cost.tracesRead).toBeLessThanOrEqual(19)
    }
  }
})

function spansOf({ at, after, names }: DrawnTrace, trace: number, atSeconds: number): Span[] {
  const startNs = nowNs + BigInt(atSeconds + at) * second
  return [0, ...after].map((later, i) =>
    someSpan({
      traceId: traceId(trace),
      spanId: spanId(trace * 10 + i),
      parentSpanId: i === 0 ? undefined : spanId(trace * 10),
      name: names[i] ?? 'c',
      startNs: startNs + BigInt(later) * second,
      endNs: startNs + BigInt(later) * second + 5n,
    }),
  )
}
