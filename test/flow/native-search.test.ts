import { expect, test } from 'vitest'
import type { SearchResponse } from '../../query/api/native/search-response.ts'
import { createApp } from '../../query/app.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { openAccess } from '../../src/ingest/access.ts'
import { searchLimitMax, searchMsMax, searchSpansPerSetMax } from '../../src/limits.ts'
import type { ObjectStore } from '../../src/ports/object-store.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { KeyValue, Span } from '../../src/span/span.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { type LookupWorld, lookupWorld, nowMs, nowNs, traceId } from '../helpers/lookup-world.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'

const nowS = nowMs / 1_000
const second = 1_000_000_000n

/** Trace n starts n seconds ago. */
function span(trace: number, id: number, fields: Partial<Span> & { service?: string } = {}): Span {
  const startNs = nowNs - BigInt(trace) * second + BigInt(id)
  const own = { traceId: traceId(trace), spanId: spanId(id), name: `op ${id}`, startNs }
  return someSpan({ service: 'cart', endNs: startNs + 5_000_000n, ...own, ...fields })
}

function opened(storeOf: (world: LookupWorld) => Partial<ObjectStore> = () => ({})) {
  const world = lookupWorld()
  const queue = { maxMessageBytes: 0, send: async () => {} }
  const runtime = { ...world.runtime, store: { ...world.store, ...storeOf(world) } }
  const app = createApp({ runtime, access: openAccess('acme'), cache: readCache(), queue })
  const ask = (parameters: Record<string, string>, init?: RequestInit) =>
    app.request(`/api/v1/search?${new URLSearchParams(parameters)}`, init)
  return { world, ask }
}

async function jsonOf(response: Response | Promise<Response>): Promise<SearchResponse> {
  const got = await response
  expect(got.status, await got.clone().text()).toBe(200)
  return (await got.json()) as SearchResponse
}

async function errorOf(response: Response | Promise<Response>): Promise<unknown> {
  const got = await response
  expect(got.status, await got.clone().text()).toBe(400)
  return ((await got.json()) as { error: unknown }).error
}

const numbers = ({ traces }: SearchResponse) =>
  traces.map((trace) => Number.parseInt(trace.traceId.slice(24), 16))

test('a trace with what a list says of it, what was found in it, and what that cost', async () => {
  const { world, ask } = opened()
  const route: KeyValue = { key: 'http.route', value: { kind: 'string', value: '/cart' } }
  await world.flush(
    world.envelope([
      span(9, 1, { name: 'POST /cart', attributes: [route] }),
      span(9, 2, { service: 'db', parentSpanId: spanId(1), statusCode: 2 }),
      span(9, 3, { service: 'db', parentSpanId: spanId(1), attributes: [route] }),
    ]),
  )
  world.forget()
  const q = '{ span.http.route = "/cart" } | by(resource.service.name) | count() > 0'
  const answer = await jsonOf(ask({ q, spss: '1' }))
  const startNs = nowNs - 9n * second
  const route_ = { key: 'span.http.route', value: { stringValue: '/cart' } }
  const setOf = (service: string, id: number, name: string) => ({
    matched: 1,
    attributes: [
      { key: 'by(resource.service.name)', value: { stringValue: service } },
      { key: 'count()', value: { intValue: '1' } },
    ],
    spans: [
      {
        spanId: hexOf(spanId(id)),
        name,
        startTimeUnixNano: String(startNs + BigInt(id)),
        durationNs: '5000000',
        attributes: [route_, { key: 'resource.service.name', value: { stringValue: service } }],
      },
    ],
  })
  expect(answer.traces).toEqual([
    {
      traceId: hexOf(traceId(9)),
      startTimeUnixNano: String(startNs + 1n),
      endTimeUnixNano: String(startNs + 5_000_003n),
      durationNs: '5000002',
      rootService: 'cart',
      rootName: 'POST /cart',
      spans: 3,
      errors: 1,
      services: ['cart', 'db'],
      matched: 2,
      sets: [setOf('cart', 1, 'POST /cart'), setOf('db', 3, 'op 3')],
    },
  ])
  expect(answer).not.toHaveProperty('next')
  expect(answer.spanlake).toMatchObject({
    complete: true,
    reasons: [],
    cost: { gets: world.asked.gets.length, bytesRead: world.asked.bytes, tracesRead: 1 },
  })
})

test('pages follow one another by next, newest first; the limit may change', async () => {
  const { world, ask } = opened()
  for (let trace = 1; trace <= 7; trace++) await world.flush(world.envelope([span(trace, 1)]))
  const first = await jsonOf(ask({ q: '{}', limit: '2' }))
  const second = await jsonOf(ask({ q: '{}', limit: '2', after: first.next ?? '' }))
  await world.flush(world.envelope([span(0, 1)]))
  await compactStep('acme', world.runtime, readCache(), { now: true })
  // Blanks change no query.
  const third = await jsonOf(ask({ q: ' { } ', limit: '20', after: second.next ?? '' }))
  expect([first, second, third].map(numbers)).toEqual([
    [1, 2],
    [3, 4],
    [5, 6, 7],
  ])
  expect(third.next).toBeUndefined()
  // The same page again, as somebody who goes back asks for it.
  expect(numbers(await jsonOf(ask({ q: '{}', limit: '2', after: first.next ?? '' })))).toEqual([
    3, 4,
  ])
})

test('a range holds spans that start in it', async () => {
  const { world, ask } = opened()
  await world.flush(world.envelope([span(1, 1), span(2, 1), span(3, 1)]))
  const within = async (range: Record<string, string>) =>
    numbers(await jsonOf(ask({ q: '{}', ...range })))
  expect(await within({ start: String(nowS - 2) })).toEqual([1, 2])
  expect(await within({ end: String(nowS - 2) })).toEqual([3])
  expect(await within({ start: String(nowS - 2), end: String(nowNs - second + 1n) })).toEqual([2])
})

test('a cursor is of its own search: any other, changed, cut or lengthened, is refused', async () => {
  const { world, ask } = opened()
  await world.flush(world.envelope([span(1, 1), span(2, 1), span(3, 1)]))
  const asked = { q: '{ kind = internal }', limit: '1', start: String(nowS - 100) }
  const { next = '' } = await jsonOf(ask(asked))
  expect(numbers(await jsonOf(ask({ ...asked, after: next })))).toEqual([2])
  const message = expect.stringContaining(
    'after must be the next of an earlier page of this search',
  )
  const refused = { kind: 'invalid', message }
  for (const other of [
    { q: '{ kind = internal && true }' },
    { start: String(nowS - 101) },
    { end: String(nowS + 1) },
  ]) {
    expect(await errorOf(ask({ ...asked, ...other, after: next }))).toEqual(refused)
  }
  for (let at = 0; at < next.length; at++) {
    const changed = next[at] === '1' ? '2' : '1'
    const after = next.slice(0, at) + changed + next.slice(at + 1)
    expect(await errorOf(ask({ ...asked, after })), after).toEqual(refused)
  }
  for (const after of ['', 'x', next.slice(1), next.slice(0, -1), `${next}0`, '9'.repeat(10_000)]) {
    expect(await errorOf(ask({ ...asked, after }))).toEqual(refused)
  }
})

test('what is no TraceQL is refused with its place and what was expected there', async () => {
  const { ask } = opened()
  expect(await errorOf(ask({ q: '{ name = "a" &&\n  }' }))).toEqual({
    kind: 'invalid',
    message: expect.stringContaining('traceql line 2 column 3: expected '),
    offset: 18,
    line: 2,
    column: 3,
    expected: expect.any(String),
    got: '}',
  })
  expect(await errorOf(ask({ q: '{ parent.x = 1 }' }))).toEqual({
    kind: 'invalid',
    message: 'traceql line 1 column 3: parent is not supported',
    offset: 2,
    line: 1,
    column: 3,
  })
})

test.each([
  [{}, 'q must be a TraceQL query such as { status = error }'],
  [{ q: ' ' }, 'q must be a TraceQL query'],
  [{ q: '{} | rate()' }, 'q must find spans, got a metrics query'],
  [{ q: '{ name > 5 }' }, 'traceql'],
  [
    { q: hexOf(traceId(1)) },
    `q must be a TraceQL query, got the id of a trace, ${hexOf(traceId(1))}`,
  ],
  [{ q: `00-${hexOf(traceId(1))}-00f067aa0ba902b7-01` }, 'got the id of a trace'],
  [{ q: '{}', limit: '0' }, 'limit must be from 1'],
  [{ q: '{}', limit: String(searchLimitMax + 1) }, 'limit must be from 1'],
  [{ q: '{}', limit: 'all' }, 'limit must be from 1'],
  [{ q: '{}', spss: '0' }, 'spss must be from 1'],
  [{ q: '{}', spss: String(searchSpansPerSetMax + 1) }, 'spss must be from 1'],
  [{ q: '{}', start: 'yesterday' }, 'start must be unix seconds, nanoseconds or a time'],
  [{ q: '{}', start: '5', end: '5' }, 'end must be after start'],
])('%j is refused: %s', async (parameters, message) => {
  const { ask } = opened()
  const expected = { kind: 'invalid', message: expect.stringContaining(message) }
  expect(await errorOf(ask(parameters as Record<string, string>))).toEqual(expected)
})

test('limits may be as large as the bounds', async () => {
  const { world, ask } = opened()
  const many = Array.from({ length: searchSpansPerSetMax + 1 }, (_, i) => span(1, i + 1))
  await world.flush(world.envelope(many))
  const bounds = { limit: String(searchLimitMax), spss: String(searchSpansPerSetMax) }
  const { traces } = await jsonOf(ask({ q: '{}', ...bounds }))
  expect(traces[0]?.sets[0]?.spans).toHaveLength(searchSpansPerSetMax)
  expect(traces[0]?.matched).toBe(searchSpansPerSetMax + 1)
})

test('a search that ends at its bounds says so and goes on from there', async () => {
  let msOfGet = 0
  const { world, ask } = opened((world) => ({
    async get(key, range) {
      world.pass(msOfGet)
      return world.store.get(key, range)
    },
  }))
  // Each with a span that tells long after its start, and one in between: what is scanned of it never decides alone.
  for (let trace = 1; trace <= 40; trace++) {
    await world.flush(world.envelope([span(trace * 10, 1, { name: 'a' })]))
    const later = span(trace * 10 - 25, 2, { name: 'b' })
    await world.flush(world.envelope([{ ...later, traceId: traceId(trace * 10) }]))
  }
  msOfGet = searchMsMax / 15
  for (const q of ['{ name = "b" }', '{ name = "a" } && { name = "b" }', '{ rootName = "a" }']) {
    const pages: SearchResponse[] = []
    for (let after: string | undefined = ''; after !== undefined; after = pages.at(-1)?.next) {
      pages.push(await jsonOf(ask({ q, limit: '15', ...(after !== '' && { after }) })))
      if (pages.length > 100) throw new Error('search must come to its end')
    }
    const cut = pages.filter(({ spanlake }) => !spanlake.complete)
    expect(cut.length).toBeGreaterThan(3)
    for (const { spanlake, next } of cut) {
      expect(spanlake.reasons).toEqual([`search ended after ${searchMsMax} ms`])
      expect(next).toBeDefined()
    }
    expect(pages.flatMap(numbers)).toEqual(Array.from({ length: 40 }, (_, i) => (i + 1) * 10))
  }
})

test('a broken file leaves the answer partial, and is named', async () => {
  const { world, ask } = opened()
  await world.flush(world.envelope([span(1, 1)]))
  const key = await world.flush(world.envelope([span(2, 1)]))
  const body = (await world.store.get(key))!.body
  await world.store.put(key, body.subarray(0, body.length - 40), { kind: 'overwrite' })
  const answer = await jsonOf(ask({ q: '{}' }))
  expect(numbers(answer)).toEqual([1])
  expect(answer.spanlake).toMatchObject({
    complete: false,
    reasons: [expect.stringContaining(key)],
  })
})

test('a request that was given up is not searched to its end', async () => {
  const gone = new AbortController()
  let gets = 0
  const { world, ask } = opened((world) => ({
    async get(key, range) {
      gets++
      if (gets === 20) gone.abort()
      return world.store.get(key, range)
    },
  }))
  for (let trace = 1; trace <= 60; trace++) await world.flush(world.envelope([span(trace, 1)]))
  await ask({ q: '{}', limit: '1' })
  gets = 0
  const response = await ask({ q: '{ name = "none" }' }, { signal: gone.signal })
  expect(response.status).toBe(503)
  expect(await response.json()).toEqual({
    error: { kind: 'unavailable', message: 'search was cancelled' },
  })
  expect(gets).toBeLessThan(40)
})
