import { describe, expect, test } from 'vitest'
import { searchReaders } from '../../query/api/jaeger/search-readers.ts'
import { createApp } from '../../query/app.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { kindOf } from '../../src/errors.ts'
import { openAccess } from '../../src/ingest/access.ts'
import {
  jaegerLargeSearchesMax,
  jaegerLargeSearchesWaitingMax,
  jaegerLightTraces,
  type Limits,
} from '../../src/limits.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { KeyValue, Span } from '../../src/span/span.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { type LookupWorld, lookupWorld, nowNs, traceId } from '../helpers/lookup-world.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'

const second = 1_000_000_000n

function span(trace: number, id: number, fields: Partial<Span> & { service?: string } = {}): Span {
  const startNs = nowNs - BigInt(100 - trace) * second
  return someSpan({
    service: 'cart',
    traceId: traceId(trace),
    spanId: spanId(id),
    name: `op ${id}`,
    startNs,
    endNs: startNs + 5_000_000n,
    ...fields,
  })
}

const text = (key: string, value: string): KeyValue => ({ key, value: { kind: 'string', value } })
const int = (key: string, value: bigint): KeyValue => ({ key, value: { kind: 'int', value } })

/** Five traces, the last the newest. */
async function filled(world: LookupWorld): Promise<void> {
  await world.flush(
    world.envelope([
      span(1, 1, { name: 'GET /', kind: 2, attributes: [int('http.status_code', 200n)] }),
      span(1, 2, { service: 'redis', parentSpanId: spanId(1), kind: 3 }),
      span(2, 1, { attributes: [text('http.status_code', '200')], statusCode: 2 }),
    ]),
  )
  const event = { timeNs: nowNs, droppedAttributesCount: 0 }
  await world.flush(
    world.envelope([
      span(3, 1, { service: 'a/b', attributes: [int('http.status_code', 500n)], statusCode: 1 }),
      span(4, 1, {
        endNs: nowNs,
        events: [{ ...event, name: 'exception', attributes: [text('x', 'in event')] }],
      }),
      span(5, 1, { service: 'redis' }),
    ]),
  )
}

function opened(limits: Partial<Limits> = {}) {
  const world = lookupWorld(limits)
  const { runtime } = world
  const cache = readCache()
  const queue = { maxMessageBytes: 0, send: async () => {} }
  const jaeger = searchReaders(runtime, cache)
  const app = createApp({ runtime, access: openAccess('acme'), cache, queue, jaeger })
  return { world, app, jaeger }
}

interface Found {
  readonly data: readonly { readonly traceID: string; readonly spans: readonly unknown[] }[]
}

/** The numbers of the traces found, each with how many spans it shows. */
async function found({ app }: ReturnType<typeof opened>, query: string): Promise<string> {
  const response = await app.request(`/jaeger/api/traces?${query}`)
  expect(response.status).toBe(200)
  const { data } = (await response.json()) as Found
  const shown = data.map(
    ({ traceID, spans }) => `${Number.parseInt(traceID.slice(-8), 16)}:${spans.length}`,
  )
  return shown.join(' ')
}

describe.each(['fresh', 'compacted'])('a search over %s files', (state) => {
  test.each([
    ['', '5:1 4:1 3:1 2:1 1:2'],
    ['limit=2', '5:1 4:1'],
    ['service=redis', '5:1 1:2'],
    ['service=a%2Fb', '3:1'],
    ['service=nobody', ''],
    ['service=cart&operation=GET+%2F', '1:2'],
    ['service=redis&operation=GET+%2F', ''],
    ['tag=http.status_code:200', '2:1 1:2'],
    ['tags={"http.status_code":"500"}', '3:1'],
    ['tag=http.status_code', '3:1 2:1 1:2'],
    ['tag=error:true', '2:1'],
    ['tag=error:false', '5:1 4:1 3:1 1:2'],
    ['tag=span.kind:server', '1:2'],
    ['tag=x:in+event', '4:1'],
    ['tag=event:exception', '4:1'],
    ['minDuration=1s', '4:1'],
    ['maxDuration=5ms', '5:1 3:1 2:1 1:2'],
    ['minDuration=5.000001ms&maxDuration=95s', ''],
    [`start=${(nowNs - 97n * second) / 1_000n}&end=${(nowNs - 96n * second) / 1_000n}`, '4:1 3:1'],
  ])('%s', async (query, expected) => {
    const test = opened()
    await filled(test.world)
    if (state === 'compacted') {
      for (let step = 0; step < 20; step++) {
        const { kind } = await compactStep('acme', test.world.runtime, readCache(), { now: true })
        if (kind === 'nothing') break
      }
    }
    expect(await found(test, query)).toBe(expected)
  })
})

test('spans without a service are found by what is shown in its place', async () => {
  const test = opened()
  const nameless = span(7, 1)
  const resource = { ...nameless.resource, attributes: [] }
  await test.world.flush(test.world.envelope([span(6, 1), { ...nameless, resource }]))
  expect(await found(test, 'service=OTLPResourceNoServiceName')).toBe('7:1')
  expect(await found(test, 'service=cart')).toBe('6:1')
})

test('version 3 finds the same', async () => {
  const { world, app } = opened()
  await filled(world)
  const [from, to] = [nowNs - 99n * second, nowNs].map((ns) =>
    new Date(Number(ns / 1_000_000n)).toISOString(),
  )
  const query = `query.startTimeMin=${from}&query.startTimeMax=${to}&query.serviceName=redis`
  const summaries = await app.request(`/jaeger/api/v3/trace-summaries?${query}`)
  expect(await summaries.json()).toMatchObject({
    summaries: [
      { traceId: hexOf(traceId(5)), rootServiceName: 'redis', spanCount: 1 },
      { traceId: hexOf(traceId(1)), rootServiceName: 'cart', spanCount: 2 },
    ],
  })
  expect((await app.request(`/jaeger/api/v3/traces?${query}`)).status).toBe(200)
  const none = await app.request(`/jaeger/api/v3/traces?${query}-x`)
  expect(none.status).toBe(404)
})

test('spans of all traces together are bounded, and what is left out is told of', async () => {
  const { world, app } = opened({ traceSpansMax: 3 })
  await filled(world)
  const response = await app.request('/jaeger/api/traces')
  const { data } = (await response.json()) as Found
  expect(data).toHaveLength(3)
  expect(response.headers.get('x-spanlake-incomplete')).toContain('2 traces left out')
})

test.each([
  ['search', 6_000, 6, ['search ended after 5000 ms']],
  ['reading', 500, 12, ['answer took as long as it may, 28 traces left out']],
  ['nothing', 10, 40, []],
])(
  'summaries end before the UI stops waiting: %s takes long',
  async (_, readMs, count, reasons) => {
    const { world } = opened()
    for (const first of [1, 21]) {
      const traces = Array.from({ length: 20 }, (_, i) => span(first + i, 1))
      await world.flush(world.envelope(traces))
    }
    let waitedMs = 0
    const { store, clock } = world.runtime
    const get: typeof store.get = (...asked) => {
      waitedMs += readMs
      return store.get(...asked)
    }
    const nowMs = () => clock.nowMs() + waitedMs
    const slow = { ...world.runtime, store: { ...store, get }, clock: { ...clock, nowMs } }
    const { summarizeTraces, searchTraces } = searchReaders(slow, readCache())
    const query = {
      kind: 'search',
      stages: [{ kind: 'filter', condition: { kind: 'bool', value: true } }],
      hints: [],
    } as const
    const range = { fromNs: 0n, toNs: nowNs }
    const { signal } = new AbortController()
    const cut = await summarizeTraces('acme', query, range, 100, signal)
    expect([cut.value.length, cut.reasons]).toEqual([count, reasons])
    const whole = await searchTraces('acme', query, range, 100, signal)
    expect([whole.value.length, whole.reasons]).toEqual([40, []])
  },
)

test('of large searches so many are under way, so many wait, and small ones pass them by', async () => {
  const { world } = opened()
  await filled(world)
  let [under, most] = [0, 0]
  const opening = Promise.withResolvers<void>()
  const list: typeof world.store.list = async (...asked) => {
    under++
    most = Math.max(most, under)
    await opening.promise
    under--
    return world.store.list(...asked)
  }
  const runtime = { ...world.runtime, store: { ...world.store, list } }
  const { searchTraces } = searchReaders(runtime, readCache())
  const query = {
    kind: 'search',
    stages: [{ kind: 'filter', condition: { kind: 'bool', value: true } }],
    hints: [],
  } as const
  const ask = (limit: number) =>
    searchTraces('acme', query, { fromNs: 0n, toNs: nowNs }, limit, new AbortController().signal)
  const room = jaegerLargeSearchesMax + jaegerLargeSearchesWaitingMax
  const large = Array.from({ length: room }, () => ask(jaegerLightTraces + 1))
  await expect(ask(jaegerLightTraces + 1)).rejects.toMatchObject({ kind: 'throttled' })
  expect(most).toBe(jaegerLargeSearchesMax)
  const small = ask(jaegerLightTraces)
  expect(under).toBe(jaegerLargeSearchesMax + 1)
  opening.resolve()
  const lengths = (await Promise.all([small, ...large])).map(({ value }) => value.length)
  expect(new Set(lengths)).toEqual(new Set([5]))
})

test('a client that has gone stops the search', async () => {
  const { world, jaeger } = opened()
  await filled(world)
  const range = { fromNs: 0n, toNs: nowNs }
  const query = { kind: 'search', stages: [], hints: [] } as const
  const search = jaeger.searchTraces('acme', query, range, 10, AbortSignal.abort())
  expect(kindOf(await search.catch((error) => error))).toBe('unavailable')
})
