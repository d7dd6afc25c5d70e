import fc from 'fast-check'
import { expect, test } from 'vitest'
import type {
  Aggregate,
  Field,
  FieldExpression,
  MetricsFunction,
  ScalarExpression,
  SecondStage,
  SeriesOperand,
  SpansetOperand,
  Stage,
  TraceqlQuery,
} from '../../../../query/traceql/ast.ts'
import { arbitraryQuery } from './arbitrary-query.ts'

type Kind = (
  | TraceqlQuery
  | Stage
  | SpansetOperand
  | ScalarExpression
  | Aggregate
  | FieldExpression
  | Field
  | MetricsFunction
  | SecondStage
  | SeriesOperand
)['kind']

/** Every kind of node; a new one does not compile until it stands here. */
const kinds: Readonly<Record<Kind, true>> = {
  search: true,
  metrics: true,
  filter: true,
  'spanset-logic': true,
  'spanset-structure': true,
  'spanset-pipeline': true,
  'scalar-filter': true,
  by: true,
  coalesce: true,
  select: true,
  count: true,
  aggregate: true,
  'scalar-arithmetic': true,
  'scalar-pipeline': true,
  int: true,
  float: true,
  duration: true,
  string: true,
  bool: true,
  status: true,
  'span-kind': true,
  attribute: true,
  intrinsic: true,
  logic: true,
  compare: true,
  match: true,
  arithmetic: true,
  present: true,
  absent: true,
  not: true,
  negate: true,
  series: true,
  'series-arithmetic': true,
  'number-arithmetic': true,
  rate: true,
  count_over_time: true,
  min_over_time: true,
  max_over_time: true,
  sum_over_time: true,
  avg_over_time: true,
  histogram_over_time: true,
  quantile_over_time: true,
  topk: true,
  bottomk: true,
  'series-filter': true,
}

/** What a node has besides its parts: `kind logic`, `operator &&`, `relation child`. */
const words = ['kind', 'operator', 'relation', 'form', 'scope', 'name', 'function'] as const

function collect(node: unknown, seen: Set<string>): void {
  if (typeof node !== 'object' || node === null) return
  for (const [name, value] of Object.entries(node)) {
    if (typeof value === 'string' && words.some((word) => word === name))
      seen.add(`${name} ${value}`)
    collect(value, seen)
  }
}

test('the trees that the tests are given have every kind of node and every operator', () => {
  const seen = new Set<string>()
  for (const query of fc.sample(arbitraryQuery(), { numRuns: 2_000, seed: 1 })) collect(query, seen)
  const expected = [
    ...Object.keys(kinds).map((kind) => `kind ${kind}`),
    ...['&&', '||', '=', '!=', '>', '>=', '<', '<=', '=~', '!~', '+', '-', '*', '/', '%', '^'].map(
      (operator) => `operator ${operator}`,
    ),
    ...['child', 'descendant', 'parent', 'ancestor', 'sibling'].map((one) => `relation ${one}`),
    ...['plain', 'union', 'negated'].map((form) => `form ${form}`),
    ...['any', 'span', 'resource', 'event', 'link', 'instrumentation'].map((one) => `scope ${one}`),
    ...['min', 'max', 'avg', 'sum'].map((one) => `function ${one}`),
    ...['span:childCount', 'link:traceID', 'nestedSetParent'].map((one) => `name ${one}`),
  ]
  expect(expected.filter((one) => !seen.has(one))).toEqual([])
})
