import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { patternFault, patternOf } from '../../../../query/traceql/pattern.ts'
import { patternCharsMax } from '../../../../src/limits.ts'

test.each([
  ['a|ab', 'ab', true],
  ['a|ab', 'abc', false],
  ['b', 'abc', false],
  ['.*b.*', 'abc', true],
  ['', '', true],
  ['', 'a', false],
  ['.', '\n', false],
  ['(?s).', '\n', true],
  ['(?i)GET', 'get', true],
  ['a$', 'a\n', false],
  ['(?m)a$\nb', 'a\nb', true],
  ['\\Qa.b', 'a.b', true],
  ['.', '😀', true],
  ['\\pL+', 'äß', true],
  ['\\d', '٣', false],
  ['[[:alpha:]]+', 'abc', true],
  ['x*?', 'xxx', true],
])('%j of %j: %j', (pattern, text, expected) => {
  expect(patternOf(pattern)(text)).toBe(expected)
})

test.each([
  ['(a', /missing closing/],
  ['a)|(b', /unexpected \)/],
  ['(?=a)', /unsupported/],
  ['(?<=a)b', /./],
  ['(a)\\1', /invalid escape/],
  ['a{1001}', /invalid repeat/],
  ['((a{30}){30}){30}', /./],
  ['(abcdefghij{90}){10}'.repeat(12), /8000 instructions/],
  ['a'.repeat(patternCharsMax + 1), /4096 characters/],
])('%j is refused', (pattern, fault) => {
  expect(patternFault(pattern)).toMatch(fault)
  expect(() => patternOf(pattern)).toThrow(/^traceql pattern must be RE2: /)
})

test('a pattern at the bound is taken', () => {
  expect(patternFault('a'.repeat(patternCharsMax))).toBeUndefined()
})

// With an engine that goes back and tries again, each of them takes longer than a test may.
test('patterns made to be slow are not', () => {
  const text = `${'a'.repeat(20_000)}b`
  for (const pattern of [
    '(a+)+',
    '(a|a)*c',
    '(.*a){12}',
    '(a?){40}a{40}',
    '(.*)*x',
    '(a*)*(a*)*',
  ]) {
    expect(patternOf(pattern)(text)).toBe(false)
  }
})

describe('a pattern on many texts', () => {
  /** Texts that share no beginning and no end. */
  const texts = (count: number, length: number, letters: string) => {
    let state = 1
    const letter = () => {
      state = (state * 48_271) % 2_147_483_647
      return letters[state % letters.length]
    }
    return Array.from({ length: count }, () => Array.from({ length }, letter).join(''))
  }

  test('one made to be slow is stopped', () => {
    const source = '(?:.?){900}a{900}'
    const matches = patternOf(source)
    const ask = () => texts(1_000, 1_000, 'abcd').map(matches)
    expect(ask).toThrow(/^traceql pattern must take at most 50000000 steps, got \(/)
    // Another query begins anew.
    expect(patternOf(source)('x')).toBe(false)
  })

  test.each([
    '.*(cart|order|pay[0-9]+).*',
    '(?i)get /api/v[0-9]+/(users|carts)/[0-9a-f-]{36}',
    Array.from({ length: 250 }, (_, i) => `service-${i * 7_919}`).join('|'),
    '[a-z]+(-[a-z0-9]+)*',
  ])('%s is not', (source) => {
    const matches = patternOf(source)
    for (const text of texts(10_000, 60, 'acdeorst0123-/')) matches(text)
    for (let i = 0; i < 10_000; i++) matches(`service-${i * 7_919}`)
  })
})

test('what JavaScript reads alike means the same', () => {
  const part = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '(?:a|b)', '\\.', '(b)')
  const times = fc.constantFrom('', '*', '+', '?', '{2}', '*?')
  const branch = fc.array(fc.tuple(part, times), { maxLength: 4 })
  const pattern = fc
    .array(branch, { minLength: 1, maxLength: 3 })
    .map((branches) => branches.map((parts) => parts.flat().join('')).join('|'))
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', 'ä'), maxLength: 6 })
  fc.assert(
    fc.property(pattern, text, (source, subject) => {
      expect(patternOf(source)(subject)).toBe(new RegExp(`^(?:${source})$`).test(subject))
    }),
    { numRuns: 1_000 },
  )
})
