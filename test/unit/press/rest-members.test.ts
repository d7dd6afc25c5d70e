import fc from 'fast-check'
import { expect, test } from 'vitest'
import { restMembers } from '../../../src/press/rest-members.ts'
import { parseAnyValueText } from '../../../src/span/any-value-text.ts'
import type { KeyValue } from '../../../src/span/span.ts'
import { arbitrarySpan } from './arbitrary-spans.ts'
import { anyValueJson } from './batch-of-spans.ts'

function textOf(attributes: readonly KeyValue[]): string {
  const members = attributes.map(
    ({ key, value }) => `${JSON.stringify(key)}:${JSON.stringify(anyValueJson(value))}`,
  )
  return `{${members.join(',')}}`
}

test('any attributes are taken apart by key and type, their texts untouched', () => {
  fc.assert(
    fc.property(arbitrarySpan, ({ attributes }) => {
      const text = textOf(attributes)
      const members = restMembers(text)
      expect(`{${members.map((member) => member.text).join(',')}}`).toBe(text)
      expect(members.map(({ key, value }) => ({ key, value: parseAnyValueText(value) }))).toEqual(
        attributes,
      )
      const types = attributes.map(({ value: { kind } }) =>
        ['string', 'int', 'double', 'bool'].includes(kind) ? kind : 'json',
      )
      expect(members.map(({ type }) => type)).toEqual(types)
    }),
    { numRuns: 60 },
  )
})

test.each([
  '',
  '[]',
  '{"a"}',
  '{"a":1}',
  '{"a":{}',
  '{"a":{"stringValue":"}',
  '{"a":{}"b":{}}',
  '{a:{}}',
  '{"\\x":{}}',
])('%s is corrupt', (text) => {
  expect(() => restMembers(text)).toThrow('rest column')
})
