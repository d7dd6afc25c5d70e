import fc from 'fast-check'
import { expect, test } from 'vitest'
import { otlpJson } from '../../../src/otlp/encode-json.ts'
import { groupSpans } from '../../../src/otlp/group-spans.ts'
import { jsonToProtobuf } from '../../../src/otlp/json.ts'
import type { KeyValue, Span } from '../../../src/span/span.ts'
import { someSpan, spanId } from '../../helpers/some-span.ts'
import { arbitrarySpan } from '../press/arbitrary-spans.ts'
import { normal, spansOf } from './decoded.ts'

const bytesOf = (json: unknown) => new TextEncoder().encode(JSON.stringify(json))

test('what is answered as OTLP/JSON is read back exactly', () => {
  const span = arbitrarySpan.filter((each) => each.spanId.some((byte) => byte !== 0))
  fc.assert(
    fc.property(span, (given) => {
      expect(normal(spansOf(jsonToProtobuf(bytesOf(otlpJson([given])))))).toEqual(normal([given]))
    }),
    { numRuns: 200 },
  )
})

test('ids are hex, 64-bit integers text, enums numbers; defaults are left out', () => {
  const span = someSpan({
    name: 'n',
    kind: 2,
    startNs: 2n ** 64n - 1n,
    statusCode: 2,
    attributes: [{ key: 'k', value: { kind: 'int', value: -5n } }],
    service: 'cart',
  })
  expect(otlpJson([span])).toEqual({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'cart' } }] },
        scopeSpans: [
          {
            scope: {},
            spans: [
              {
                traceId: 'ab'.repeat(16),
                spanId: '0000000000000001',
                name: 'n',
                kind: 2,
                startTimeUnixNano: '18446744073709551615',
                endTimeUnixNano: '0',
                attributes: [{ key: 'k', value: { intValue: '-5' } }],
                status: { code: 2 },
              },
            ],
          },
        ],
      },
    ],
  })
})

function named(number: number, service: string, scope: string, ...more: KeyValue[]): Span {
  const span = someSpan({ spanId: spanId(number), service })
  const resource = { ...span.resource, attributes: [...span.resource.attributes, ...more] }
  return { ...span, resource, scope: { ...span.scope, name: scope } }
}

test('spans are grouped by equal resource and scope, in order of first appearance', () => {
  const a: KeyValue = { key: 'a', value: { kind: 'int', value: 1n } }
  const b: KeyValue = { key: 'b', value: { kind: 'bytes', value: Uint8Array.of(1) } }
  const given = [
    named(1, 'cart', 'x', a, b),
    named(2, 'shop', 'x'),
    named(3, 'cart', 'y', b, a),
    named(4, 'cart', 'x', a, b),
    named(5, 'shop', 'x'),
    named(6, 'cart', 'x', a),
  ]
  const groups = groupSpans(given).map(({ scopes }) =>
    scopes.map(({ scope, spans }) => [scope.name, ...spans.map((span) => span.spanId[7])]),
  )
  expect(groups).toEqual([
    [
      ['x', 1, 4],
      ['y', 3],
    ],
    [['x', 2, 5]],
    [['x', 6]],
  ])
})

test('resources are equal only when types, counts and schema urls are too', () => {
  const int: KeyValue = { key: 'v', value: { kind: 'int', value: 1n } }
  const text: KeyValue = { key: 'v', value: { kind: 'string', value: '1' } }
  const double = (value: number): KeyValue => ({ key: 'v', value: { kind: 'double', value } })
  const base = someSpan()
  const variants = [
    ...[int, text, double(1), double(0), double(-0), double(Number.NaN)].map((attribute) => ({
      ...base.resource,
      attributes: [attribute],
    })),
    { ...base.resource, droppedAttributesCount: 1 },
    { ...base.resource, schemaUrl: 'u' },
    base.resource,
  ]
  expect(groupSpans(variants.map((resource) => ({ ...base, resource })))).toHaveLength(
    variants.length,
  )
})
