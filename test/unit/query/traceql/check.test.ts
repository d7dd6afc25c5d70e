import { expect, test } from 'vitest'
import { checkTraceql } from '../../../../query/traceql/check.ts'
import { parseTraceql } from '../../../../query/traceql/parse.ts'
import { kindOf } from '../../../../src/errors.ts'
import {
  patternSizesMax,
  patternsKept,
  querySecondStagesMax,
  querySeriesMax,
  querySetValuesMax,
} from '../../../../src/limits.ts'

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

test('a query has only so many patterns, and so large ones together', () => {
  const of = (count: number, patternOf: (i: number) => string) => {
    const tests = Array.from({ length: count }, (_, i) => `.a =~ "${patternOf(i)}"`)
    return () => checkTraceql(parseTraceql(`{ ${tests.join(' || ')} }`), () => undefined)
  }
  expect(of(patternsKept, String)).not.toThrow()
  expect(of(patternsKept + 1, String)).toThrow(/more than 64 patterns/)
  expect(of(500, () => 'the same')).not.toThrow()
  const large = (i: number) => `${i}x{998}`
  expect(of(patternSizesMax / 1_000, large)).not.toThrow()
  expect(of(patternSizesMax / 1_000 + 1, large)).toThrow(/more than 40000 instructions in all/)
})

test('a metrics query has only so many series and second stages', () => {
  const check = (text: string) => () => checkTraceql(parseTraceql(text), () => undefined)
  const sum = (count: number) => Array(count).fill('({ } | rate())').join(' + ')
  expect(check(sum(querySeriesMax))).not.toThrow()
  expect(check(sum(querySeriesMax + 1))).toThrow(/arithmetic must be of at most 16 series, got 17$/)
  const ranked = (count: number) => `{ } | rate()${' | topk(2)'.repeat(count)}`
  expect(check(ranked(querySecondStagesMax))).not.toThrow()
  expect(check(ranked(querySecondStagesMax + 1))).toThrow(/at most 16 stages behind it, got 17$/)
  expect(check(`(${ranked(querySecondStagesMax + 1)}) + 1`)).toThrow(/at most 16 stages/)
})
