import { expect, test } from 'vitest'
import { parseLogfmt } from '../../../../../query/api/tempo/logfmt.ts'

test.each<[string, Record<string, string>]>([
  ['', {}],
  ['  ', {}],
  ['a=b', { a: 'b' }],
  ['a=b  c.d="e \\"f\\" =g"', { a: 'b', 'c.d': 'e "f" =g' }],
  ['a= b', { a: '', b: '' }],
  ['url=/x?y=z', { url: '/x?y=z' }],
  [' ü=ö ', { ü: 'ö' }],
])('%j', (text, pairs) => {
  expect(Object.fromEntries(parseLogfmt(text))).toEqual(pairs)
})

test.each(['a="b', 'a="b"c', '="b"', 'a=b a=c', 'a="\\x"'])('%j is refused', (text) => {
  expect(() => parseLogfmt(text)).toThrow(/^tags must/)
})
