import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeRequest } from '../../../src/otlp/decode.ts'
import { encodeTracesData } from '../../../src/otlp/encode.ts'
import { SpanBatchBuilder } from '../../../src/span/span-batch-builder.ts'
import { spansOfBatch } from '../../../src/span/spans-of-batch.ts'
import { arbitrarySpan } from '../press/arbitrary-spans.ts'
import { batchOf, normal, spansOf } from './decoded.ts'
import { decodeByOracle, encodeByOracle } from './oracle.ts'
import {
  arrayValue,
  field,
  ids,
  intValue,
  join,
  keyValue,
  mapValue,
  request,
  stringValue,
} from './wire.ts'

const spans = fc.array(
  arbitrarySpan.filter(({ spanId }) => spanId.some((byte) => byte !== 0)),
  { maxLength: 6 },
)

test('what protobufjs writes is read back exactly', () => {
  fc.assert(
    fc.property(spans, (given) => {
      expect(normal(spansOf(encodeByOracle(given)))).toEqual(normal(given))
    }),
    { numRuns: 150 },
  )
})

test('what is written is what protobufjs reads', () => {
  fc.assert(
    fc.property(spans, (given) => {
      const read = decodeByOracle(encodeTracesData(given))
      expect(normal(read)).toEqual(normal(grouped(given)))
    }),
    { numRuns: 150 },
  )
})

test('decoded, encoded and decoded again, spans are the same', () => {
  fc.assert(
    fc.property(spans, (given) => {
      const once = spansOf(encodeTracesData(given))
      expect(normal(spansOf(encodeTracesData(once)))).toEqual(normal(once))
    }),
    { numRuns: 100 },
  )
})

/** Spans in the order that grouping gives them; arbitrary resources are hardly ever equal. */
function grouped(
  given: readonly (typeof spans extends fc.Arbitrary<infer T> ? T : never)[number][],
) {
  return spansOf(encodeTracesData(given))
}

test('ordinals count all spans on the wire, and a range of them selects', () => {
  const named = (name: string) => field(2, ids, field(5, name))
  const invalid = field(2, field(5, 'no ids'))
  const body = field(1, field(2, named('a'), invalid, named('b')), field(2, named('c'), named('d')))
  const { ordinals, rows } = batchOf(body)
  expect([...ordinals.subarray(0, rows)]).toEqual([0, 2, 3, 4])
  const range = (fromOrdinal: number, toOrdinal: number) =>
    spansOf(body, { fromOrdinal, toOrdinal }).map(({ name }) => name)
  expect(range(0, 2)).toEqual(['a'])
  expect(range(1, 2)).toEqual([])
  expect(range(2, 4)).toEqual(['b', 'c'])
  expect(range(4, 9)).toEqual(['d'])
})

test('requests of several envelopes share a batch, its resources and its scopes', () => {
  const resource = field(1, field(1, keyValue('service.name', stringValue('cart'))))
  const scope = field(1, field(1, 'lib'))
  const body = field(1, resource, field(2, scope, field(2, ids)))
  const otherUrl = field(1, resource, field(2, scope, field(2, ids)), field(3, 'https://x/1'))
  const builder = new SpanBatchBuilder(3)
  for (const [envelope, each] of [body, otherUrl, body].entries()) {
    decodeRequest(each, builder, { envelope })
  }
  const batch = builder.finish()
  expect([...batch.envelopeOfRow.subarray(0, 3)]).toEqual([0, 1, 2])
  expect([...batch.resourceOfRow.subarray(0, 3)]).toEqual([0, 1, 0])
  expect([...batch.scopeOfRow.subarray(0, 3)]).toEqual([0, 0, 0])
  expect(batch.resources).toHaveLength(2)
  expect(spansOfBatch(batch).map(({ resource: { schemaUrl } }) => schemaUrl)).toEqual([
    '',
    'https://x/1',
    '',
  ])
})

test('of a key that stands twice the last counts, in whichever type', () => {
  const twice = [
    keyValue('k', stringValue('first')),
    keyValue('other', intValue(1)),
    keyValue('k', intValue(2)),
  ]
  const k = { key: 'k', value: { kind: 'int', value: 2n } }
  const other = { key: 'other', value: { kind: 'int', value: 1n } }
  const event = field(11, ...twice.map((attribute) => field(3, attribute)))
  const link = field(13, ...twice.map((attribute) => field(4, attribute)))
  const span = field(2, ids, ...twice.map((attribute) => field(9, attribute)), event, link)
  const resource = field(1, ...twice.map((attribute) => field(1, attribute)))
  const scope = field(1, ...twice.map((attribute) => field(3, attribute)))
  const [read] = normal(spansOf(field(1, resource, field(2, scope, span))))
  for (const owner of [read!, read!.events[0]!, read!.links[0]!, read!.resource, read!.scope]) {
    expect(owner.attributes).toEqual([k, other])
  }
})

test('a map keeps both entries of a key that stands twice', () => {
  const map = mapValue(keyValue('k', intValue(1)), keyValue('k', intValue(2)))
  const [span] = spansOf(request(field(9, keyValue('map', map))))
  expect(span!.attributes[0]!.value).toEqual({
    kind: 'map',
    entries: [
      { key: 'k', value: { kind: 'int', value: 1n } },
      { key: 'k', value: { kind: 'int', value: 2n } },
    ],
  })
})

const numbers = Array.from({ length: 3000 }, (_, i) => i)

test('spans may have thousands of keys', () => {
  const span = join(...numbers.map((i) => field(9, keyValue(`key ${i}`, intValue(i)))))
  const [first, second] = spansOf(request(span, span))
  expect(first!.attributes).toHaveLength(3000)
  expect(second!.attributes).toEqual(first!.attributes)
  const values = new Map(first!.attributes.map(({ key, value }) => [key, value]))
  for (const i of numbers) expect(values.get(`key ${i}`)).toEqual({ kind: 'int', value: BigInt(i) })
})

test('events may have thousands of keys, each once', () => {
  const some = (key: string, value: number) => field(3, keyValue(key, intValue(value)))
  const wide = join(...numbers.flatMap((i) => [some(`key ${i}`, i), some(`key ${i % 20}`, -i)]))
  const [span] = spansOf(
    request(join(field(11, wide), field(11, some('key 7', 7)), field(11, wide))),
  )
  const [first, second, third] = span!.events
  expect(first!.attributes).toHaveLength(3000)
  expect(first!.attributes[19]).toEqual({ key: 'key 19', value: { kind: 'int', value: -2999n } })
  expect(second!.attributes).toEqual([{ key: 'key 7', value: { kind: 'int', value: 7n } }])
  expect(third).toEqual(first)
})

test('bytes that are not utf-8 are repaired in keys, values, names and nested texts', () => {
  const broken = [0x61, 0xff, 0x62, 0xc3]
  const value = join(stringValue(broken))
  const nested = arrayValue(stringValue(broken))
  const [span] = spansOf(
    request(
      join(
        field(5, broken),
        field(9, field(1, broken), field(2, value)),
        field(9, keyValue('nested', nested)),
      ),
    ),
  )
  const mended = 'a\ufffdb\ufffd'
  expect(span!.name).toBe(mended)
  expect(span!.attributes).toEqual([
    { key: mended, value: { kind: 'string', value: mended } },
    {
      key: 'nested',
      value: { kind: 'array', values: [{ kind: 'string', value: mended }] },
    },
  ])
})

test('thirty-two bits of flags and unknown enum numbers stay as sent', () => {
  const flags = join([0x85, 0x01], [0xff, 0xfe, 0xfd, 0xfc])
  const status = field(15, [0x18, 9])
  const [span] = spansOf(request(join(flags, [0x30, 77], status)))
  expect(span).toMatchObject({ flags: 0xfcfdfeff, kind: 77, statusCode: 9 })
})
