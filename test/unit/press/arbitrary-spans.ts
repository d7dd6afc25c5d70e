import fc from 'fast-check'
import type { AnyValue, KeyValue, Span } from '../../../src/span/span.ts'
import type { PlacedSpan } from './batch-of-spans.ts'

const u32 = fc.oneof(fc.constant(0), fc.nat({ max: 0xffff_ffff }))
const i32 = fc.oneof(fc.nat({ max: 5 }), fc.integer())
const id = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const text = fc.oneof(
  fc.constantFrom('', 'GET /', '\ufeffbom', 'zażółć', '🦊', '\0', 'checkout'),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
)
const time = fc.oneof(
  fc.bigInt({ min: 1_700_000_000_000_000_000n, max: 1_700_000_003_000_000_000n }),
  fc.constantFrom(0n, 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
)
/** Twins by case, type suffixes, words of JavaScript's own, and keys with a fixed column's name. */
const key = fc.oneof(
  fc.constantFrom(
    'http.route',
    'Http.Route',
    'http_route',
    'http.route.int',
    'http.status_code',
    '',
  ),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'id',
    'name',
    'rest',
    '7',
    'service.name',
    'ключ',
    'a'.repeat(200),
  ),
  fc.string({ maxLength: 8 }),
)

const { anyValue } = fc.letrec<{ anyValue: AnyValue }>((tie) => ({
  anyValue: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text.map((value): AnyValue => ({ kind: 'string', value })),
    fc.boolean().map((value): AnyValue => ({ kind: 'bool', value })),
    fc
      .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
      .map((value): AnyValue => ({ kind: 'int', value })),
    fc.double().map((value): AnyValue => ({ kind: 'double', value })),
    fc.uint8Array({ maxLength: 9 }).map((value): AnyValue => ({ kind: 'bytes', value })),
    fc.constant<AnyValue>({ kind: 'empty' }),
    fc
      .array(tie('anyValue'), { maxLength: 3 })
      .map((values): AnyValue => ({ kind: 'array', values })),
    fc
      .array(fc.record({ key, value: tie('anyValue') }), { maxLength: 3 })
      .map((entries): AnyValue => ({ kind: 'map', entries })),
  ),
}))

const attributes = fc.uniqueArray(fc.record<KeyValue>({ key, value: anyValue }), {
  maxLength: 5,
  selector: (attribute) => attribute.key,
})

const event = fc.record({ timeNs: time, name: text, attributes, droppedAttributesCount: u32 })
const link = fc.record({
  traceId: id(16),
  spanId: id(8),
  traceState: text,
  flags: u32,
  attributes,
  droppedAttributesCount: u32,
})

export const arbitrarySpan: fc.Arbitrary<Span> = fc.record({
  // Few trace ids, so that traces have spans; byte 0 spread, so that they are in no order.
  traceId: fc.tuple(fc.nat(255), fc.nat(3)).map(([first, last]) => {
    const bytes = new Uint8Array(16)
    bytes[0] = last < 2 ? 7 : first
    bytes[15] = last
    return bytes
  }),
  spanId: id(8),
  parentSpanId: fc.option(
    id(8).filter((bytes) => bytes.some((byte) => byte !== 0)),
    { nil: undefined },
  ),
  traceState: text,
  name: text,
  kind: i32,
  startNs: time,
  endNs: time,
  statusCode: i32,
  statusMessage: text,
  flags: u32,
  attributes,
  droppedAttributesCount: u32,
  events: fc.array(event, { maxLength: 4 }),
  droppedEventsCount: u32,
  links: fc.array(link, { maxLength: 3 }),
  droppedLinksCount: u32,
  resource: fc.record({ attributes, droppedAttributesCount: u32, schemaUrl: text }),
  scope: fc.record({
    name: text,
    version: text,
    attributes,
    droppedAttributesCount: u32,
    schemaUrl: text,
  }),
})

export const arbitrarySpans: fc.Arbitrary<PlacedSpan[]> = fc.array(
  fc.record({ span: arbitrarySpan, envelope: fc.nat({ max: 2 }) }),
  { minLength: 1, maxLength: 30 },
)
