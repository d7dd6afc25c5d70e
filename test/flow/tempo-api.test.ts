import protobuf from 'protobufjs'
import { expect, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { createApp } from '../../query/app.ts'
import { nodeCodec } from '../../src/adapters/node/codec.ts'
import { openAccess, tokenAccess } from '../../src/ingest/access.ts'
import type { Limits } from '../../src/limits.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { Span } from '../../src/span/span.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { type LookupWorld, lookupWorld, nowNs, traceId } from '../helpers/lookup-world.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'

// What the data source decodes: tempo.proto and trace.proto, as far as these tests look.
const { root } = protobuf.parse(`
  syntax = "proto3";
  message TraceByIDResponse { Trace trace = 1; Metrics metrics = 2; Status status = 3; string message = 4; }
  enum Status { COMPLETE = 0; PARTIAL = 1; }
  message Metrics { uint64 inspectedBytes = 1; uint64 backendReads = 2; uint64 backendBytes = 3; map<string, int64> additionalMetrics = 4; }
  message Trace { repeated ResourceSpans resourceSpans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scopeSpans = 2; string schemaUrl = 3; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
  message Scope { string name = 1; string version = 2; }
  message Span {
    bytes traceId = 1; bytes spanId = 2; bytes parentSpanId = 4; string name = 5; int32 kind = 6;
    fixed64 startTimeUnixNano = 7; fixed64 endTimeUnixNano = 8; repeated KeyValue attributes = 9; SpanStatus status = 15;
  }
  message SpanStatus { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue { oneof value { string stringValue = 1; bool boolValue = 2; int64 intValue = 3; } }
`)

interface DecodedTrace {
  readonly resourceSpans?: readonly {
    readonly resource: { readonly attributes: readonly unknown[] }
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly name: string
        readonly traceId: string
        readonly kind: number
      }[]
    }[]
  }[]
}

async function decoded<T>(response: Response, type: string): Promise<T> {
  const message = root.lookupType(type).decode(new Uint8Array(await response.arrayBuffer()))
  return root
    .lookupType(type)
    .toObject(message, { longs: String, enums: String, bytes: String }) as T
}

async function jsonOf<T>(response: Response | Promise<Response>): Promise<T> {
  return (await (await response).json()) as T
}

interface TempoJson {
  readonly metrics: Readonly<Record<string, string>>
  readonly trace: { readonly resourceSpans: TempoBatches }
}

type TempoBatches = readonly {
  readonly scopeSpans: readonly { readonly spans: readonly TempoSpan[] }[]
}[]

interface TempoSpan {
  readonly attributes: readonly { readonly key: string }[]
}

const spansIn = (trace: DecodedTrace) =>
  (trace.resourceSpans ?? []).flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))

function span(trace: number, id: number, fields: Partial<Span> & { service?: string } = {}): Span {
  const startNs = nowNs + BigInt(id)
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

function opened(limits: Partial<Limits> = {}) {
  const world = lookupWorld(limits)
  const queue = { maxMessageBytes: 0, send: async () => {} }
  const app = createApp({
    runtime: world.runtime,
    access: openAccess('acme'),
    cache: readCache(),
    queue,
  })
  const get = (path: string, accept?: string) =>
    app.request(path, accept === undefined ? {} : { headers: { accept } })
  return { world, app, get }
}

const id = hexOf(traceId(1))
const proto = 'application/protobuf'

async function breakRows(world: LookupWorld, key: string): Promise<void> {
  const body = (await world.store.get(key))!.body
  body.fill(0xff, 4, 200)
  await world.store.put(key, body, { kind: 'overwrite' })
}

test('v2 as protobuf: the trace, its metrics, and a status left at complete', async () => {
  const { world, get } = opened()
  await world.flush(
    world.envelope([
      span(1, 1, { kind: 2 }),
      span(1, 2, { service: 'redis', parentSpanId: spanId(1) }),
    ]),
  )
  const response = await get(`/tempo/api/v2/traces/${id}`, proto)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe(proto)
  const answer = await decoded<{ trace: DecodedTrace; metrics: Record<string, string> }>(
    response,
    'TraceByIDResponse',
  )
  expect(spansIn(answer.trace).map(({ name }) => name)).toEqual(['op 1', 'op 2'])
  expect(answer.trace.resourceSpans?.map(({ resource }) => resource)).toEqual([
    { attributes: [{ key: 'service.name', value: { stringValue: 'cart' } }] },
    { attributes: [{ key: 'service.name', value: { stringValue: 'redis' } }] },
  ])
  const bytes = String(world.asked.bytes)
  expect(answer.metrics).toEqual({ inspectedBytes: bytes, backendReads: '2', backendBytes: bytes })
  expect(answer).not.toHaveProperty('status')
  expect(answer).not.toHaveProperty('message')
})

test('v2 of an unknown trace is 200 with field 1 there and empty, never without it', async () => {
  const { get } = opened()
  const response = await get(`/tempo/api/v2/traces/${id}`, proto)
  expect(response.status).toBe(200)
  const body = new Uint8Array(await response.clone().arrayBuffer())
  expect([...body.subarray(0, 2)]).toEqual([0x0a, 0x00])
  expect(await decoded(response, 'TraceByIDResponse')).toMatchObject({ trace: {} })
  expect(await (await get(`/tempo/api/v2/traces/${id}`)).json()).toMatchObject({
    trace: { resourceSpans: [] },
  })
})

test("v2 as JSON is Tempo's, not OTLP's: base64 ids, names of enums, 64-bit numbers as text; attributes untouched", async () => {
  const { world, get } = opened()
  const attributes = [
    { key: 'traceId', value: { kind: 'string', value: 'ab' } },
    { key: 'kind', value: { kind: 'int', value: 2n } },
    {
      key: 'nested',
      value: { kind: 'map', entries: [{ key: 'code', value: { kind: 'int', value: -1n } }] },
    },
  ] as const
  await world.flush(
    world.envelope([
      span(1, 1, {
        kind: 2,
        statusCode: 2,
        statusMessage: 'no',
        parentSpanId: spanId(9),
        attributes,
        links: [
          {
            traceId: traceId(7),
            spanId: spanId(8),
            traceState: '',
            flags: 0,
            attributes: [],
            droppedAttributesCount: 0,
          },
        ],
      }),
      span(1, 2, { kind: 42, statusCode: 7 }),
    ]),
  )
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
  const answer = await jsonOf<TempoJson>(get(`/tempo/api/v2/traces/${id}`))
  expect(Object.keys(answer).toSorted()).toEqual(['metrics', 'trace'])
  expect(Object.values(answer.metrics).every((value) => typeof value === 'string')).toBe(true)
  const [first, second] = answer.trace.resourceSpans[0]!.scopeSpans[0]!.spans
  expect(first).toMatchObject({
    traceId: base64(traceId(1)),
    spanId: base64(spanId(1)),
    parentSpanId: base64(spanId(9)),
    kind: 'SPAN_KIND_SERVER',
    startTimeUnixNano: String(nowNs + 1n),
    status: { code: 'STATUS_CODE_ERROR', message: 'no' },
    links: [{ traceId: base64(traceId(7)), spanId: base64(spanId(8)) }],
  })
  const byKey = (list: readonly { key: string }[]) =>
    list.toSorted((a, b) => (a.key < b.key ? -1 : 1))
  expect(byKey(first!.attributes)).toEqual([
    { key: 'kind', value: { intValue: '2' } },
    {
      key: 'nested',
      value: { kvlistValue: { values: [{ key: 'code', value: { intValue: '-1' } }] } },
    },
    { key: 'traceId', value: { stringValue: 'ab' } },
  ])
  // Outside the enums a number has no name.
  expect(second).toMatchObject({ kind: 42, status: { code: 7 } })
})

test('v1: a bare trace as protobuf, batches as JSON, 404 without a body when it is unknown', async () => {
  const { world, get } = opened()
  await world.flush(world.envelope([span(1, 1), span(1, 2)]))
  const bare = await get(`/tempo/api/traces/${id}`, proto)
  expect(bare.headers.get('content-type')).toBe(proto)
  expect(spansIn(await decoded<DecodedTrace>(bare, 'Trace')).map(({ name }) => name)).toEqual([
    'op 1',
    'op 2',
  ])
  const json = await jsonOf<{ batches: TempoBatches }>(get(`/tempo/api/traces/${id}`))
  expect(Object.keys(json)).toEqual(['batches'])
  expect(json.batches[0]!.scopeSpans[0]!.spans).toHaveLength(2)
  for (const accept of [proto, undefined]) {
    const unknown = await get(`/tempo/api/traces/${hexOf(traceId(2))}`, accept)
    expect(unknown.status).toBe(404)
    expect(await unknown.text()).toBe('')
  }
})

test('the accepted type is looked for anywhere in the header, and JSON is the rule', async () => {
  const { world, get } = opened()
  await world.flush(world.envelope([span(1, 1)]))
  const typeOf = async (accept: string) =>
    (await get(`/tempo/api/v2/traces/${id}`, accept)).headers.get('content-type')
  expect(await typeOf('text/html, application/protobuf;q=0.5')).toBe(proto)
  expect(await typeOf('*/*')).toMatch(/^application\/json/)
  expect(await typeOf('')).toMatch(/^application\/json/)
})

test('ids: short ones are padded, in any case; what is no id is 400 in plain text', async () => {
  const { world, get } = opened()
  const short = new Uint8Array(16)
  short[14] = 0x0a
  short[15] = 0xbc
  await world.flush(world.envelope([span(1, 1, { traceId: short }), span(1, 2)]))
  for (const text of ['abc', 'ABC', '0abc', 'abc'.padStart(32, '0')]) {
    const response = await get(`/tempo/api/traces/${text}`, proto)
    expect(spansIn(await decoded<DecodedTrace>(response, 'Trace'))).toHaveLength(1)
  }
  for (const version of ['', '/v2']) {
    for (const text of ['xyz', '0', '0'.repeat(32), 'a'.repeat(33), '%zz', 'ab%20cd']) {
      const response = await get(`/tempo/api${version}/traces/${text}`, proto)
      expect(response.status, text).toBe(400)
      expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
      expect(await response.text()).toMatch(/^trace id must /)
    }
  }
})

test('time hints never hide a trace, and parameters nobody knows are ignored', async () => {
  const { world, get } = opened()
  await world.flush(world.envelope([span(1, 1)]))
  const query = 'start=1&end=2&spss=x&q=%7B%7D&tag=&limit=-1'
  const answer = await decoded<{ trace: DecodedTrace }>(
    await get(`/tempo/api/v2/traces/${id}?${query}`, proto),
    'TraceByIDResponse',
  )
  expect(spansIn(answer.trace)).toHaveLength(1)
})

test('a broken file: v2 says PARTIAL and names it in both encodings, v1 says so in a header', async () => {
  const { world, get } = opened()
  await world.flush(world.envelope([span(1, 1)]))
  const bad = await world.flush(world.envelope([span(1, 2)]))
  await breakRows(world, bad)
  const answer = await decoded<{ trace: DecodedTrace; status: string; message: string }>(
    await get(`/tempo/api/v2/traces/${id}`, proto),
    'TraceByIDResponse',
  )
  expect(answer).toMatchObject({ status: 'PARTIAL', message: expect.stringContaining(bad) })
  expect(spansIn(answer.trace).map(({ name }) => name)).toEqual(['op 1'])
  const json = await (await get(`/tempo/api/v2/traces/${id}`)).json()
  expect(json).toMatchObject({ status: 'PARTIAL', message: answer.message })
  const v1 = await get(`/tempo/api/traces/${id}`, proto)
  expect(v1.headers.get('x-spanlake-incomplete')).toContain(bad)
  expect(spansIn(await decoded<DecodedTrace>(v1, 'Trace'))).toHaveLength(1)
})

test('when nothing can be read, v1 does not claim that the trace is unknown', async () => {
  const { world, get } = opened()
  const bad = await world.flush(world.envelope([span(1, 2)]))
  await breakRows(world, bad)
  const v1 = await get(`/tempo/api/traces/${id}`, proto)
  expect(v1.status).toBe(500)
  expect(await v1.text()).toContain(bad)
  const v2 = await get(`/tempo/api/v2/traces/${id}`, proto)
  expect(v2.status).toBe(200)
  expect(await decoded(v2, 'TraceByIDResponse')).toMatchObject({ status: 'PARTIAL', trace: {} })
})

test('a trace beyond the bound: v2 gives what fits and says so, v1 is 422', async () => {
  const { world, get } = opened({ traceSpansMax: 2 })
  await world.flush(world.envelope([span(1, 1), span(1, 2), span(1, 3)]))
  const answer = await decoded<{ trace: DecodedTrace; message: string }>(
    await get(`/tempo/api/v2/traces/${id}`, proto),
    'TraceByIDResponse',
  )
  expect(spansIn(answer.trace)).toHaveLength(2)
  expect(answer).toMatchObject({
    status: 'PARTIAL',
    message: 'trace is larger than an answer may be, 1 rows left out',
  })
  const v1 = await get(`/tempo/api/traces/${id}`, proto)
  expect(v1.status).toBe(422)
  expect(await v1.text()).toBe(answer.message)
})

test('the settings page: echo and build information', async () => {
  const { get } = opened()
  const echo = await get('/tempo/api/echo')
  expect([echo.status, await echo.text()]).toEqual([200, 'echo'])
  const info = await (await get('/tempo/api/status/buildinfo')).json()
  expect(info).toEqual({
    version: packageJson.version,
    revision: '',
    branch: '',
    buildDate: '',
    buildUser: '',
    goVersion: '',
  })
})

test('troubles are told in plain text with their status; bugs keep their words to themselves', async () => {
  const { world } = opened()
  const token = 'secret'
  const record = (name: string, text: string, roles: string[], tenants: string[]) => ({
    name,
    sha256: hexOf(nodeCodec.sha256(new TextEncoder().encode(text))),
    roles,
    tenants,
  })
  const tokens = JSON.stringify({
    tokens: [
      record('a', token, ['read'], ['acme']),
      record('b', 'writer', ['write'], ['acme']),
      record('c', 'both', ['read'], ['acme', 'eve']),
    ],
  })
  await world.flush(world.envelope([span(1, 1)]))
  const queue = { maxMessageBytes: 0, send: async () => {} }
  const context = {
    runtime: world.runtime,
    access: tokenAccess(tokens, nodeCodec),
    cache: readCache(),
    queue,
  }
  const ask = async (
    headers: Record<string, string>,
    path = `/tempo/api/v2/traces/${id}`,
    app = createApp(context),
  ) => {
    const response = await app.request(path, { headers })
    return [response.status, response.headers.get('content-type')?.split(';')[0]]
  }
  const bearer = (text: string) => ({ authorization: `Bearer ${text}` })
  expect(await ask(bearer(token))).toEqual([200, 'application/json'])
  expect(await ask({})).toEqual([401, 'text/plain'])
  expect(await ask({}, '/tempo/api/echo')).toEqual([401, 'text/plain'])
  expect(await ask(bearer('writer'))).toEqual([403, 'text/plain'])
  expect(await ask(bearer('both'))).toEqual([400, 'text/plain'])
  expect(await ask({ ...bearer('both'), 'x-scope-orgid': 'eve' })).toEqual([
    200,
    'application/json',
  ])
  expect(await ask({ ...bearer(token), 'x-scope-orgid': 'eve' })).toEqual([403, 'text/plain'])
  expect(await ask(bearer(token), '/tempo/api/nothing')).toEqual([404, 'text/plain'])

  const store = {
    ...world.store,
    list: async () => Promise.reject(new Error('secret of the store')),
  }
  const failing = createApp({ ...context, runtime: { ...world.runtime, store } })
  const response = await failing.request(`/tempo/api/v2/traces/${id}`, { headers: bearer(token) })
  expect([response.status, await response.text()]).toEqual([500, 'internal error'])
})
