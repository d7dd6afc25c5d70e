import { expect, test } from 'vitest'
import { checkTraceql } from '../../../../query/traceql/check.ts'
import { parseTraceql } from '../../../../query/traceql/parse.ts'
import { kindOf } from '../../../../src/errors.ts'
import { querySetValuesMax } from '../../../../src/limits.ts'

test.each([
  '{ .a =~ "one" && !(name !~ "two" || .c) } >> ({ .d =~ "three" } | max(.e) > 1)',
  '{ .a =~ "one" } | by(.b =~ "two") | sum(.c + 1) > 2 | compare({ .d !~ "three" })',
  '({ .a =~ "one" } | rate()) / (({ .b =~ "two" } | { .c =~ "three" } | rate()) + 1)',
])('every pattern is judged: %s', (text) => {
  const patterns: string[] = []
  checkTraceql(parseTraceql(text), (pattern) => {
    patterns.push(pattern)
    return undefined
  })
  expect(patterns).toEqual(['one', 'two', 'three'])
})

test('a refusal repeats no more of the query than it has to', () => {
  const long = `{ .a = "${'x'.repeat(10_000)}" + 1 }`
  const check = () => checkTraceql(parseTraceql(long), () => undefined)
  expect(check).toThrow(/^traceql operator \+ must stand between numbers, got "x{79}…$/)
  try {
    check()
  } catch (error) {
    expect(kindOf(error)).toBe('invalid')
  }
})

test('a pipeline writes only so much on its sets', () => {
  const stages = (count: number) => `{ } ${'| by(name) | count() > 0'.repeat(count / 2)}`
  const check = (text: string) => () => checkTraceql(parseTraceql(text), () => undefined)
  expect(check(stages(querySetValuesMax))).not.toThrow()
  expect(check(stages(querySetValuesMax + 2))).toThrow(/at most 64 groups and aggregates, got 66$/)
  expect(check(`(${stages(querySetValuesMax + 2)}) || { }`)).toThrow(/at most 64 groups/)
})
