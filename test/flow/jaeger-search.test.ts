import { describe, expect, test } from 'vitest'
import type { JaegerReaders, TraceSpans } from '../../query/api/jaeger/readers.ts'
import { createApp } from '../../query/app.ts'
import type { Dependency } from '../../query/dependencies/call-sums.ts'
import type { Operation } from '../../query/tags/list-operations.ts'
import { printTraceql } from '../../query/traceql/print.ts'
import { openAccess } from '../../src/ingest/access.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { lookupWorld, nowMs, nowNs, traceId } from '../helpers/lookup-world.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'

// The readers are stand-ins that note what they are asked: what a search finds is another test's matter.

interface Known {
  readonly traces?: readonly TraceSpans[]
  readonly services?: readonly string[]
  readonly operations?: Readonly<Record<string, readonly Operation[]>>
  readonly dependencies?: readonly Dependency[]
  readonly reasons?: readonly string[]
}

function opened({ traces, services, operations = {}, dependencies, reasons = [] }: Known) {
  const asked: unknown[][] = []
  const jaeger: JaegerReaders = {
    async searchTraces(tenant, query, { fromNs, toNs }, limit, signal) {
      asked.push([tenant, printTraceql(query), fromNs, toNs, limit])
      expect(signal.aborted).toBe(false)
      return { value: traces ?? [], reasons }
    },
    async listServices(tenant) {
      asked.push([tenant])
      return { value: services ?? [], reasons }
    },
    async listOperations(tenant, service) {
      asked.push([tenant, service])
      return { value: operations[service] ?? [], reasons }
    },
    async readDependencies(tenant, { fromNs, toNs }) {
      asked.push([tenant, fromNs, toNs])
      return { value: dependencies ?? [], reasons }
    },
  }
  const queue = { maxMessageBytes: 0, send: async () => {} }
  const { runtime } = lookupWorld()
  const app = createApp({ runtime, access: openAccess('acme'), cache: readCache(), queue, jaeger })
  const get = async (path: string) => {
    const response = await app.request(path)
    const incomplete = response.headers.get('x-spanlake-incomplete')
    return { status: response.status, body: (await response.json()) as never, incomplete }
  }
  return { asked, get }
}

const envelope = (data: unknown, total = 0) => ({
  data,
  total,
  limit: 0,
  offset: 0,
  errors: null,
})

const refusal = (msg: unknown) => ({ ...envelope(null), errors: [{ code: 400, msg }] })
const v3Refusal = (message: unknown) => ({ error: { httpCode: 400, message } })

function trace(number: number, ...ids: number[]): TraceSpans {
  const spans = ids.map((id) =>
    someSpan({
      service: 'cart',
      traceId: traceId(number),
      spanId: spanId(id),
      name: `op ${id}`,
      startNs: nowNs,
      endNs: nowNs + 1_000n,
      statusCode: id === 2 ? 2 : 0,
    }),
  )
  return { traceId: traceId(number), spans }
}

const empty: TraceSpans = { traceId: traceId(9), spans: [] }
const v3Times = 'query.startTimeMin=2026-01-01T00:00:00Z&query.startTimeMax=2026-01-02T00:00:00Z'
const [v3FromNs, v3ToNs] = [1_767_225_600_000_000_000n, 1_767_312_000_000_000_000n]

describe('legacy search', () => {
  test('what Grafana sends is asked of the reader', async () => {
    const { asked, get } = opened({})
    const startUs = (nowMs - 3_600_000) * 1_000
    const tags = encodeURIComponent('{"http.status_code":"200"}')
    const query = `end=${nowMs * 1_000}&limit=20&lookback=custom&maxDuration=&minDuration=100ms&operation=GET+%2F&service=cart&start=${startUs}&tags=${tags}`
    expect(await get(`/jaeger/api/traces?${query}`)).toMatchObject({
      status: 200,
      body: envelope([]),
    })
    const places = ['span', 'resource', 'instrumentation', 'event', 'link'].flatMap((scope) => [
      `${scope}.http.status_code = "200"`,
      `${scope}.http.status_code = 200`,
    ])
    expect(asked).toEqual([
      [
        'acme',
        `{ resource.service.name = "cart" && name = "GET /" && duration >= 100ms && (${places.join(' || ')}) }`,
        BigInt(startUs) * 1_000n,
        nowNs + 1n,
        20,
      ],
    ])
  })

  test('without a service and without times: all, of the last two days', async () => {
    const { asked, get } = opened({})
    await get('/jaeger/api/traces')
    const toNs = nowNs + 1_000_000n
    expect(asked).toEqual([['acme', '{ true }', toNs - 172_800_000_000_000n, toNs, 100]])
  })

  test('traces in the order in which they are found; one without spans, which would crash Grafana, is none', async () => {
    const { get } = opened({ traces: [trace(2, 1), empty, trace(1, 1, 2)], reasons: ['a: broken'] })
    const { body, incomplete } = await get('/jaeger/api/traces?service=cart')
    const data = [2, 1].map((number) => ({ traceID: hexOf(traceId(number)) }))
    expect(body).toMatchObject(envelope(data))
    expect(incomplete).toBe('a: broken')
  })

  test('ids go before everything else', async () => {
    const { asked, get } = opened({ traces: [trace(1, 1)] })
    const id = hexOf(traceId(1))
    const { body } = await get(`/jaeger/api/traces?traceID=${id}&service=cart&limit=x`)
    expect(body).toEqual({ ...envelope([]), errors: [{ msg: 'trace not found', traceID: id }] })
    expect(asked).toEqual([])
  })

  test.each(['limit=0', 'tags=%7B', 'minDuration=2s&maxDuration=1s', 'start=x'])(
    'bad input is 400: %s',
    async (query) => {
      const { asked, get } = opened({})
      expect(await get(`/jaeger/api/traces?${query}`)).toMatchObject({
        status: 400,
        body: refusal(expect.stringMatching(/^malformed parameter /)),
      })
      expect(asked).toEqual([])
    },
  )
})

describe('version 3 search', () => {
  test('what the UI sends is asked of the reader', async () => {
    const { asked, get } = opened({})
    const attributes = encodeURIComponent('{"error":"true"}')
    const query = `query.startTimeMin=2026-01-01T00%3A00%3A00.000Z&query.startTimeMax=2026-01-02T00%3A00%3A00.000Z&query.serviceName=cart&query.searchDepth=20&query.attributes=${attributes}`
    expect(await get(`/jaeger/api/v3/trace-summaries?${query}`)).toMatchObject({
      status: 200,
      body: { summaries: [] },
    })
    expect(asked).toEqual([
      [
        'acme',
        expect.stringMatching(/^{ resource.service.name = "cart" && \(status = error \|\| /),
        v3FromNs,
        v3ToNs,
        20,
      ],
    ])
  })

  test('times that Grafana does not escape', async () => {
    const { asked, get } = opened({})
    const query =
      'query.startTimeMin=2026-01-01T02:00:00+02:00&query.startTimeMax=2026-01-02T02:00:00+02:00'
    await get(`/jaeger/api/v3/trace-summaries?${query}`)
    expect(asked).toEqual([['acme', '{ true }', v3FromNs, v3ToNs, 100]])
  })

  test('summaries of the traces found', async () => {
    const { get } = opened({ traces: [trace(1, 1, 2), empty], reasons: ['a: broken'] })
    const { body, incomplete } = await get(`/jaeger/api/v3/trace-summaries?${v3Times}`)
    expect(body).toEqual({
      summaries: [
        {
          traceId: hexOf(traceId(1)),
          rootServiceName: 'cart',
          rootOperationName: 'op 1',
          minStartTimeUnixNano: String(nowNs),
          maxEndTimeUnixNano: String(nowNs + 1_000n),
          spanCount: 2,
          errorSpanCount: 1,
          orphanSpanCount: 0,
          services: [{ name: 'cart', spanCount: 2, errorSpanCount: 1 }],
        },
      ],
    })
    expect(incomplete).toBe('a: broken')
  })

  test('a reader of its own for summaries spares the spans', async () => {
    const facts = {
      traceId: traceId(1),
      root: undefined,
      startNs: -1n,
      endNs: 5n,
      orphans: 3,
      services: new Map([
        ['b', { spans: 2, errors: 1 }],
        ['', { spans: 1, errors: 0 }],
      ]),
    }
    const jaeger: JaegerReaders = {
      summarizeTraces: async () => ({ value: [facts], reasons: [] }),
    }
    const { runtime } = lookupWorld()
    const queue = { maxMessageBytes: 0, send: async () => {} }
    const context = { runtime, access: openAccess('acme'), cache: readCache(), queue, jaeger }
    const response = await createApp(context).request(`/jaeger/api/v3/trace-summaries?${v3Times}`)
    expect(await response.json()).toEqual({
      summaries: [
        {
          traceId: hexOf(traceId(1)),
          minStartTimeUnixNano: '18446744073709551615',
          maxEndTimeUnixNano: '5',
          spanCount: 3,
          errorSpanCount: 1,
          orphanSpanCount: 3,
          services: [
            { name: 'OTLPResourceNoServiceName', spanCount: 1, errorSpanCount: 0 },
            { name: 'b', spanCount: 2, errorSpanCount: 1 },
          ],
        },
      ],
    })
  })

  test('traces whole, all in one; without any it is 404', async () => {
    const found = await opened({ traces: [trace(2, 1), trace(1, 1, 2)] }).get(
      `/jaeger/api/v3/traces?${v3Times}`,
    )
    const ids = [2, 1, 1].map((number) => ({ traceId: hexOf(traceId(number)) }))
    expect(found.body).toMatchObject({
      result: { resourceSpans: [{ scopeSpans: [{ spans: ids }] }] },
    })
    for (const traces of [[], [empty]]) {
      expect(await opened({ traces }).get(`/jaeger/api/v3/traces?${v3Times}`)).toMatchObject({
        status: 404,
        body: { error: { httpCode: 404, message: 'No traces found' } },
      })
    }
  })

  test.each(['traces', 'trace-summaries'])('bad input of %s is 400', async (path) => {
    const { asked, get } = opened({})
    expect(await get(`/jaeger/api/v3/${path}`)).toMatchObject({
      status: 400,
      body: v3Refusal('query.startTimeMin and query.startTimeMax are required'),
    })
    expect(await get(`/jaeger/api/v3/${path}?${v3Times}&query.searchDepth=-1`)).toMatchObject({
      status: 400,
      body: v3Refusal(expect.stringMatching(/^malformed parameter query.searchDepth: /)),
    })
    expect(asked).toEqual([])
  })
})

describe('services and operations', () => {
  const operations = {
    cart: [
      { name: 'get', kind: 0 },
      { name: 'get', kind: 1 },
      { name: 'get', kind: 2 },
      { name: 'put', kind: 3 },
    ],
    'a/b c': [{ name: 'slash', kind: 2 }],
    '100%25': [{ name: 'percent', kind: 2 }],
  }

  test('services', async () => {
    const { asked, get } = opened({ services: ['a', 'b'] })
    expect((await get('/jaeger/api/services')).body).toEqual(envelope(['a', 'b'], 2))
    expect((await get('/jaeger/api/v3/services')).body).toEqual({ services: ['a', 'b'] })
    expect(asked).toEqual([['acme'], ['acme']])
    const none = opened({ reasons: ['a: broken'] })
    expect(await none.get('/jaeger/api/services')).toEqual({
      status: 200,
      body: envelope([]),
      incomplete: 'a: broken',
    })
    expect((await none.get('/jaeger/api/v3/services')).body).toEqual({ services: [] })
  })

  test('operations with their kinds, of all kinds or of one', async () => {
    const { get } = opened({ operations })
    const shown = [
      { name: 'get', spanKind: '' },
      { name: 'get', spanKind: 'internal' },
      { name: 'get', spanKind: 'server' },
      { name: 'put', spanKind: 'client' },
    ]
    const legacy = '/jaeger/api/operations?service=cart'
    expect((await get(legacy)).body).toEqual(envelope(shown, 4))
    expect((await get(`${legacy}&spanKind=server`)).body).toEqual(envelope([shown[2]], 1))
    const v3 = '/jaeger/api/v3/operations?service=cart'
    expect((await get(v3)).body).toEqual({ operations: shown.slice(1) })
    expect((await get(`${v3}&spanKind=internal`)).body).toEqual({ operations: [shown[1]] })
    expect((await get(`${v3}&span_kind=client`)).body).toEqual({ operations: [shown[3]] })
    expect((await get('/jaeger/api/v3/operations')).body).toEqual({ operations: [] })
    const missing = await get('/jaeger/api/operations')
    expect(missing).toMatchObject({ status: 400, body: refusal("parameter 'service' is required") })
  })

  test.each([
    ['cart', ['get', 'put']],
    ['nobody', []],
    // Grafana does not escape the slash, others do it twice.
    ['a/b%20c', ['slash']],
    ['a%2Fb%20c', ['slash']],
    ['a%252Fb%2520c', ['slash']],
    ['100%2525', ['percent']],
    ['100%25', []],
  ])('names of operations, each once: %s', async (service, names) => {
    const { get } = opened({ operations })
    const { status, body } = await get(`/jaeger/api/services/${service}/operations`)
    expect([status, body]).toEqual([200, envelope(names, names.length)])
  })
})

describe('dependencies', () => {
  const dependencies = [
    { parent: 'a', child: 'b', calls: 12 },
    { parent: 'b', child: 'c', calls: 1 },
  ]

  test('legacy: numbers, of one service or of all', async () => {
    const { asked, get } = opened({ dependencies })
    const links = dependencies.map(({ parent, child, calls }) => ({
      parent,
      child,
      callCount: calls,
    }))
    const query = `endTs=${nowMs}&lookback=3600000`
    expect((await get(`/jaeger/api/dependencies?${query}`)).body).toEqual(envelope(links))
    expect((await get(`/jaeger/api/dependencies?${query}&service=c`)).body).toEqual(
      envelope(links.slice(1)),
    )
    const toNs = nowNs + 1n
    expect(asked[0]).toEqual(['acme', toNs - 3_600_000_000_000n, toNs])
    expect(await get('/jaeger/api/dependencies?lookback=1h')).toMatchObject({ status: 400 })
  })

  test('version 3: text, and times that have to be there', async () => {
    const { asked, get } = opened({ dependencies })
    const times = 'startTime=2026-01-01T00:00:00Z&endTime=2026-01-02T00:00:00Z'
    expect((await get(`/jaeger/api/v3/dependencies?${times}`)).body).toEqual({
      dependencies: [
        { parent: 'a', child: 'b', callCount: '12' },
        { parent: 'b', child: 'c', callCount: '1' },
      ],
    })
    expect(asked).toEqual([['acme', v3FromNs, v3ToNs]])
    expect(await get('/jaeger/api/v3/dependencies')).toMatchObject({
      status: 400,
      body: v3Refusal('startTime and endTime are required'),
    })
  })
})

test('without readers their routes are not there, and traces by id are', async () => {
  const { runtime } = lookupWorld()
  const queue = { maxMessageBytes: 0, send: async () => {} }
  const app = createApp({ runtime, access: openAccess('acme'), cache: readCache(), queue })
  const status = async (path: string) => (await app.request(`/jaeger/api/${path}`)).status
  for (const path of ['services', 'operations', 'services/a/operations', 'dependencies']) {
    expect(await status(path), path).toBe(404)
  }
  for (const path of ['services', 'operations', 'trace-summaries', 'traces', 'dependencies']) {
    expect(await status(`v3/${path}`), path).toBe(404)
  }
  expect(await status('traces?service=a')).toBe(400)
  expect(await status(`traces?traceID=${hexOf(traceId(1))}`)).toBe(200)
})
