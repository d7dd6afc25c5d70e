import fc from 'fast-check'
import { expect, test } from 'vitest'
import { kindOf } from '../../../src/errors.ts'
import { valueText } from '../../../src/otlp/any-value-text.ts'
import { encodeTracesData } from '../../../src/otlp/encode.ts'
import { RequestWalker } from '../../../src/otlp/walk.ts'
import { parseAnyValueText, parseAttributesText } from '../../../src/span/any-value-text.ts'
import type { AnyValue } from '../../../src/span/span.ts'
import { stringAt } from '../../../src/span/string-table.ts'
import { someSpan } from '../../helpers/some-span.ts'
import { arbitrarySpan } from '../press/arbitrary-spans.ts'
import { batchOf } from './decoded.ts'
import {
  arrayValue,
  boolValue,
  field,
  fixed64Field,
  intValue,
  type Part,
  stringValue,
} from './wire.ts'

function textOf(content: Part): string {
  const body = field(1, content)
  const walker = new RequestWalker(body)
  walker.readAnyValue(2, body.length, 0)
  return valueText(walker)
}

const doubleBits = (value: number) => new BigUint64Array(Float64Array.of(value).buffer)[0]!

test.each<[string, Part, string]>([
  ['empty', [], '{}'],
  ['string', stringValue('a"b'), '{"stringValue":"a\\"b"}'],
  ['bool', boolValue(1), '{"boolValue":true}'],
  ['int', intValue(-(2n ** 63n)), '{"intValue":"-9223372036854775808"}'],
  ['double', fixed64Field(4, doubleBits(0.1)), '{"doubleValue":0.1}'],
  ['minus zero', fixed64Field(4, doubleBits(-0)), '{"doubleValue":-0}'],
  ['nan', fixed64Field(4, doubleBits(Number.NaN)), '{"doubleValue":"NaN"}'],
  ['infinity', fixed64Field(4, doubleBits(-1 / 0)), '{"doubleValue":"-Infinity"}'],
  ['bytes', field(7, [1, 2, 255]), '{"bytesValue":"AQL/"}'],
  ['array', arrayValue([], intValue(1)), '{"arrayValue":{"values":[{},{"intValue":"1"}]}}'],
  ['empty array', arrayValue(), '{"arrayValue":{"values":[]}}'],
  [
    'map',
    field(6, field(1, field(1, 'k'), field(2, boolValue(0))), field(1)),
    '{"kvlistValue":{"values":[{"key":"k","value":{"boolValue":false}},{"key":"","value":{}}]}}',
  ],
])('%s as text', (_kind, content, text) => {
  expect(textOf(content)).toBe(text)
})

test('text and value are each other’s inverse', () => {
  const values = arbitrarySpan.map(({ attributes }) => attributes.map(({ value }) => value))
  fc.assert(
    fc.property(values, (given) => {
      // In an array of its own every value becomes text, also those that have typed columns.
      const value: AnyValue = { kind: 'array', values: given }
      const batch = batchOf(encodeTracesData([someSpan({ attributes: [{ key: 'k', value }] })]))
      const [column] = batch.spanAttributes
      expect(column!.type).toBe('json')
      expect(parseAnyValueText(stringAt(batch.strings, column!.values[0]!))).toEqual(value)
    }),
    { numRuns: 200 },
  )
})

test('rest columns hold attributes by key', () => {
  expect(parseAttributesText('{"b":{"intValue":"9007199254740993"},"__proto__":{}}')).toEqual([
    { key: 'b', value: { kind: 'int', value: 9007199254740993n } },
    { key: '__proto__', value: { kind: 'empty' } },
  ])
})

test.each([
  '',
  '[]',
  '{"intValue":1.5}',
  '{"intValue":"1.5"}',
  '{"other":1}',
  '{"boolValue":"true"}',
])('text that nobody wrote is corrupt: %s', (text) => {
  let kind = 'accepted'
  try {
    parseAnyValueText(text)
  } catch (error) {
    kind = kindOf(error)
  }
  expect(kind).toBe('corrupt')
})
