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
