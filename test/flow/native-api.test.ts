import { expect, test } from 'vitest'
import { createApp } from '../../query/app.ts'
import { nodeCodec } from '../../src/adapters/node/codec.ts'
import { SpanlakeError } from '../../src/errors.ts'
import { openAccess, tokenAccess } from '../../src/ingest/access.ts'
import { traceListMax } from '../../src/limits.ts'
import { decodeRequest } from '../../src/otlp/decode.ts'
import { jsonToProtobuf } from '../../src/otlp/json.ts'
import type { ObjectStore } from '../../src/ports/object-store.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { Span } from '../../src/span/span.ts'
import { SpanBatchBuilder } from '../../src/span/span-batch-builder.ts'
import { spansOfBatch } from '../../src/span/spans-of-batch.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { lookupWorld, nowMs, nowNs, traceId } from '../helpers/lookup-world.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'

const nowS = nowMs / 1_000

function span(trace: number, id: number, fields: Partial<Span> & { service?: string } = {}): Span {
  const startNs = nowNs + BigInt(trace) * 1_000_000_000n + BigInt(id)
  return someSpan({
    service: 'cart',
    traceId: traceId(trace),
    spanId: spanId(id),
    name: `op ${id}`,
    startNs,
    endNs: startNs + 5n,
    ...fields,
  })
}

function opened(more: Partial<Parameters<typeof createApp>[0]> = {}, store?: Partial<ObjectStore>) {
  const world = lookupWorld()
  const queue = { maxMessageBytes: 0, send: async () => {} }
  const runtime = { ...world.runtime, store: { ...world.store, ...store } }
  const app = createApp({
    runtime,
    access: openAccess('acme'),
    cache: readCache(),
    queue,
    ...more,
  })
  return { world, app }
}

interface ErrorBody {
  readonly error: { readonly kind: string; readonly message: string }
}

const id = hexOf(traceId(1))

test('one trace as OTLP/JSON that OTLP readers take as it is, with where it was read from and what that cost', async () => {
  const { world, app } = opened()
  const sent = [
    span(1, 1),
    span(1, 2, { service: 'redis', parentSpanId: spanId(1), statusCode: 2 }),
  ]
  const key = await world.flush(world.envelope(sent))
  const response = await app.request(`/api/v1/traces/${id}`)
  const text = await response.text()
  expect(JSON.parse(text).spanlake).toEqual({
    complete: true,
    reasons: [],
    region: 'here',
    spans: 2,
    readFrom: [{ key, rows: 2 }],
    cost: { gets: 2, lists: 2, bytesRead: world.asked.bytes, filesConsidered: 1, filesRead: 1 },
  })
  const builder = new SpanBatchBuilder()
  decodeRequest(jsonToProtobuf(new TextEncoder().encode(text)), builder, { envelope: 0 })
  expect(spansOfBatch(builder.finish())).toEqual(sent)
})

test('ids as people paste them: short, in capitals, a whole traceparent', async () => {
  const { world, app } = opened()
  await world.flush(world.envelope([span(1, 1)]))
  for (const text of [id, id.toUpperCase(), `00-${id}-00f067aa0ba902b7-01`]) {
    expect((await app.request(`/api/v1/traces/${text}`)).status).toBe(200)
  }
  const wrong = await app.request('/api/v1/traces/xyz')
  expect(wrong.status).toBe(400)
  expect(await wrong.json()).toEqual({
    error: { kind: 'invalid', message: 'trace id must be 1 to 32 hex digits, got xyz' },
  })
})

test('an unknown trace is 404 and says that the answer is complete; where a file is broken it is not called unknown', async () => {
  const { world, app } = opened()
  const unknown = await app.request(`/api/v1/traces/${id}`)
  expect(unknown.status).toBe(404)
  expect(await unknown.json()).toMatchObject({
    error: { kind: 'not-found', message: `no span is known of trace ${id}` },
    spanlake: { complete: true, spans: 0 },
  })
  const key = await world.flush(world.envelope([span(2, 1)]))
  const body = (await world.store.get(key))!.body
  await world.store.put(key, body.subarray(0, body.length - 40), { kind: 'overwrite' })
  const maybe = await app.request(`/api/v1/traces/${id}`)
  expect(maybe.status).toBe(200)
  expect(await maybe.json()).toMatchObject({
    resourceSpans: [],
    spanlake: { complete: false, reasons: [expect.stringContaining(key)] },
  })
})

test('the list: newest first, page by page', async () => {
  const { world, app } = opened()
  await world.flush(
    world.envelope([span(1, 1), span(2, 1, { name: 'root', statusCode: 2 }), span(3, 1)]),
  )
  const first = await (await app.request('/api/v1/traces?limit=2&unknown=1')).json()
  expect(first).toMatchObject({
    traces: [{ traceId: hexOf(traceId(3)) }, { traceId: hexOf(traceId(2)) }],
    spanlake: { complete: true, reasons: [], cost: { lists: 2, gets: 1 } },
  })
  const { next, traces } = first as { next: string; traces: unknown[] }
  expect(traces[1]).toEqual({
    traceId: hexOf(traceId(2)),
    startTimeUnixNano: String(nowNs + 2_000_000_001n),
    endTimeUnixNano: String(nowNs + 2_000_000_006n),
    durationNs: '5',
    rootService: 'cart',
    rootName: 'root',
    spans: 1,
    errors: 1,
    services: ['cart'],
  })
  const second = await (await app.request(`/api/v1/traces?limit=2&after=${next}`)).json()
  expect(second).toMatchObject({ traces: [{ traceId: id }] })
  expect(second).not.toHaveProperty('next')
})

test('a service with an empty name is none, in the list as in a search', async () => {
  const { world, app } = opened()
  await world.flush(world.envelope([span(1, 1, { name: 'root', service: '' })]))
  for (const path of ['traces?', 'search?q={}']) {
    const { traces } = (await (await app.request(`/api/v1/${path}`)).json()) as {
      traces: object[]
    }
    expect(traces).toEqual([expect.objectContaining({ rootName: 'root', services: [] })])
    expect(traces[0]).not.toHaveProperty('rootService')
  }
})

test('the list takes times in seconds and in nanoseconds', async () => {
  const { world, app } = opened()
  await world.flush(world.envelope([span(1, 0 + 1), span(2, 1), span(3, 1)]))
  const ids = async (query: string) => {
    const { traces } = (await (await app.request(`/api/v1/traces?${query}`)).json()) as {
      traces: { traceId: string }[]
    }
    return traces.map(({ traceId: hex }) => Number.parseInt(hex.slice(-2), 16))
  }
  expect(await ids(`start=${nowS + 2}`)).toEqual([3, 2])
  expect(await ids(`end=${nowS + 2}`)).toEqual([1])
  expect(await ids(`start=${nowS + 2}&end=${nowS + 3}`)).toEqual([2])
  expect(await ids(`start=${nowNs + 2_000_000_001n}&end=${nowNs + 3_000_000_001n}`)).toEqual([2])
  expect(await ids(`start=${nowNs + 2_000_000_002n}`)).toEqual([3])
})

test.each([
  ['limit=0', 'limit must be from 1'],
  [`limit=${traceListMax + 1}`, 'limit must be from 1'],
  ['limit=-1', 'limit must be from 1'],
  ['limit=1e1', 'limit must be from 1'],
  ['limit=', 'limit must be from 1'],
  ['start=yesterday', 'start must be unix seconds, nanoseconds or a time'],
  ['end=-5', 'end must be unix'],
  [`end=${'9'.repeat(20)}`, 'end must be unix'],
  ['start=5&end=5', 'end must be after start'],
  ['after=abc', 'after must be the next of an earlier page, got abc'],
])('?%s is refused: %s', async (query, message) => {
  const { app } = opened()
  const response = await app.request(`/api/v1/traces?${query}`)
  expect(response.status).toBe(400)
  const { error } = (await response.json()) as ErrorBody
  expect(error.kind).toBe('invalid')
  expect(error.message).toContain(message)
})

test('a list may have as many traces as the bound', async () => {
  const { app } = opened()
  expect((await app.request(`/api/v1/traces?limit=${traceListMax}`)).status).toBe(200)
})

test.each([
  ['invalid', 400, null],
  ['unauthenticated', 401, null],
  ['forbidden', 403, null],
  ['too-large', 413, null],
  ['throttled', 429, '1'],
  ['unavailable', 503, '1'],
  ['internal', 500, null],
] as const)('an error of kind %s is %i as JSON', async (kind, status, retryAfter) => {
  const list = async () => Promise.reject(new SpanlakeError(kind, 'store says no'))
  const { app } = opened({}, { list })
  for (const path of ['/api/v1/traces', `/api/v1/traces/${id}`]) {
    const response = await app.request(path)
    expect(response.status).toBe(status)
    expect(response.headers.get('retry-after')).toBe(retryAfter)
    expect(response.headers.get('www-authenticate')).toBe(
      kind === 'unauthenticated' ? 'Bearer' : null,
    )
    const message = kind === 'internal' ? 'internal error' : 'store says no'
    expect(await response.json()).toEqual({ error: { kind, message } })
  }
})

test('a write token reads nothing, and a tenant sees its own spans alone', async () => {
  const record = (name: string, roles: string[], tenants: string[]) => ({
    name,
    sha256: hexOf(nodeCodec.sha256(new TextEncoder().encode(name))),
    roles,
    tenants,
  })
  const tokens = [
    record('writer', ['write'], ['acme']),
    record('reader', ['read'], ['acme']),
    record('eve', ['read'], ['eve']),
  ]
  const { world, app } = opened({ access: tokenAccess(JSON.stringify({ tokens }), nodeCodec) })
  await world.flush(world.envelope([span(1, 1)]))
  const ask = async (token: string, path: string) =>
    (await app.request(path, { headers: { authorization: `Bearer ${token}` } })).status
  for (const [path, foreign] of [
    ['/api/v1/traces', 200],
    ['/api/v1/search?q={}', 200],
    ['/api/v1/services', 200],
    ['/api/v1/operations?service=cart', 200],
    [`/api/v1/traces/${id}`, 404],
  ] as const) {
    expect((await app.request(path)).status).toBe(401)
    expect(await ask('writer', path)).toBe(403)
    expect(await ask('reader', path)).toBe(200)
    expect(await ask('eve', path)).toBe(foreign)
  }
  const held = async (token: string, path: string) => {
    const headers = { authorization: `Bearer ${token}` }
    const { spanlake, ...value } = (await (await app.request(path, { headers })).json()) as {
      spanlake: unknown
    }
    return Object.values(value).flat().length
  }
  for (const path of ['traces', 'search?q={}', 'services', 'operations?service=cart']) {
    expect(await held('reader', `/api/v1/${path}`), path).toBe(1)
    expect(await held('eve', `/api/v1/${path}`), path).toBe(0)
  }
})

test('what is read can only be read: HEAD has no body, OPTIONS says what may be done, the rest is 405', async () => {
  const { world, app } = opened({ metricsText: async () => 'spanlake_up 1\n' })
  await world.flush(world.envelope([span(1, 1)]))
  const paths = [
    '/api/v1/traces',
    `/api/v1/traces/${id}`,
    '/api/v1/search?q={}',
    '/api/v1/services',
    '/api/v1/operations?service=cart',
    `/tempo/api/traces/${id}`,
    `/tempo/api/v2/traces/${id}`,
    '/tempo/api/echo',
    '/tempo/api/status/buildinfo',
    '/healthz',
    '/readyz',
    '/metrics',
  ]
  for (const path of paths) {
    const head = await app.request(path, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    const options = await app.request(path, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil' },
    })
    expect([options.status, options.headers.get('allow'), await options.text()]).toEqual([
      204,
      'GET, HEAD, OPTIONS',
      '',
    ])
    expect(options.headers.get('access-control-allow-origin')).toBeNull()
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const response = await app.request(path, { method })
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
    }
  }
})

test('every answer carries the headers that keep browsers from running, framing and keeping it', async () => {
  const { app } = opened({}, { list: async () => Promise.reject(new Error('broken')) })
  for (const path of [
    '/healthz',
    '/api/v1/traces',
    '/tempo/api/echo',
    '/nothing',
    '/api/v1/traces/xyz',
  ]) {
    const { headers } = await app.request(path, { headers: { origin: 'https://evil' } })
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('access-control-allow-origin')).toBeNull()
  }
})

test('operations: alive, ready while the store answers, metrics where there are any', async () => {
  const { app } = opened({ metricsText: async () => 'spanlake_up 1\n' })
  expect(await (await app.request('/healthz')).text()).toBe('ok\n')
  expect((await app.request('/readyz')).status).toBe(200)
  const metrics = await app.request('/metrics')
  expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(await metrics.text()).toBe('spanlake_up 1\n')

  const list = async () => Promise.reject(new SpanlakeError('unavailable', 'disk is gone'))
  const without = opened({}, { list }).app
  const ready = await without.request('/readyz')
  expect([ready.status, await ready.text()]).toEqual([503, 'not ready: disk is gone\n'])
  expect((await without.request('/healthz')).status).toBe(200)
  expect((await without.request('/metrics')).status).toBe(404)
  const own = opened({ ready: async () => Promise.reject(new Error('queue is gone')) }).app
  expect((await own.request('/readyz')).status).toBe(503)
})

test('nothing is at an unknown path', async () => {
  const { app } = opened()
  const response = await app.request('/api/v2/traces')
  expect(response.status).toBe(404)
  expect(await response.json()).toEqual({
    error: { kind: 'not-found', message: 'nothing is at /api/v2/traces' },
  })
})
