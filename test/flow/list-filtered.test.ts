import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createApp } from '../../query/app.ts'
import { compactStep } from '../../src/compact/compact.ts'
import type { TraceSummary } from '../../src/index/summaries.ts'
import { openAccess } from '../../src/ingest/access.ts'
import { listMsMax, listNeighbourFilesMax, listTracesSeenMax } from '../../src/limits.ts'
import { type ListTracesOptions, listTraces, type TraceList } from '../../src/lookup/list-traces.ts'
import type { SummaryFilter } from '../../src/lookup/summary-test.ts'
import type { Runtime } from '../../src/runtime.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { Span } from '../../src/span/span.ts'
import { type LookupWorld, lookupWorld, nowMs, nowNs, traceId } from '../helpers/lookup-world.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'

const second = 1_000_000_000n

type Fields = Partial<Span> & { readonly service?: string; readonly for?: number }

/** A span of a trace that starts `at` seconds after now and lasts some seconds; without a parent unless it says so. */
function span(trace: number, id: number, at: number, { for: seconds = 1, ...fields }: Fields = {}) {
  const startNs = nowNs + BigInt(at) * second
  const own = { traceId: traceId(trace), spanId: spanId(id), name: `op ${id}`, startNs }
  return someSpan({ service: 'cart', endNs: startNs + BigInt(seconds) * second, ...own, ...fields })
}

const child = { parentSpanId: spanId(9_999) }

async function compact(world: LookupWorld): Promise<void> {
  for (let step = 0; step < 50; step++) {
    const { kind } = await compactStep('acme', world.runtime, readCache(), { now: true })
    if (kind === 'nothing') return
  }
}

function list(
  world: { readonly runtime: Runtime },
  options: Partial<ListTracesOptions> = {},
): Promise<TraceList> {
  return listTraces('acme', { limit: 20, ...options }, world.runtime, readCache())
}

const numbers = ({ traces }: TraceList) =>
  traces.map((trace) => new DataView(trace.traceId.buffer).getUint32(12))

async function someTraces(): Promise<LookupWorld> {
  const world = lookupWorld()
  await world.flush(
    world.envelope([
      span(1, 1, -50, { name: 'GET /', service: 'web', for: 9 }),
      span(2, 2, -40, { name: 'GET /', service: 'web', for: 3 }),
      span(3, 3, -30, { name: 'run', service: 'cron', for: 5, statusCode: 2 }),
      span(4, 4, -20, { ...child, service: 'redis' }),
    ]),
  )
  await world.flush(
    world.envelope([
      span(1, 11, -49, { ...child, service: 'redis' }),
      span(2, 12, -39, { ...child, for: 4, statusCode: 2 }),
      span(3, 13, -29, { ...child, service: 'redis' }),
    ]),
  )
  return world
}

test.each(['fresh', 'compacted'])(
  'each filter alone and together, of the whole trace, %s',
  async (state) => {
    const world = await someTraces()
    if (state === 'compacted') await compact(world)
    const found = async (filter: SummaryFilter) => numbers(await list(world, { filter }))
    expect(await found({})).toEqual([4, 3, 2, 1])
    expect(await found({ service: 'redis' })).toEqual([4, 3, 1])
    expect(await found({ service: 'red' })).toEqual([])
    expect(await found({ rootName: 'GET /' })).toEqual([2, 1])
    expect(await found({ hasError: true })).toEqual([3, 2])
    expect(await found({ hasError: false })).toEqual([4, 1])
    // From the first start to the last end, over its files.
    expect(await found({ durationMinNs: 5n * second })).toEqual([3, 2, 1])
    expect(await found({ durationMinNs: 5n * second + 1n })).toEqual([1])
    expect(await found({ durationMaxNs: 5n * second })).toEqual([4, 3, 2])
    expect(await found({ durationMaxNs: 5n * second - 1n })).toEqual([4])
    expect(await found({ service: 'redis', rootName: 'GET /', hasError: false })).toEqual([1])
    expect(await found({ service: 'redis', rootName: 'GET /', hasError: true })).toEqual([])
  },
)

test('no spans are read', async () => {
  const world = await someTraces()
  world.forget()
  expect(numbers(await list(world, { filter: { service: 'redis', hasError: true } }))).toEqual([3])
  expect(world.asked.gets).toEqual(['tail', 'tail'])
  await compact(world)
  world.forget()
  const merged = await list(world, { filter: { service: 'redis', hasError: true } })
  expect(numbers(merged)).toEqual([3])
  // The manifest, its day, the summaries: whole objects of the index.
  expect(new Set(world.asked.gets)).toEqual(new Set(['whole']))
  expect(merged.cost).toMatchObject({ gets: world.asked.gets.length, filesRead: 1 })
})

test('an error of a span that came twice is one, and a trace without one has none', async () => {
  const world = lookupWorld()
  const shared = world.envelope([span(1, 1, -5, { statusCode: 2 }), span(2, 2, -4)])
  await world.flush(shared, world.envelope([span(1, 3, -3, child)]))
  await world.flush(shared, world.envelope([span(2, 4, -3, child)]))
  const failed = await list(world, { filter: { hasError: true } })
  expect(failed.traces.map(({ spans, errors }) => [spans, errors])).toEqual([[2, 1]])
  expect(numbers(await list(world, { filter: { hasError: false } }))).toEqual([2])
})

const drawn = fc.array(
  fc.array(
    fc.record({
      trace: fc.integer({ min: 1, max: 8 }),
      at: fc.nat({ max: 7_200 }),
      isRoot: fc.boolean(),
      name: fc.constantFrom('GET', 'POST'),
      service: fc.constantFrom('web', 'cart', 'redis'),
      isError: fc.boolean(),
      for: fc.nat({ max: 900 }),
    }),
    { minLength: 1, maxLength: 8 },
  ),
  { minLength: 1, maxLength: 4 },
)

const filters = fc.record(
  {
    service: fc.constantFrom('web', 'cart', 'none'),
    rootName: fc.constantFrom('GET', 'POST'),
    durationMinNs: fc.nat({ max: 3_000 }).map((seconds) => BigInt(seconds) * second),
    durationMaxNs: fc.nat({ max: 3_000 }).map((seconds) => BigInt(seconds) * second),
    hasError: fc.boolean(),
  },
  { requiredKeys: [] },
)

const windows = fc.record(
  {
    fromNs: fc.nat({ max: 7_200 }).map((ago) => nowNs - BigInt(ago) * second),
    toNs: fc.nat({ max: 7_200 }).map((ago) => nowNs - BigInt(ago) * second),
  },
  { requiredKeys: [] },
)

const given = fc.record({
  files: drawn,
  filter: filters,
  window: windows,
  limit: fc.integer({ min: 1, max: 4 }),
  /** Before which files all is merged. */
  merged: fc.subarray([1, 2, 3, 4, 5]),
})

test('a filtered list is the list, filtered; page by page, fresh and compacted', async () => {
  await fc.assert(
    fc.asyncProperty(given, async ({ files, filter, window, limit, merged }) => {
      const world = lookupWorld()
      let id = 0
      for (const [place, spans] of files.entries()) {
        const made = spans.map(({ trace, at, isRoot, isError, ...fields }) => {
          const more = { ...(isRoot ? {} : child), statusCode: isError ? 2 : 0 }
          return span(trace, ++id, -at, { ...fields, ...more })
        })
        await world.flush(world.envelope(made))
        if (merged.includes(place + 1)) await compact(world)
      }
      const all = await list(world, { limit: 100, ...window })
      const expected = all.traces.filter((trace) => isAsked(trace, filter))
      const pages: TraceList[] = []
      for (let after: string | undefined, i = 0; i === 0 || after; i++) {
        pages.push(await list(world, { limit, filter, ...window, ...(after ? { after } : {}) }))
        after = pages.at(-1)?.next
      }
      expect(pages.flatMap(({ traces }) => traces)).toEqual(expected)
      expect(pages.every(({ complete }) => complete)).toBe(true)
    }),
    { numRuns: 150, endOnFailure: true },
  )
}, 30_000)

function isAsked(
  { startNs, endNs, services, rootName, errors }: TraceSummary,
  { service, rootName: root, durationMinNs: min, durationMaxNs: max, hasError }: SummaryFilter,
): boolean {
  return (
    (service === undefined || services.includes(service)) &&
    (root === undefined || rootName === root) &&
    (min === undefined || endNs - startNs >= min) &&
    (max === undefined || endNs - startNs <= max) &&
    (hasError === undefined || errors > 0 === hasError)
  )
}

test.each(['fresh', 'compacted'])(
  'what lies behind the end of the window tells of traces in it, %s',
  async (state) => {
    const world = lookupWorld()
    for (const made of [
      [span(1, 1, -3_000, { service: 'web' }), span(2, 2, -2_900)],
      [span(1, 3, -1_000, { ...child, service: 'redis' }), span(3, 4, -900)],
    ]) {
      await world.flush(world.envelope(made))
      if (state === 'compacted') {
        await compactStep('acme', world.runtime, readCache(), { now: true })
      }
    }
    const filter = { service: 'redis' }
    const toNs = nowNs - 2_000n * second
    expect(numbers(await list(world, { filter, toNs }))).toEqual([1])
    // The cursor is an end as well.
    const { next = '' } = await list(world, { limit: 1, toNs })
    expect(numbers(await list(world, { filter, after: next }))).toEqual([1])
  },
)

test('of a busy hour, traces that are not asked for are passed over without a look at the locators', async () => {
  const world = lookupWorld()
  for (let round = 0; round <= listNeighbourFilesMax; round++) {
    const at = (trace: number, seconds: number) => span(trace, round + 1, seconds - 3_000)
    await world.flush(world.envelope([at(100 + round, 10 * round), at(1, 500 + round)]))
    await compactStep('acme', world.runtime, readCache(), { now: true })
  }
  world.forget()
  const filter = { service: 'none' }
  expect(numbers(await list(world, { filter }))).toEqual([])
  expect(world.asked.gets).not.toContain('rows')
  await list(world)
  expect(world.asked.gets).toContain('rows')
})

test('a filter that matches nothing ends after so many traces, says so, and goes on from there', async () => {
  const world = lookupWorld()
  const perFile = 25_000
  const files = listTracesSeenMax / perFile + 1
  for (let file = 0; file < files; file++) {
    const spans = Array.from({ length: perFile }, (_, i) => {
      const trace = 1 + file * perFile + i
      return span(trace, trace, -Math.floor(trace / 200))
    })
    await world.flush(world.envelope(spans))
  }
  const last = files * perFile
  await world.flush(world.envelope([span(last, last + 1, -1, { ...child, service: 'rare' })]))
  const options = { filter: { service: 'rare' }, limit: 1 }
  // The trace's first start is that of the last: all others come before it.
  const first = await list(world, options)
  expect(first).toMatchObject({
    traces: [],
    complete: false,
    reasons: [`list ended after ${listTracesSeenMax} traces`],
  })
  const second = await list(world, { ...options, after: first.next ?? '' })
  expect(second).toMatchObject({ complete: true, reasons: [] })
  expect(numbers(second)).toEqual([last])
  const unfiltered = await list(world, { limit: 1 })
  expect(unfiltered).toMatchObject({ complete: true })
}, 60_000)

test('a filter whose files are slow ends after its time', async () => {
  const world = lookupWorld()
  for (let trace = 1; trace <= 30; trace++) {
    await world.flush(world.envelope([span(trace, trace, -7_000 * trace)]))
    await compact(world)
  }
  const store: Runtime['store'] = {
    ...world.store,
    async get(key, range) {
      world.pass(listMsMax / 10)
      return world.store.get(key, range)
    },
  }
  const slow = { runtime: { ...world.runtime, store } }
  const pages: TraceList[] = []
  for (let after: string | undefined, i = 0; i === 0 || after; i++) {
    const options = { filter: { rootName: 'op 30' }, ...(after ? { after } : {}) }
    pages.push(await list(slow, options))
    after = pages.at(-1)?.next
  }
  expect(pages.length).toBeGreaterThan(2)
  expect(pages.flatMap(numbers)).toEqual([30])
  for (const { complete, reasons, next } of pages.slice(0, -1)) {
    expect({ complete, reasons }).toEqual({
      complete: false,
      reasons: [`list ended after ${listMsMax} ms`],
    })
    expect(next).toBeDefined()
  }
})

test('a list that was given up ends', async () => {
  const world = await someTraces()
  const given = list(world, { filter: { service: 'none' }, signal: AbortSignal.abort() })
  await expect(given).rejects.toMatchObject({ kind: 'unavailable', message: 'list was cancelled' })
})

async function opened() {
  const world = await someTraces()
  const queue = { maxMessageBytes: 0, send: async () => {} }
  const access = openAccess('acme')
  const app = createApp({ runtime: world.runtime, access, cache: readCache(), queue })
  return (query: string) => app.request(`/api/v1/traces?${query}`)
}

test('filters as parameters, with a range and pages', async () => {
  const ask = await opened()
  const found = async (query: string) => {
    const { traces } = (await (await ask(query)).json()) as { traces: { traceId: string }[] }
    return traces.map(({ traceId: hex }) => Number.parseInt(hex.slice(-2), 16))
  }
  expect(await found('service=redis')).toEqual([4, 3, 1])
  expect(await found('service=redis&rootName=GET%20/')).toEqual([1])
  expect(await found('error=true')).toEqual([3, 2])
  expect(await found('error=false&service=redis')).toEqual([4, 1])
  expect(await found('minDuration=5s&maxDuration=0.1m')).toEqual([3, 2])
  expect(await found(`minDuration=0&service=redis&start=${nowMs / 1_000 - 30}`)).toEqual([4, 3])
  const first = (await (await ask('service=redis&limit=2')).json()) as { next: string }
  expect(await found(`service=redis&limit=2&after=${first.next}`)).toEqual([1])
})

test.each([
  ['error=yes', 'error must be true or false, got yes'],
  ['minDuration=5', 'minDuration must be a duration such as 1.5s, got 5'],
  ['maxDuration=', 'maxDuration must be a duration such as 1.5s, got '],
  ['minDuration=2s&maxDuration=1s', 'maxDuration must not be less than minDuration'],
])('?%s is refused: %s', async (query, message) => {
  const ask = await opened()
  const response = await ask(query)
  expect(response.status).toBe(400)
  expect(await response.json()).toEqual({ error: { kind: 'invalid', message } })
})
