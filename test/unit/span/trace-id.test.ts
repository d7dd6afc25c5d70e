import { expect, test } from 'vitest'
import { bytesOfHex, hexOf, parseTraceId } from '../../../src/span/trace-id.ts'

const id = '4bf92f3577b34da6a3ce929d0e0e4736'

test.each([
  [id, id],
  [id.toUpperCase(), id],
  [` ${id}\n`, id],
  [`00-${id}-00f067aa0ba902b7-01`, id],
  ['abc', '00000000000000000000000000000abc'],
])('%j is understood', (text, hex) => expect(hexOf(parseTraceId(text))).toBe(hex))

test.each(['', 'xyz', `${id}0`, '0', '0'.repeat(32), `00-${id}-01`, `0x${id.slice(2)}`])(
  '%j is refused',
  (text) => expect(() => parseTraceId(text)).toThrow(/trace id must/),
)

test('a refusal repeats no more than 80 characters', () => {
  expect(() => parseTraceId('z'.repeat(10_000))).toThrow(/^trace id must be .{1,120}$/)
})

test('hex goes both ways', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
  expect(bytesOfHex(hexOf(bytes))).toEqual(bytes)
})
