import { describe, expect, test } from 'vitest'
import { createApp } from '../../query/app.ts'
import { nodeCodec } from '../../src/adapters/node/codec.ts'
import { openAccess, tokenAccess } from '../../src/ingest/access.ts'
import type { Limits } from '../../src/limits.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { Span } from '../../src/span/span.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { type LookupWorld, lookupWorld, nowNs, traceId } from '../helpers/lookup-world.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'

interface LegacyReply {
  readonly data: readonly LegacyTrace[] | null
  readonly errors: readonly { code?: number; msg: string; traceID?: string }[] | null
}

interface LegacyTrace {
  readonly traceID: string
  readonly spans: readonly { readonly spanID: string; readonly operationName: string }[]
  readonly warnings: readonly string[] | null
}

function span(trace: number, id: number, fields: Partial<Span> & { service?: string } = {}): Span {
  const startNs = nowNs + BigInt(id) * 1_000n
  return someSpan({
    service: 'cart',
    traceId: traceId(trace),
    spanId: spanId(id),
    name: `op ${id}`,
    startNs,
    endNs: startNs + 5_000n,
    ...fields,
  })
}

function opened(limits: Partial<Limits> = {}) {
  const world = lookupWorld(limits)
  const app = createApp(contextOf(world))
  const get = async (path: string) => app.request(path)
  const legacy = async (path: string): Promise<LegacyReply> => (await get(path)).json() as never
  return { world, app, get, legacy }
}

function contextOf({ runtime }: LookupWorld) {
  const queue = { maxMessageBytes: 0, send: async () => {} }
  return { runtime, access: openAccess('acme'), cache: readCache(), queue }
}

async function breakRows(world: LookupWorld, key: string): Promise<void> {
  const body = (await world.store.get(key))!.body
  body.fill(0xff, 4, 200)
  await world.store.put(key, body, { kind: 'overwrite' })
}

const id = hexOf(traceId(1))
const names = (reply: LegacyReply) =>
  reply.data?.map(({ spans }) => spans.map(({ operationName }) => operationName))

describe('legacy, by id', () => {
  test('one trace in its envelope', async () => {
    const { world, get } = opened()
    const child = span(1, 2, { service: 'redis', parentSpanId: spanId(1), kind: 3 })
    await world.flush(world.envelope([span(1, 1, { kind: 2 }), child]))
    const response = await get(`/jaeger/api/traces/${id}`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json; charset=UTF-8')
    const startTime = Number(nowNs / 1_000n)
    const common = { traceID: id, duration: 5, logs: [], warnings: null }
    expect(await response.json()).toEqual({
      data: [
        {
          traceID: id,
          spans: [
            {
              ...common,
              spanID: '0000000000000001',
              operationName: 'op 1',
              references: [],
              startTime: startTime + 1,
              tags: [{ key: 'span.kind', type: 'string', value: 'server' }],
              processID: 'p1',
            },
            {
              ...common,
              spanID: '0000000000000002',
              operationName: 'op 2',
              references: [{ refType: 'CHILD_OF', traceID: id, spanID: '0000000000000001' }],
              startTime: startTime + 2,
              tags: [{ key: 'span.kind', type: 'string', value: 'client' }],
              processID: 'p2',
            },
          ],
          processes: {
            p1: { serviceName: 'cart', tags: [] },
            p2: { serviceName: 'redis', tags: [] },
          },
          warnings: null,
        },
      ],
      total: 0,
      limit: 0,
      offset: 0,
      errors: null,
    })
  })

  test('an unknown one is 404, in the same envelope', async () => {
    const { get } = opened()
    const response = await get(`/jaeger/api/traces/${id}`)
    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({
      data: null,
      total: 0,
      limit: 0,
      offset: 0,
      errors: [{ code: 404, msg: 'trace not found', traceID: id }],
    })
  })

  test('ids: short ones are padded, in any case; what is no id is 400', async () => {
    const { world, get, legacy } = opened()
    const short = new Uint8Array(16)
    short[14] = 0x0a
    short[15] = 0xbc
    await world.flush(world.envelope([span(1, 1, { traceId: short })]))
    for (const text of ['abc', 'ABC', '0000000000000abc', 'abc'.padStart(32, '0')]) {
      const { data } = await legacy(`/jaeger/api/traces/${text}`)
      expect(data?.map(({ traceID }) => traceID)).toEqual(['0000000000000abc'])
    }
    for (const text of ['xyz', '0', 'a'.repeat(33), '%zz']) {
      const response = await get(`/jaeger/api/traces/${text}`)
      expect(response.status, text).toBe(400)
      const { errors } = (await response.json()) as LegacyReply
      expect(errors).toEqual([{ code: 400, msg: expect.stringMatching(/^trace id must /) }])
    }
  })

  test('times are hints: whatever unit a client takes, they hide nothing', async () => {
    const { world, legacy } = opened()
    await world.flush(world.envelope([span(1, 1)]))
    const nowMs = nowNs / 1_000_000n
    for (const query of ['start=1&end=2', `start=${nowMs - 5n}&end=${nowMs}`, 'start=x&end=']) {
      expect(names(await legacy(`/jaeger/api/traces/${id}?${query}`))).toEqual([['op 1']])
    }
  })

  test('raw leaves spans as they came; what is neither true nor false is 400', async () => {
    const { world, get, legacy } = opened()
    const shared = [span(1, 7, { kind: 3 }), span(1, 7, { kind: 2, service: 'redis' })]
    await world.flush(world.envelope(shared))
    const ids = ({ data }: LegacyReply) => data?.[0]?.spans.map(({ spanID }) => spanID).toSorted()
    const adjusted = ['0000000000000001', '0000000000000007']
    const raw = ['0000000000000007', '0000000000000007']
    expect(ids(await legacy(`/jaeger/api/traces/${id}`))).toEqual(adjusted)
    expect(ids(await legacy(`/jaeger/api/traces/${id}?raw=`))).toEqual(adjusted)
    expect(ids(await legacy(`/jaeger/api/traces/${id}?raw=true`))).toEqual(raw)
    expect((await get(`/jaeger/api/traces/${id}?raw=maybe`)).status).toBe(400)
  })

  test('prettyPrint indents, unless it is false', async () => {
    const { world, get } = opened()
    await world.flush(world.envelope([span(1, 1)]))
    const text = async (query: string) => (await get(`/jaeger/api/traces/${id}?${query}`)).text()
    expect(await text('prettyPrint=true')).toContain('\n    "data": [\n')
    expect(await text('prettyPrint=false')).not.toContain('\n')
    expect(await text('prettyPrint=')).not.toContain('\n')
  })

  test('a broken file: the trace warns and a header says so; when nothing can be read, that is no 404', async () => {
    const { world, get, legacy } = opened()
    const good = await world.flush(world.envelope([span(1, 1)]))
    const bad = await world.flush(world.envelope([span(1, 2)]))
    await breakRows(world, bad)
    const response = await get(`/jaeger/api/traces/${id}`)
    expect(response.headers.get('x-spanlake-incomplete')).toContain(bad)
    const reply = (await response.json()) as LegacyReply
    expect(names(reply)).toEqual([['op 1']])
    expect(reply.data?.[0]?.warnings).toEqual([expect.stringContaining(bad)])
    expect(reply.errors).toBeNull()
    await breakRows(world, good)
    const { data, errors } = await legacy(`/jaeger/api/traces/${id}`)
    expect(data).toBeNull()
    expect(errors).toEqual([{ code: 500, msg: expect.stringContaining('is not known') }])
  })
})

describe('legacy, by several ids', () => {
  test('each once, in the order asked for; what is not found stands among the errors', async () => {
    const { world, get } = opened()
    await world.flush(world.envelope([span(1, 1), span(2, 2)]))
    const [one, two, three] = [1, 2, 3].map((number) => hexOf(traceId(number)))
    const query = [two, three, one, two].map((text) => `traceID=${text}`).join('&')
    const response = await get(`/jaeger/api/traces?${query}`)
    expect(response.status).toBe(200)
    const reply = (await response.json()) as LegacyReply
    expect(names(reply)).toEqual([['op 2'], ['op 1']])
    expect(reply.errors).toEqual([{ msg: 'trace not found', traceID: three }])
  })

  test('all unknown: an empty list, never a trace without spans', async () => {
    const { legacy } = opened()
    expect((await legacy(`/jaeger/api/traces?traceID=${id}`)).data).toEqual([])
  })

  test('spans are bounded over all traces together, and so are ids', async () => {
    const { world, get, legacy } = opened({ traceSpansMax: 2 })
    await world.flush(world.envelope([span(1, 1), span(1, 2), span(2, 3)]))
    const reply = await legacy(`/jaeger/api/traces?traceID=${id}&traceID=${hexOf(traceId(2))}`)
    expect(names(reply)).toEqual([['op 1', 'op 2']])
    expect(reply.errors).toEqual([
      { msg: expect.stringContaining('was not read'), traceID: hexOf(traceId(2)) },
    ])
    const many = Array.from({ length: 101 }, () => `traceID=${id}`).join('&')
    expect((await get(`/jaeger/api/traces?${many}`)).status).toBe(400)
  })
})

describe('transform: a file that the UI opens', () => {
  const post = (body: string) =>
    opened().app.request('/jaeger/api/transform', { method: 'POST', body })
  const otlp = (...spans: readonly object[]) =>
    JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] })
  const fields = { startTimeUnixNano: '1', endTimeUnixNano: '2' }

  test('its traces, in order of first appearance; what is invalid in it is a warning', async () => {
    const spans = [2, 1, 2].map((number, at) => ({
      ...fields,
      traceId: hexOf(traceId(number)),
      spanId: hexOf(spanId(at + 1)),
      name: `op ${at}`,
    }))
    const reply = (await (await post(otlp(...spans))).json()) as LegacyReply
    expect(names(reply)).toEqual([['op 0', 'op 2'], ['op 1']])
    expect(reply.data?.map(({ warnings }) => warnings)).toEqual([null, null])
    const bad = { ...fields, traceId: id, spanId: '', name: 'bad' }
    const partly = (await (await post(otlp(...spans.slice(1), bad))).json()) as LegacyReply
    expect(names(partly)).toEqual([['op 1'], ['op 2']])
    expect(partly.data?.[0]?.warnings).toEqual([
      expect.stringMatching(/^1 spans left out: span id /),
    ])
  })

  test('what is no OTLP is 400', async () => {
    for (const body of ['', '{', '[]', otlp({ traceId: 'x' })]) {
      const response = await post(body)
      expect(response.status, body).toBe(400)
      expect(await response.json()).toMatchObject({ data: null, errors: [{ code: 400 }] })
    }
    expect(await (await post('{}')).json()).toMatchObject({ data: [], errors: null })
  })
})

describe('version 3, by id', () => {
  const base64 = Buffer.from(traceId(1)).toString('base64')

  test('OTLP in result', async () => {
    const { world, get } = opened()
    await world.flush(world.envelope([span(1, 1, { kind: 2 })]))
    const response = await get(`/jaeger/api/v3/traces/${id}`)
    expect(await response.json()).toEqual({
      result: {
        resourceSpans: [
          {
            resource: { attributes: [{ key: 'service.name', value: { stringValue: 'cart' } }] },
            scopeSpans: [
              {
                scope: {},
                spans: [
                  {
                    traceId: id,
                    spanId: '0000000000000001',
                    name: 'op 1',
                    kind: 2,
                    startTimeUnixNano: String(nowNs + 1_000n),
                    endTimeUnixNano: String(nowNs + 6_000n),
                    status: {},
                  },
                ],
              },
            ],
          },
        ],
      },
    })
  })

  test.each([
    id,
    id.toUpperCase(),
    encodeURIComponent(base64),
    base64.replace(/=+$/, ''),
    base64.replaceAll('+', '-').replaceAll('/', '_'),
  ])('the id may be written %s', async (text) => {
    const { world, get } = opened()
    await world.flush(world.envelope([span(1, 1)]))
    expect((await get(`/jaeger/api/v3/traces/${text}`)).status).toBe(200)
  })

  test("unknown is 404 and no id 400, in a gRPC gateway's form", async () => {
    const { get } = opened()
    const unknown = await get(`/jaeger/api/v3/traces/${id}?startTime=x`)
    expect(unknown.status).toBe(404)
    expect(await unknown.json()).toEqual({ error: { httpCode: 404, message: 'No traces found' } })
    const wrong = await get('/jaeger/api/v3/traces/xyz')
    expect(wrong.status).toBe(400)
    const message = expect.stringMatching(/^malformed parameter trace_id: trace id must /)
    expect(await wrong.json()).toEqual({ error: { httpCode: 400, message } })
    const raw = await get(`/jaeger/api/v3/traces/${id}?raw_traces=2`)
    expect(raw.status).toBe(400)
  })

  test('an incomplete trace says so in a header', async () => {
    const { world, get } = opened()
    await world.flush(world.envelope([span(1, 1)]))
    const bad = await world.flush(world.envelope([span(1, 2)]))
    await breakRows(world, bad)
    const response = await get(`/jaeger/api/v3/traces/${id}`)
    expect(response.status).toBe(200)
    expect(response.headers.get('x-spanlake-incomplete')).toContain(bad)
  })
})

test('every trouble is told in the form of the API that was asked', async () => {
  const world = lookupWorld()
  const sha256 = hexOf(nodeCodec.sha256(new TextEncoder().encode('secret')))
  const token = { name: 'a', sha256, roles: ['read'], tenants: ['acme'] }
  const access = tokenAccess(JSON.stringify({ tokens: [token] }), nodeCodec)
  const app = createApp({ ...contextOf(world), access })
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await app.request(path, init)
    return [response.status, await response.json()]
  }
  const legacy = (code: number) => [
    code,
    expect.objectContaining({ data: null, errors: [{ code, msg: expect.any(String) }] }),
  ]
  const v3 = (httpCode: number) => [httpCode, { error: { httpCode, message: expect.any(String) } }]
  expect(await ask(`/jaeger/api/traces/${id}`)).toEqual(legacy(401))
  expect(await ask(`/jaeger/api/traces?traceID=${id}`)).toEqual(legacy(401))
  expect(await ask('/jaeger/api/metrics/calls')).toEqual(legacy(401))
  expect(await ask(`/jaeger/api/v3/traces/${id}`)).toEqual(v3(401))
  expect(await ask('/jaeger/api/transform', { method: 'POST' })).toEqual(legacy(401))
  expect(await ask('/jaeger/nothing')).toEqual(legacy(404))
  expect(await ask('/jaeger/api/v3/nothing')).toEqual(v3(404))
  expect(await ask(`/jaeger/api/traces/${id}`, { method: 'POST' })).toEqual(legacy(405))
  expect(await ask(`/jaeger/api/v3/traces/${id}`, { method: 'DELETE' })).toEqual(v3(405))
  const headers = { authorization: 'Bearer secret' }
  expect(await ask('/jaeger/api/metrics/calls?service=a', { headers })).toEqual(legacy(501))
})
