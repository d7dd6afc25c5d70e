import { expect, test } from 'vitest'
import { searchNeeds } from '../../../../query/search/search-needs.ts'
import { stagesOf } from '../../../helpers/traceql-stages.ts'

const needs = (query: string) => searchNeeds(stagesOf(query))

const compare = (key: string, operator: string, value: unknown) => ({
  kind: 'attribute',
  scopes: ['span'],
  key,
  test: { kind: 'compare', operator, value },
})

test.each<[string, unknown]>([
  ['{}', { kind: 'always' }],
  ['{ span.a = 1 }', compare('a', '=', 1n)],
  ['{ 1.5 < span.a }', compare('a', '>', 1.5)],
  ['{ span.a =~ "x.*" }', { ...compare('a', '', 0), test: { kind: 'text' } }],
  ['{ span.a = nil }', { ...compare('a', '', 0), test: { kind: 'absent' } }],
  ['{ event.a = 1 }', { kind: 'always' }],
  ['{ kind = unspecified }', { kind: 'always' }],
  ['{ span.a = 1 } | { span.b = 2 }', compare('a', '=', 1n)],
  [
    '{ span.a = 1 } || { span.b = 2 }',
    { kind: 'any', of: [compare('a', '=', 1n), compare('b', '=', 2n)] },
  ],
  // Whole traces: candidates are those that have what each side must have.
  [
    '{ span.a = 1 } >> { span.b = 2 }',
    { kind: 'any', of: [compare('a', '=', 1n), compare('b', '=', 2n)] },
  ],
])('%s prunes by', (query, pruning) => {
  expect(needs(query).pruning).toMatchObject(pruning as object)
})

test('the null of a status message is an empty one', () => {
  expect(needs('{ statusMessage = "" }').pruning).toMatchObject({ nullIs: '' })
})

test('a trace must have each side of a relation', () => {
  const { some, traceMightMatch } = needs('{ span.a = 1 } >> { span.b = 2 }')
  expect(some).toHaveLength(2)
  expect([[0], [1], [0, 1]].map((has) => traceMightMatch(new Set(has)))).toEqual([
    false,
    false,
    true,
  ])
})

test('what says the same is asked once', () => {
  expect(needs('{ span.a = 1 } && { span.a = 1 }').some).toHaveLength(2)
  expect(needs('{ span.a = 1 } && { span.a = 2 }').some).toHaveLength(3)
  expect(needs('{ span.a = 1 } && { span.a = 1.0 } && { span.a = "1" }').some).toHaveLength(4)
})

/** How many tests the conditions hold, each as often as it stands there. */
function sizeOf(condition: unknown): number {
  if (typeof condition !== 'object' || condition === null) return 0
  if (!('of' in condition) || !Array.isArray(condition.of)) return 1
  return condition.of.reduce((sum, one) => sum + sizeOf(one), 0)
}

test('a long query has no longer conditions', () => {
  const pairs = (sign: string) =>
    Array.from({ length: 60 }, (_, i) => `({ .a${i} } ${sign} { .b${i} })`).join(' | ')
  for (const sign of ['||', '&&', '>>', '&>>', '!>>']) {
    const { span, some, pruning } = needs(pairs(sign))
    expect(some.length).toBeLessThanOrEqual(121)
    expect(Math.max(...some.map(sizeOf))).toBeLessThanOrEqual(120)
    expect(sizeOf(span)).toBeLessThanOrEqual(121 * 120)
    expect(sizeOf(pruning)).toBe(sizeOf(span))
  }
})
