import fc from 'fast-check'
import { RE2JS } from 're2js'
import { expect, test } from 'vitest'
import { patternFault } from '../../../../query/traceql/pattern.ts'
import { patternSize } from '../../../../query/traceql/pattern-size.ts'

test.each([
  ['', 0],
  ['abc', 3],
  ['a{9}', 9],
  ['a{2,9}', 9],
  ['a{9,}', 9],
  ['ab{9}', 10],
  ['(ab){9}', 36],
  ['(?:(?P<n>a{9}){9}){9}', 909],
  ['[a-z{9}]{9}', 9],
  ['[[:alpha:]]{9}', 9],
  ['[]a]{9}', 9],
  ['\\]{9}', 9],
  ['\\({9}', 9],
  ['\\Q(a{9}', 7],
  ['\\Q(\\E{9}', 45],
  ['a)b', 2],
  ['((a', 5],
])('%s: %d', (pattern, size) => {
  expect(patternSize(pattern)).toBe(size)
})

test('it is never much less than what RE2 makes of an expression', () => {
  const atom = fc.constantFrom(
    'a',
    '.',
    '[a-z]',
    '[^]x]',
    '\\d',
    '\\pL',
    '|',
    '^',
    'é',
    '[[:alpha:]]',
  )
  const times = fc.constantFrom('', '', '*', '?', '{3}', '{0,9}', '{2,}')
  const { group } = fc.letrec<{ group: string }>((tie) => ({
    group: fc
      .array(
        fc.tuple(
          fc.oneof(
            { depthSize: 'small' },
            atom,
            tie('group').map((inner) => `(${inner})`),
            tie('group').map((inner) => `(?:${inner})`),
          ),
          times,
        ),
        { maxLength: 4 },
      )
      .map((parts) => parts.map(([one, many]) => one + (one === '|' ? '' : many)).join('')),
  }))
  let compared = 0
  fc.assert(
    fc.property(group, (pattern) => {
      if (patternFault(pattern) !== undefined) return
      compared++
      expect(RE2JS.compile(pattern).programSize()).toBeLessThanOrEqual(4 * patternSize(pattern) + 8)
    }),
    { numRuns: 1_000 },
  )
  expect(compared).toBeGreaterThan(500)
})

test.each([
  '(|){1000}'.repeat(400),
  '(a{1000}){1000}',
  '(((((a{9}){9}){9}){9}){9}){9}',
  '(?:abcdefgh){1000}'.repeat(200),
  '[a-z]{1000}'.repeat(300),
])('%s is refused', (pattern) => {
  expect(patternFault(pattern)).toMatch(/invalid repeat count|8000 instructions|too large/)
})
