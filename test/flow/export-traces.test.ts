import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { steppedClock } from '../../src/adapters/memory/clock.ts'
import { nodeCodec } from '../../src/adapters/node/codec.ts'
import { envelopeId } from '../../src/envelope/envelope-id.ts'
import { SpanlakeError } from '../../src/errors.ts'
import { tokenAccess } from '../../src/ingest/access.ts'
import { type DoorAnswer, exportTraces } from '../../src/ingest/export-traces.ts'
import { sendEach } from '../../src/ingest/gather-envelopes.ts'
import { parseSpillKey } from '../../src/layout/keys.ts'
import { envelopeOverheadBytes } from '../../src/limits.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { type MemoryDoor, memoryDoor } from '../helpers/memory-door.ts'
import {
  decodeResponse,
  decodeStatus,
  encodeRequest,
  parseStatus,
} from '../helpers/otlp-protobuf.ts'

const id = (bytes: number, fill: number) => new Uint8Array(bytes).fill(fill)
const span = { traceId: id(16, 1), spanId: id(8, 1), name: 'GET /cart' }
const request = (...spans: object[]) =>
  encodeRequest({ resourceSpans: [{ scopeSpans: [{ spans }] }] })
const one = request(span)

interface Sent {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly chunks?: Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

async function* each<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
  yield* items
}

function send({ door }: MemoryDoor, { method = 'POST', headers = {}, chunks = [one] }: Sent = {}) {
  const all: Readonly<Record<string, string>> = {
    'content-type': 'application/x-protobuf',
    ...headers,
  }
  return exportTraces({ method, header: (name) => all[name], body: each(chunks) }, door)
}

const statusOf = ({ body }: DoorAnswer) => decodeStatus(body)

describe('what is kept', () => {
  test('a gzip body of protobuf lies on the queue as it came, another is compressed once', async () => {
    const memory = memoryDoor()
    const gzipped = new Uint8Array(gzipSync(one))
    await send(memory, { chunks: [gzipped], headers: { 'content-encoding': 'gzip' } })
    await send(memory)
    const { envelopes, spans } = await memory.takeQueued()
    expect(envelopes).toMatchObject([
      { encoding: 'gzip', tenant: 'default', spans: 1, body: { kind: 'inline', bytes: gzipped } },
      { encoding: 'zstd', decompressedBytes: one.length, spans: 1 },
    ])
    // The same spans in another compression are a repeat.
    expect(envelopes[0]?.id).toEqual(envelopes[1]?.id)
    expect(envelopes[0]?.id).toEqual(envelopeId('default', one, nodeCodec))
    expect(spans).toHaveLength(2)
  })

  test('the time of receipt is when the body had come whole', async () => {
    const clock = steppedClock(1_000)
    const memory = memoryDoor({ clock })
    async function* slowly() {
      yield one.subarray(0, 5)
      clock.step(250)
      yield one.subarray(5)
    }
    await send(memory, { chunks: slowly() })
    expect((await memory.takeQueued()).envelopes[0]?.receivedMs).toBe(1_250)
  })

  test('nothing is kept of a request without spans', async () => {
    const memory = memoryDoor()
    expect(await send(memory, { chunks: [] })).toMatchObject({ status: 200 })
    expect(await memory.queue.depth()).toMatchObject({ messages: 0 })
  })

  test('a request with invalid spans is kept whole, and the valid ones are read from it', async () => {
    const memory = memoryDoor()
    const body = request(span, { ...span, spanId: id(8, 0) })
    const answer = await send(memory, { chunks: [body] })
    expect(decodeResponse(answer.body)).toEqual({
      partialSuccess: {
        rejectedSpans: '1',
        errorMessage: 'span id must be 8 bytes and not all zero (1 span)',
      },
    })
    const { envelopes, spans } = await memory.takeQueued()
    expect(envelopes).toMatchObject([{ spans: 2 }])
    expect(spans).toHaveLength(1)
  })
})

describe('spills', () => {
  // Bytes that no compression shortens.
  const noise = Uint8Array.from({ length: 4_000 }, (_, i) => (i * i * 31 + (i >> 3) * 17) & 0xff)
  const attributes = [{ key: 'noise', value: { bytesValue: noise } }]
  const large = request({ ...span, attributes })
  const compressed = nodeCodec.zstd(large)

  test.each([
    ['at the bound a body stays inline', 0, 'inline'],
    ['one byte more is spilled', -1, 'spill'],
  ])('%s', async (_, more, kind) => {
    const maxMessageBytes = compressed.length + envelopeOverheadBytes + more
    const memory = memoryDoor({ maxMessageBytes, sender: sendEach })
    expect(await send(memory, { chunks: [large] })).toMatchObject({ status: 200 })
    const { envelopes, spans } = await memory.takeQueued()
    expect(envelopes[0]?.body.kind).toBe(kind)
    expect(spans[0]?.attributes).toEqual([{ key: 'noise', value: { kind: 'bytes', value: noise } }])
  })

  test('the object is there before the pointer is sent, under the tenant and its date', async () => {
    const clock = steppedClock(Date.UTC(2026, 10, 20, 23, 59))
    const memory = memoryDoor({ maxMessageBytes: 600, sender: sendEach, clock })
    const before: string[] = []
    memory.faults.push(async (sendOn) => {
      const { entries } = await memory.runtime.store.list('')
      before.push(...entries.map(({ key }) => key))
      await sendOn()
    })
    await send(memory, { chunks: [large] })
    expect(before.map(parseSpillKey)).toMatchObject([{ tenant: 'default', date: '2026-11-20' }])
    const { envelopes } = await memory.takeQueued()
    expect(envelopes[0]?.body).toEqual({ kind: 'spill', key: before[0] })
  })

  test('a repeat finds its spill there; another compression of the same body has its own', async () => {
    const memory = memoryDoor({ maxMessageBytes: 600, sender: sendEach })
    const gzipped = { 'content-encoding': 'gzip' }
    await send(memory, { chunks: [large] })
    await send(memory, { chunks: [large] })
    await send(memory, { chunks: [new Uint8Array(gzipSync(large))], headers: gzipped })
    const { envelopes, spans } = await memory.takeQueued()
    const keys = envelopes.map(({ body }) => body.kind === 'spill' && body.key)
    expect(new Set(envelopes.map(({ id: bytes }) => hexOf(bytes))).size).toBe(1)
    expect(keys[0]).toBe(keys[1])
    expect(keys[2]).not.toBe(keys[0])
    expect(spans).toHaveLength(3)
  })

  test('a store in trouble is 503, and no pointer is sent', async () => {
    const memory = memoryDoor({ maxMessageBytes: 600, sender: sendEach })
    memory.runtime.store.put = async () => {
      throw new Error('EIO')
    }
    expect(await send(memory, { chunks: [large] })).toMatchObject({ status: 503 })
    expect(await memory.queue.depth()).toMatchObject({ messages: 0 })
  })
})

describe('trouble of ours is 503 with Retry-After, whatever it is called', () => {
  test.each([
    new SpanlakeError('unavailable', 'queue is full'),
    new SpanlakeError('invalid', 'some adapter is confused'),
    new SpanlakeError('internal', 'some adapter is broken'),
    new TypeError('undefined is not a function'),
  ])('%s', async (error) => {
    const memory = memoryDoor()
    memory.faults.push(async () => {
      throw error
    })
    const refused = await send(memory)
    expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
    expect(statusOf(refused)).toMatchObject({ code: 14 })
    expect(memory.counted.get('spanlake_spans_accepted_total{tenant="default"}')).toBeUndefined()
    // The client comes again, and all is well.
    expect(await send(memory)).toMatchObject({ status: 200 })
    expect((await memory.takeQueued()).spans).toHaveLength(1)
  })

  test('a queue that hangs is given up in time, and what it may yet take still fills memory', async () => {
    const memory = memoryDoor({ limits: { queueSendMsMax: 20 } })
    let sendNow = (): void => {}
    memory.faults.push(
      (sendOn) =>
        new Promise((resolve, reject) => {
          sendNow = () => sendOn().then(resolve, reject)
        }),
    )
    expect(await send(memory)).toMatchObject({ status: 503 })
    expect(memory.door.inFlight.bytes).toBeGreaterThan(0)
    sendNow()
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(memory.door.inFlight.bytes).toBe(0)
    expect((await memory.takeQueued()).spans).toHaveLength(1)
  })

  test('nothing is answered before the queue has it', async () => {
    const memory = memoryDoor()
    const steps: string[] = []
    memory.faults.push(async (sendOn) => {
      await new Promise((resolve) => setTimeout(resolve, 10))
      await sendOn()
      steps.push('durable')
    })
    await send(memory).then(({ status }) => steps.push(`answered ${status}`))
    expect(steps).toEqual(['durable', 'answered 200'])
  })
})

describe('bounds', () => {
  const filler = (bytes: number) => {
    const room = bytes - request({ ...span, name: 'x'.repeat(200) }).length
    return request({ ...span, name: 'x'.repeat(200 + room) })
  }
  const limits = { requestBytesMax: 1_000, requestDecompressedBytesMax: 1_000 }

  test.each([
    ['at the bound', 1_000, 200],
    ['one byte more', 1_001, 413],
  ])('a body %s, declared or not, compressed or not', async (_, bytes, status) => {
    const body = filler(bytes)
    expect(body).toHaveLength(bytes)
    const memory = memoryDoor({ limits })
    const headers = { 'content-length': String(bytes) }
    const gzipped = { 'content-encoding': 'gzip' }
    const answers = [
      await send(memory, { chunks: [body] }),
      await send(memory, { chunks: [body], headers }),
      await send(memory, { chunks: [body.subarray(0, 600), body.subarray(600)] }),
      await send(memory, { chunks: [new Uint8Array(gzipSync(body))], headers: gzipped }),
    ]
    for (const answer of answers) expect(answer.status).toBe(status)
    if (status === 413) for (const answer of answers) expect(statusOf(answer).code).toBe(8)
    expect(memory.door.inFlight.bytes).toBe(0)
  })

  test('a body declared too large is not even begun with', async () => {
    const memory = memoryDoor({ limits })
    let begun = false
    async function* watched() {
      begun = true
      yield one
    }
    const headers = { 'content-length': '1001' }
    expect(await send(memory, { chunks: watched(), headers })).toMatchObject({ status: 413 })
    expect(begun).toBe(false)
  })

  test('nothing is read past the bound', async () => {
    const memory = memoryDoor({ limits })
    let chunks = 0
    function* endless() {
      for (;;) {
        chunks++
        yield new Uint8Array(300)
      }
    }
    expect(await send(memory, { chunks: endless() })).toMatchObject({ status: 413 })
    expect(chunks).toBe(4)
  })

  test('nothing is inflated past the bound', async () => {
    const memory = memoryDoor({ limits })
    const { codec } = memory.runtime
    let bytesInflated = 0
    const gunzip: typeof codec.gunzip = (bytes, bytesMax) => {
      const inflated = codec.gunzip(bytes, bytesMax)
      bytesInflated = inflated.length
      return inflated
    }
    const runtime = { ...memory.runtime, codec: { ...codec, gunzip } }
    const door = { ...memory.door, runtime }
    const chunks = [new Uint8Array(gzipSync(new Uint8Array(100_000)))]
    const headers = { 'content-encoding': 'gzip' }
    expect(await send({ ...memory, door }, { chunks, headers })).toMatchObject({ status: 413 })
    expect(bytesInflated).toBe(0)
  })

  test('a sender that takes too long is refused with 408', async () => {
    const memory = memoryDoor({ limits: { requestMsMax: 20 } })
    let left = false
    async function* stalled() {
      try {
        yield one.subarray(0, 3)
        await new Promise((resolve) => setTimeout(resolve, 60))
        yield one.subarray(3)
      } finally {
        left = true
      }
    }
    const answer = await send(memory, { chunks: stalled() })
    expect(answer.status).toBe(408)
    expect(statusOf(answer)).toMatchObject({
      code: 4,
      message: 'request body must arrive within 20 ms',
    })
    expect(memory.door.inFlight.bytes).toBe(0)
    // What still comes is not counted as held: nobody would give it back.
    await new Promise((resolve) => setTimeout(resolve, 80))
    expect(left).toBe(true)
    expect(memory.door.inFlight.bytes).toBe(0)
    expect(await memory.queue.depth()).toMatchObject({ messages: 0 })
  })

  test('a sender that breaks off leaves nothing behind', async () => {
    const memory = memoryDoor()
    async function* broken() {
      yield one.subarray(0, 3)
      throw new Error('ECONNRESET')
    }
    expect(await send(memory, { chunks: broken() })).toMatchObject({ status: 400 })
    expect(memory.door.inFlight.bytes).toBe(0)
  })

  test('all requests together hold no more than the bound: the next is 503', async () => {
    const memory = memoryDoor({ limits: { inFlightBytesMax: 2 * one.length } })
    let sendAll = (): void => {}
    const gate = new Promise<void>((resolve) => {
      sendAll = resolve
    })
    async function* gated() {
      yield one
      await gate
    }
    const held = [send(memory, { chunks: gated() }), send(memory, { chunks: gated() })]
    await new Promise((resolve) => setTimeout(resolve, 1))
    expect(memory.door.inFlight.bytes).toBe(2 * one.length)
    const refused = await send(memory)
    expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
    sendAll()
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200])
    expect(await send(memory)).toMatchObject({ status: 200 })
    expect(memory.door.inFlight.bytes).toBe(0)
  })
})

describe('who may send, and how much', () => {
  const hashOf = (token: string) => hexOf(nodeCodec.sha256(new TextEncoder().encode(token)))
  const tokens = [
    { name: 'shop', sha256: hashOf('w'), roles: ['write'], tenants: ['acme'] },
    { name: 'grafana', sha256: hashOf('r'), roles: ['read'], tenants: ['acme'] },
    { name: 'two', sha256: hashOf('2'), roles: ['write'], tenants: ['acme', 'emca'] },
  ]
  const tenants = { acme: { spansPerSecond: 2 } }
  const access = tokenAccess(JSON.stringify({ tokens, tenants }), nodeCodec)

  test.each([
    [{}, 401, 16],
    [{ authorization: 'Bearer nobody' }, 401, 16],
    [{ authorization: 'Bearer r' }, 403, 7],
    [{ authorization: 'Bearer w', 'x-scope-orgid': 'emca' }, 403, 7],
    [{ authorization: 'Bearer 2', 'x-scope-orgid': 'acme|emca' }, 400, 3],
    [{ authorization: 'Bearer 2' }, 400, 3],
  ])('%j is refused before anything is read', async (headers, status, code) => {
    const memory = memoryDoor({ access })
    let begun = false
    async function* watched() {
      begun = true
      yield one
    }
    const answer = await send(memory, { headers, chunks: watched() })
    expect(answer.status).toBe(status)
    expect(statusOf(answer).code).toBe(code)
    expect(answer.headers['www-authenticate']).toBe(status === 401 ? 'Bearer' : undefined)
    expect(begun).toBe(false)
  })

  test('an envelope is its tenant’s', async () => {
    const memory = memoryDoor({ access })
    await send(memory, { headers: { authorization: 'Bearer 2', 'x-scope-orgid': 'emca' } })
    expect((await memory.takeQueued()).envelopes).toMatchObject([{ tenant: 'emca' }])
  })

  test('a tenant over its rate gets 429 and the seconds to wait; another does not', async () => {
    const clock = steppedClock(0)
    const memory = memoryDoor({ access, clock })
    const headers = { authorization: 'Bearer w' }
    const burst = request(...Array.from({ length: 12 }, () => span))
    expect(await send(memory, { headers, chunks: [burst] })).toMatchObject({ status: 200 })
    const depth = await memory.queue.depth()
    const refused = await send(memory, { headers })
    expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '1' } })
    expect(statusOf(refused)).toMatchObject({
      code: 8,
      message: 'tenant acme must send at most 2 spans a second, try again in 1 s',
    })
    const json = { ...headers, 'content-type': 'application/json' }
    expect(parseStatus((await send(memory, { headers: json })).body).code).toBe(8)
    expect(await memory.queue.depth()).toEqual(depth)
    const other = { authorization: 'Bearer 2', 'x-scope-orgid': 'emca' }
    expect(await send(memory, { headers: other })).toMatchObject({ status: 200 })
    clock.step(1_500)
    expect(await send(memory, { headers })).toMatchObject({ status: 200 })
  })
})

describe('what is counted', () => {
  test('requests by status, spans accepted and refused by reason, bytes', async () => {
    const memory = memoryDoor()
    const mixed = request(span, span, { ...span, traceId: id(15, 1) })
    await send(memory, { chunks: [mixed] })
    await send(memory, { chunks: [new Uint8Array([7])] })
    await send(memory, { method: 'GET' })
    expect(Object.fromEntries(memory.counted)).toMatchObject({
      'spanlake_requests_total{status="200"}': 1,
      'spanlake_requests_total{status="400"}': 1,
      'spanlake_requests_total{status="405"}': 1,
      'spanlake_spans_accepted_total{tenant="default"}': 2,
      'spanlake_spans_refused_total{reason="trace id must be 16 bytes and not all zero"}': 1,
      spanlake_request_spans: 3,
      spanlake_request_bytes_total: mixed.length + 1,
    })
  })

  test('spans of a request that is refused whole are counted as refused', async () => {
    const memory = memoryDoor()
    await send(memory, { chunks: [request({ ...span, traceId: id(16, 0) })] })
    const reason = 'trace id must be 16 bytes and not all zero'
    expect(memory.counted.get(`spanlake_spans_refused_total{reason="${reason}"}`)).toBe(1)
  })
})
