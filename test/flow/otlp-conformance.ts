import { Agent } from 'node:http'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { type Limits, nestingDepthMax } from '../../src/limits.ts'
import type { KeyValue, Span } from '../../src/span/span.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { type Answer, type Exchange, exchange } from '../helpers/http-client.ts'
import {
  decodeResponse,
  decodeStatus,
  type ExportResponse,
  encodeRequest,
  type Message,
  parseStatus,
  type Status,
} from '../helpers/otlp-protobuf.ts'

/** A receiver under test: any URL will do. */
export interface ConformanceTarget {
  readonly url: () => string
  /** Sent with every request, for a receiver that wants a token. */
  readonly headers?: Readonly<Record<string, string>>
  /** Carries the requests; node's HTTP/1.1 client where it is not given. */
  readonly exchange?: (url: string, options: Exchange) => Promise<Answer>
  /** What can be set and seen only of a receiver that the test itself has started. */
  readonly control?: ConformanceControl
}

export interface ConformanceControl {
  readonly limits: () => Limits
  /** The spans of all requests acknowledged since the last call. */
  readonly takeSpans: () => Promise<readonly Span[]>
  /** The next request fails to become durable; with `after`, only once it has. */
  readonly failNext: (error: Error, when?: 'before' | 'after') => void
}

/** The two encodings of a request and of its answer. */
const encodings = [
  {
    name: 'protobuf',
    type: 'application/x-protobuf',
    encode: (request: Message): Uint8Array => encodeRequest(request),
    response: (body: Uint8Array): ExportResponse => decodeResponse(body),
    status: (body: Uint8Array): Status => decodeStatus(body),
    nested: nestedProtobuf,
    broken: new Uint8Array([0x0a, 0xff, 0x01, 0x02]),
  },
  {
    name: 'json',
    type: 'application/json',
    encode: (request: Message): Uint8Array => Buffer.from(JSON.stringify(jsonOf(request))),
    response: (body: Uint8Array): ExportResponse =>
      JSON.parse(Buffer.from(body).toString()) as ExportResponse,
    status: (body: Uint8Array): Status => parseStatus(body),
    nested: nestedJson,
    broken: Buffer.from('{"resourceSpans":['),
  },
] as const

/** OTLP/JSON of a message: ids are hex, other bytes base64. */
function jsonOf(value: unknown, name = ''): unknown {
  if (value instanceof Uint8Array) {
    const isId = /^(traceId|spanId|parentSpanId)$/.test(name)
    return isId ? hexOf(value) : Buffer.from(value).toString('base64')
  }
  if (Array.isArray(value)) return value.map((item) => jsonOf(item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonOf(item, key)]))
}

const id = (bytes: number, fill = 7) => new Uint8Array(bytes).fill(fill)
let spansMade = 0

/** A span that is like no other. */
function aSpan(overrides: Message = {}): Message {
  const spanId = id(8)
  new DataView(spanId.buffer).setUint32(0, ++spansMade)
  return {
    traceId: id(16),
    spanId,
    name: 'GET /cart',
    kind: 2,
    startTimeUnixNano: '1763658000000000001',
    endTimeUnixNano: '1763658000005000002',
    ...overrides,
  }
}

const requestOf = (...spans: readonly Message[]): Message => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'cart' } }] },
      scopeSpans: [{ scope: { name: 'conformance' }, spans }],
    },
  ],
})

/** A request whose one attribute is this many arrays in each other; protobufjs itself refuses to write the deep ones. */
function nestedProtobuf(depth: number): Uint8Array {
  const field = (number: number, ...parts: Uint8Array[]) => {
    const content = Buffer.concat(parts)
    const length = [(content.length & 0x7f) | 0x80, (content.length >> 7) & 0x7f]
    return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), content])
  }
  let value = field(1, Buffer.from('deep'))
  for (let i = 0; i < depth; i++) value = field(5, field(1, value))
  const attribute = field(9, field(1, Buffer.from('k')), field(2, value))
  return field(1, field(2, field(2, field(1, id(16)), field(2, id(8)), attribute)))
}

function nestedJson(depth: number): Uint8Array {
  const value = `${'{"arrayValue":{"values":['.repeat(depth)}{}${']}}'.repeat(depth)}`
  const span = `"traceId":"${hexOf(id(16))}","spanId":"${hexOf(id(8))}"`
  const attributes = `"attributes":[{"key":"k","value":${value}}]`
  return Buffer.from(`{"resourceSpans":[{"scopeSpans":[{"spans":[{${span},${attributes}}]}]}]}`)
}

/** Rules that no request to a receiver can test, and where they are kept instead. */
export const rulesElsewhere: Readonly<Record<number, string>> = {
  3: 'the default port is the command’s',
  40: 'the client’s',
  41: 'the client’s; the OpenTelemetry SDK is held against ours in test/e2e/opentelemetry-sdk.test.ts',
  42: 'the client’s',
}

/** Registers one case or more for every numbered rule of the OTLP/HTTP receiver (docs: OTLP 1.11.0). */
export function otlpConformance(target: ConformanceTarget): void {
  const { control, exchange: carry = exchange } = target
  const send = (options: Exchange): Promise<Answer> =>
    carry(target.url(), { ...options, headers: { ...target.headers, ...options.headers } })
  const controlled = test.skipIf(control === undefined)
  if (control === undefined) {
    console.warn('conformance: cases that need a receiver of our own are skipped')
  }
  const takeSpans = async (): Promise<readonly Span[]> => (await control?.takeSpans()) ?? []

  describe.each(encodings)(
    '$name',
    ({ type, encode, response, status: statusIn, nested, broken }) => {
      const post = (body: Uint8Array, headers: Readonly<Record<string, string>> = {}) =>
        send({ body, headers: { 'content-type': type, ...headers } })
      const good = () => encode(requestOf(aSpan()))

      async function expectTaken(answer: Promise<Answer>): Promise<void> {
        const { status, headers, body } = await answer
        expect(status).toBe(200)
        expect(headers['content-type']).toBe(type)
        expect(response(body)).toEqual({})
      }

      async function expectRefused(answer: Promise<Answer>, status: number): Promise<Status> {
        const refused = await answer
        expect(refused.status).toBe(status)
        expect(refused.headers['content-type']).toBe(type)
        const said = statusIn(refused.body)
        expect(said.message).toMatch(/\S/)
        return said
      }

      /** What arrived of a request that was taken whole; nothing where that cannot be seen. */
      async function arrived(...spans: readonly Message[]): Promise<readonly Span[]> {
        await takeSpans()
        await expectTaken(post(encode(requestOf(...spans))))
        return takeSpans()
      }

      test('rule 1: bodies plain, marked identity, and gzipped', async () => {
        await takeSpans()
        await expectTaken(post(good()))
        await expectTaken(post(good(), { 'content-encoding': 'identity' }))
        await expectTaken(post(gzipSync(good()), { 'content-encoding': 'gzip' }))
        await expectTaken(post(gzipSync(good()), { 'content-encoding': 'GZIP' }))
        if (control) expect(await takeSpans()).toHaveLength(4)
      })

      test('rule 1: gzip members one after the other are one body', async () => {
        const body = good()
        const members = [gzipSync(body.subarray(0, 20)), gzipSync(body.subarray(20))]
        await expectTaken(post(Buffer.concat(members), { 'content-encoding': 'gzip' }))
      })

      test('rule 1: gzip that is cut short or is none is 400', async () => {
        const gzipped = gzipSync(good())
        const headers = { 'content-encoding': 'gzip' }
        await expectRefused(post(gzipped.subarray(0, gzipped.length - 1), headers), 400)
        await expectRefused(post(gzipped.subarray(0, 10), headers), 400)
        await expectRefused(post(good(), headers), 400)
        await expectRefused(post(new Uint8Array(), headers), 400)
      })

      test('rule 2: other signals are not taken here', async () => {
        for (const path of ['/v1/metrics', '/v1/logs']) {
          const answer = send({ path, body: good(), headers: { 'content-type': type } })
          await expectRefused(answer, 404)
        }
      })

      test('rule 4: a body is one whole request', async () => {
        expect((await expectRefused(post(broken), 400)).code).toBe(3)
      })

      test('rule 5: other methods are 405, and say which one is allowed', async () => {
        for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
          const headers = { 'content-type': type }
          const answer = send({ method, headers })
          await expectRefused(answer, 405)
          expect((await answer).headers.allow).toMatch(/\bPOST\b/)
        }
      })

      test('rule 5: an encoding that nobody knows is 415', async () => {
        await expectRefused(post(good(), { 'content-encoding': 'br' }), 415)
        await expectRefused(post(good(), { 'content-encoding': 'gzip, gzip' }), 415)
      })

      test('rule 6: parameters and case of the media type change nothing', async () => {
        for (const sent of [`${type}; charset=utf-8`, `${type};v=1`, type.toUpperCase()]) {
          await expectTaken(send({ body: good(), headers: { 'content-type': sent } }))
          const refused = await send({ body: broken, headers: { 'content-type': sent } })
          expect(refused).toMatchObject({ status: 400, headers: { 'content-type': type } })
        }
      })

      test('rule 7: an answer may be gzipped for who accepts it, and reads the same', async () => {
        await expectTaken(post(good(), { 'accept-encoding': 'gzip' }))
        await expectRefused(post(broken, { 'accept-encoding': 'gzip' }), 400)
      })

      const http1 = test.skipIf(carry !== exchange)
      http1('rule 8: one connection carries many requests, refused ones too', async () => {
        const agent = new Agent({ keepAlive: true, maxSockets: 1 })
        const ports = new Set<number>()
        agent.on('free', (socket) => ports.add(socket.localPort ?? 0))
        const headers = { 'content-type': type }
        for (const body of [good(), broken, good()]) await send({ body, headers, agent })
        expect(ports.size).toBe(1)
        agent.destroy()
      })

      test('rule 8: several connections at once', async () => {
        await Promise.all(Array.from({ length: 20 }, () => expectTaken(post(good()))))
      })

      test('rule 8: a body in chunks, of no declared length', async () => {
        const body = good()
        const chunks = [body.subarray(0, 1), body.subarray(1, 30), body.subarray(30)]
        await expectTaken(send({ chunks, headers: { 'content-type': type } }))
      })

      controlled('rule 9: a body over the limit is 413, as sent and once inflated', async () => {
        const { requestBytesMax, requestDecompressedBytesMax } = control!.limits()
        const large = (bytes: number) => encode(requestOf(aSpan({ name: 'x'.repeat(bytes) })))
        const over = large(requestBytesMax + 1)
        expect((await expectRefused(post(over), 413)).code).toBe(8)
        const headers = { 'content-type': type }
        await expectRefused(send({ chunks: [over.subarray(0, 9), over.subarray(9)], headers }), 413)
        const inflating = gzipSync(large(requestDecompressedBytesMax + 1))
        expect(inflating.length).toBeLessThan(requestBytesMax)
        await expectRefused(post(inflating, { 'content-encoding': 'gzip' }), 413)
        await expectTaken(post(large(requestBytesMax - 1_000)))
      })

      controlled('rule 12: neither a trailer nor a header is believed', async () => {
        const { requestDecompressedBytesMax } = control!.limits()
        const bomb = gzipSync(Buffer.alloc(20 * requestDecompressedBytesMax))
        bomb.writeUInt32LE(10, bomb.length - 4)
        expect(bomb.length).toBeLessThan(requestDecompressedBytesMax)
        await expectRefused(post(bomb, { 'content-encoding': 'gzip' }), 413)
      })

      test('rule 13: values nested too deep are 400, and sensible ones are not', async () => {
        await expectTaken(post(nested(nestingDepthMax)))
        for (const depth of [nestingDepthMax + 1, 1_000]) {
          await expectRefused(post(nested(depth)), 400)
        }
      })

      test('rule 14: full success leaves partial_success unset', async () => {
        const { status, body } = await post(good())
        expect(status).toBe(200)
        expect(Buffer.from(body).toString()).toBe(type === 'application/json' ? '{}' : '')
      })

      test('rule 15: empty requests and empty envelopes succeed', async () => {
        await expectTaken(post(encode({})))
        await expectTaken(post(encode({ resourceSpans: [] })))
        await expectTaken(post(encode({ resourceSpans: [{}] })))
        await expectTaken(post(encode({ resourceSpans: [{ scopeSpans: [{}] }] })))
        await expectTaken(
          post(encode({ resourceSpans: [{ resource: {}, scopeSpans: [{ scope: {} }] }] })),
        )
      })

      test('rules 16, 17, 24: bad spans are counted, with the reason, and the others taken', async () => {
        await takeSpans()
        const spans = [
          aSpan(),
          aSpan({ traceId: id(16, 0) }),
          aSpan({ traceId: id(15) }),
          aSpan({ traceId: id(17) }),
          aSpan({ spanId: id(8, 0) }),
          aSpan({ spanId: id(7) }),
          aSpan({ spanId: id(0) }),
          aSpan({ name: 'the last' }),
        ]
        const { status, headers, body } = await post(encode(requestOf(...spans)))
        expect(status).toBe(200)
        expect(headers['content-type']).toBe(type)
        const { partialSuccess } = response(body)
        expect(partialSuccess?.rejectedSpans).toBe('6')
        expect(partialSuccess?.errorMessage).toMatch(/trace.?id/i)
        expect(partialSuccess?.errorMessage).toMatch(/span.?id/i)
        if (control) {
          expect((await takeSpans()).map(({ name }) => name)).toEqual(['GET /cart', 'the last'])
        }
      })

      test('rules 18, 25: what is mended is a warning, and no span is lost for it', async () => {
        await takeSpans()
        const spans = [aSpan({ parentSpanId: id(7) }), aSpan({ parentSpanId: id(8, 1) }), aSpan()]
        const { status, body } = await post(encode(requestOf(...spans)))
        expect(status).toBe(200)
        const { partialSuccess } = response(body)
        expect(partialSuccess?.rejectedSpans ?? '0').toBe('0')
        expect(partialSuccess?.errorMessage).toMatch(/parent/)
        if (control) {
          const parents = (await takeSpans()).map(({ parentSpanId }) => parentSpanId)
          expect(parents).toEqual([undefined, id(8, 1), undefined])
        }
      })

      test('rules 19, 20: what nobody can decode is 400 with a Status that says what is wrong', async () => {
        const said = await expectRefused(post(broken), 400)
        expect(said.code).toBe(3)
        expect(said.violations).not.toHaveLength(0)
      })

      test('rule 20: a request of nothing but bad spans is 400', async () => {
        const said = await expectRefused(post(encode(requestOf(aSpan({ spanId: id(8, 0) })))), 400)
        expect(said.message).toMatch(/span.?id/i)
        expect(said.violations).not.toHaveLength(0)
      })

      controlled(
        'rules 21 to 23: trouble of the queue is 503 with Retry-After, then all is well',
        async () => {
          await takeSpans()
          const body = good()
          for (const error of [new Error('disk on fire'), new TypeError('a bug')]) {
            control!.failNext(error)
            const answer = post(body)
            expect((await expectRefused(answer, 503)).code).toBe(14)
            expect((await answer).headers['retry-after']).toMatch(/^[1-9]\d*$/)
          }
          expect(await takeSpans()).toHaveLength(0)
          await expectTaken(post(body))
          expect(await takeSpans()).toHaveLength(1)
        },
      )

      controlled(
        'rule 23: an answer that got lost after the queue took it is 503 too, and a repeat',
        async () => {
          await takeSpans()
          const body = good()
          control!.failNext(new Error('answer lost'), 'after')
          await expectRefused(post(body), 503)
          await expectTaken(post(body))
          const spans = await takeSpans()
          expect(spans).toHaveLength(2)
          expect(spans[0]).toEqual(spans[1])
        },
      )

      controlled('rules 26, 27, 33: all bits of flags, trace state, kinds as sent', async () => {
        const links = [
          { traceId: id(16, 3), spanId: id(8, 3), traceState: 'l=1', flags: 0xffff_ff01 },
        ]
        const spans = [
          aSpan({ flags: 0xffff_ffff, traceState: 'a=1,b=2', kind: 0, links }),
          aSpan({ flags: 0x301, kind: 77, status: { code: 9, message: 'odd' } }),
        ]
        expect(await arrived(...spans)).toMatchObject([
          {
            flags: 0xffff_ffff,
            traceState: 'a=1,b=2',
            kind: 0,
            links: [{ flags: 0xffff_ff01, traceState: 'l=1' }],
          },
          { flags: 0x301, kind: 77, statusCode: 9, statusMessage: 'odd' },
        ])
      })

      controlled('rule 28: an end before the start is kept as sent', async () => {
        const [span] = await arrived(aSpan({ startTimeUnixNano: '2000', endTimeUnixNano: '1000' }))
        expect(span).toMatchObject({ startNs: 2_000n, endNs: 1_000n })
      })

      controlled('rule 29: values of every kind, empty and mixed ones too', async () => {
        const attributes = [
          { key: 'text', value: { stringValue: 'ä€🙂' } },
          { key: 'empty text', value: { stringValue: '' } },
          { key: 'no', value: { boolValue: false } },
          { key: 'int', value: { intValue: '-9223372036854775808' } },
          { key: 'double', value: { doubleValue: -0.1 } },
          { key: 'bytes', value: { bytesValue: id(3, 255) } },
          { key: 'none', value: {} },
          {
            key: 'mixed',
            value: { arrayValue: { values: [{ intValue: '1' }, { stringValue: 'x' }, {}] } },
          },
          {
            key: 'map',
            value: { kvlistValue: { values: [{ key: 'a', value: { boolValue: true } }] } },
          },
          { key: 'empty map', value: { kvlistValue: { values: [] } } },
        ]
        const events = [{ timeUnixNano: '5', name: 'e', attributes }]
        const [span] = await arrived(aSpan({ attributes, events }))
        const expected = {
          text: { kind: 'string', value: 'ä€🙂' },
          'empty text': { kind: 'string', value: '' },
          no: { kind: 'bool', value: false },
          int: { kind: 'int', value: -(2n ** 63n) },
          double: { kind: 'double', value: -0.1 },
          bytes: { kind: 'bytes', value: id(3, 255) },
          none: { kind: 'empty' },
          mixed: {
            kind: 'array',
            values: [{ kind: 'int', value: 1n }, { kind: 'string', value: 'x' }, { kind: 'empty' }],
          },
          map: { kind: 'map', entries: [{ key: 'a', value: { kind: 'bool', value: true } }] },
          'empty map': { kind: 'map', entries: [] },
        }
        expect(byKey(span!.attributes)).toEqual(expected)
        expect(byKey(span!.events[0]!.attributes)).toEqual(expected)
      })

      controlled('rule 31: of a key that stands twice the last value counts', async () => {
        const attributes = [
          { key: 'k', value: { stringValue: 'first' } },
          { key: 'k', value: { intValue: '2' } },
        ]
        const [span] = await arrived(aSpan({ attributes }))
        expect(byKey(span!.attributes)).toEqual({ k: { kind: 'int', value: 2n } })
      })

      controlled(
        'rule 32: schema URLs, scopes and dropped counts; entities never fail',
        async () => {
          const attributes = [{ key: 'a', value: { stringValue: 'b' } }]
          const entityRefs = [{ type: 'service', idKeys: ['service.name'], schemaUrl: 'https://e' }]
          const request = {
            resourceSpans: [
              {
                resource: { attributes, droppedAttributesCount: 1, entityRefs },
                schemaUrl: 'https://resource',
                scopeSpans: [
                  {
                    scope: { name: 'n', version: 'v', attributes, droppedAttributesCount: 2 },
                    schemaUrl: 'https://scope',
                    spans: [
                      aSpan({
                        droppedAttributesCount: 3,
                        droppedEventsCount: 4,
                        droppedLinksCount: 5,
                        events: [{ name: 'e', droppedAttributesCount: 6 }],
                        links: [{ traceId: id(16), spanId: id(8), droppedAttributesCount: 7 }],
                      }),
                    ],
                  },
                ],
              },
            ],
          }
          await takeSpans()
          await expectTaken(post(encode(request)))
          expect(await takeSpans()).toMatchObject([
            {
              resource: { droppedAttributesCount: 1, schemaUrl: 'https://resource' },
              scope: {
                name: 'n',
                version: 'v',
                droppedAttributesCount: 2,
                schemaUrl: 'https://scope',
              },
              droppedAttributesCount: 3,
              droppedEventsCount: 4,
              droppedLinksCount: 5,
              events: [{ droppedAttributesCount: 6 }],
              links: [{ droppedAttributesCount: 7 }],
            },
          ])
        },
      )

      test('rule 33: fields that nobody knows are passed over', async () => {
        await expectTaken(post(encode(requestOf(aSpan({ notYetInvented: 'x'.repeat(300) })))))
      })

      test('rules 11, 43: an answer stays small, however much is wrong', async () => {
        const spans = Array.from({ length: 500 }, (_, i) => aSpan({ spanId: id(i % 8) }))
        const answers = [
          await post(encode(requestOf(aSpan(), ...spans))),
          await post(encode(requestOf(...spans))),
          await post(good(), { 'content-encoding': 'x'.repeat(5_000) }),
        ]
        expect(answers.map(({ status }) => status)).toEqual([200, 400, 415])
        for (const { body } of answers) expect(body.length).toBeLessThan(64 * 1024)
      })
    },
  )

  test('rule 5: other media types are 415, answered in protobuf', async () => {
    const body = encodeRequest(requestOf(aSpan()))
    const types = ['text/plain', 'application/grpc', 'application/x-ndjson', '']
    for (const sent of types) {
      const headers = sent === '' ? {} : { 'content-type': sent }
      const answer = await send({ body, headers })
      expect(answer).toMatchObject({
        status: 415,
        headers: { 'content-type': 'application/x-protobuf' },
      })
      expect(decodeStatus(answer.body).message).toMatch(/content-type/)
    }
  })

  controlled('rule 10: 64 MiB unless set otherwise', async () => {
    const { defaultLimits } = await import('../../src/limits.ts')
    expect(defaultLimits.requestBytesMax).toBe(64 * 1024 * 1024)
    expect(defaultLimits.requestDecompressedBytesMax).toBe(64 * 1024 * 1024)
  })

  controlled('rule 30: fields of profiling are read as absent', async () => {
    await takeSpans()
    const attributes = [
      { key: 'k', value: { stringValueStrindex: 5 } },
      { keyStrindex: 3, value: { stringValue: 'v' } },
    ]
    const body = encodeRequest(requestOf(aSpan({ attributes })))
    const headers = { 'content-type': 'application/x-protobuf' }
    expect(await send({ body, headers })).toMatchObject({ status: 200 })
    const [span] = await takeSpans()
    expect(byKey(span!.attributes)).toEqual({
      k: { kind: 'empty' },
      '': { kind: 'string', value: 'v' },
    })
  })

  describe('JSON alone', () => {
    const headers = { 'content-type': 'application/json' }
    const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
    const postSpan = (members: string) => {
      const span = `{"traceId":"${ids.traceId}","spanId":"${ids.spanId}"${members && `,${members}`}}`
      return send({ body: `{"resourceSpans":[{"scopeSpans":[{"spans":[${span}]}]}]}`, headers })
    }
    async function taken(members: string): Promise<Span> {
      await takeSpans()
      const answer = await postSpan(members)
      expect(answer.status).toBe(200)
      expect(Buffer.from(answer.body).toString()).toBe('{}')
      const [span] = await takeSpans()
      return span!
    }

    controlled('rule 34: ids are hex in any case', async () => {
      const { traceId, spanId } = ids
      const upper = `"parentSpanId":"${spanId.toUpperCase()}","links":[{"traceId":"${traceId.toUpperCase()}","spanId":"${spanId}"}]`
      const span = await taken(upper)
      expect(hexOf(span.traceId)).toBe(traceId)
      expect(hexOf(span.parentSpanId!)).toBe(spanId)
      expect(hexOf(span.links[0]!.traceId)).toBe(traceId)
    })

    test('rule 34: an id that is not hex is 400', async () => {
      expect(await postSpan('"parentSpanId":"CvdlGRbNQ90="')).toMatchObject({ status: 400 })
    })

    controlled('rule 35: enums are numbers; their names are understood', async () => {
      expect(await taken('"kind":3,"status":{"code":2}')).toMatchObject({ kind: 3, statusCode: 2 })
      const named = '"kind":"SPAN_KIND_CLIENT","status":{"code":"STATUS_CODE_ERROR"}'
      expect(await taken(named)).toMatchObject({ kind: 3, statusCode: 2 })
    })

    test('rule 35: a kind that is neither is 400', async () => {
      expect(await postSpan('"kind":"SPAN_KIND_SIDEWAYS"')).toMatchObject({ status: 400 })
      expect(await postSpan('"kind":[]')).toMatchObject({ status: 400 })
    })

    controlled('rules 36, 37: unknown and snake_case keys are ignored', async () => {
      const span = await taken(
        '"name":"n","new":{"x":[1,{"y":null}]},"trace_state":"a=1","start_time_unix_nano":"7"',
      )
      expect(span).toMatchObject({ name: 'n', traceState: '', startNs: 0n })
    })

    controlled('rule 38: 64-bit integers as strings and as numbers, without loss', async () => {
      expect(
        await taken(
          '"startTimeUnixNano":1763658000000000001,"endTimeUnixNano":"18446744073709551615"',
        ),
      ).toMatchObject({ startNs: 1_763_658_000_000_000_001n, endNs: 2n ** 64n - 1n })
      const value = (text: string) => `"attributes":[{"key":"i","value":{"intValue":${text}}}]`
      for (const text of ['9223372036854775807', '"9223372036854775807"']) {
        expect(byKey((await taken(value(text))).attributes)).toEqual({
          i: { kind: 'int', value: 2n ** 63n - 1n },
        })
      }
    })

    controlled(
      'rule 39: base64 of both alphabets, special doubles, null and missing values',
      async () => {
        const attributes = [
          '{"key":"std","value":{"bytesValue":"+/+/"}}',
          '{"key":"url","value":{"bytesValue":"-_-_"}}',
          '{"key":"bare","value":{"bytesValue":"/w"}}',
          '{"key":"padded","value":{"bytesValue":"/w=="}}',
          '{"key":"nan","value":{"doubleValue":"NaN"}}',
          '{"key":"inf","value":{"doubleValue":"-Infinity"}}',
          '{"key":"null","value":null}',
          '{"key":"missing"}',
        ]
        const span = await taken(`"name":null,"events":null,"attributes":[${attributes.join()}]`)
        expect(span).toMatchObject({ name: '', events: [] })
        const bytes = new Uint8Array([0xfb, 0xff, 0xbf])
        expect(byKey(span.attributes)).toEqual({
          std: { kind: 'bytes', value: bytes },
          url: { kind: 'bytes', value: bytes },
          bare: { kind: 'bytes', value: id(1, 255) },
          padded: { kind: 'bytes', value: id(1, 255) },
          nan: { kind: 'double', value: Number.NaN },
          inf: { kind: 'double', value: Number.NEGATIVE_INFINITY },
          null: { kind: 'empty' },
          missing: { kind: 'empty' },
        })
      },
    )

    test('rule 39: what is not base64 is 400', async () => {
      const value = (text: string) => `"attributes":[{"key":"b","value":{"bytesValue":"${text}"}}]`
      expect(await postSpan(value('====='))).toMatchObject({ status: 400 })
      expect(await postSpan(value('a b'))).toMatchObject({ status: 400 })
    })

    test('rule 20: JSON of another shape is 400', async () => {
      for (const body of [
        '',
        'null',
        '[]',
        '"x"',
        '{"resourceSpans":{}}',
        '{"resourceSpans":[1]}',
        '{}{}',
      ]) {
        const answer = await send({ body, headers })
        expect(answer.status, body).toBe(400)
        expect(parseStatus(answer.body).code).toBe(3)
      }
    })
  })
}

function byKey(attributes: readonly KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value]))
}
