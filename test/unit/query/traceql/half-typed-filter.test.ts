import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkTraceql } from '../../../../query/traceql/check.ts'
import { halfTypedFilter } from '../../../../query/traceql/half-typed-filter.ts'
import { parseTraceql } from '../../../../query/traceql/parse.ts'
import { patternFault } from '../../../../query/traceql/pattern.ts'
import { printFieldExpression, printFilter } from '../../../../query/traceql/print-field.ts'
import { queryCharsMax } from '../../../../src/limits.ts'
import valid from '../../../golden/traceql/valid.json' with { type: 'json' }
import { goldenTraces } from '../../../helpers/golden-traces.ts'

test.each([
  ['', undefined],
  ['{}', 'true'],
  ['{ .a = 1 }', '.a = 1'],
  ['{ .a = 1', '.a = 1'],
  ['{ resource.cluster = }', undefined],
  ['{ resource.cluster = "', undefined],
  ['{ .a = 1 && resource.cluster = }', '.a = 1'],
  ['{ resource.cluster = && .a = 1 }', '.a = 1'],
  ['{ .a = 1 && .b = && span.c = "x && {y}" && .d', '.a = 1 && span.c = "x && {y}"'],
  ['{ .a = 1 || .b = || .c = 2 }', '.a = 1 || .c = 2'],
  ['{ (.a = 1 || .b = 2) && .c = }', '.a = 1 || .b = 2'],
  ['{ (.a = 1 && .b = }', undefined],
  ['{ .a =~ "[" && name = "x" }', 'name = "x"'],
  ['{ .a = 1 && name = "x" } | rate() by (', '.a = 1 && name = "x"'],
  ['{ .a = 1 } | rate() by (.b)', '.a = 1'],
  ['{ .a = 1 } | count() > 2', '.a = 1'],
  ['{ .a = 1 } && { .b = 2 }', undefined],
  ['{ .a = 1 } >> { .b = ', undefined],
  ['no query at all', undefined],
  ['{ .a = "\\', undefined],
])('of %s is kept %s', (text, kept) => {
  const condition = halfTypedFilter(text)
  expect(condition && printFieldExpression(condition)).toBe(kept)
})

/** What is kept, which must be a condition that stands for itself. */
function keptOf(text: string): string | undefined {
  const condition = halfTypedFilter(text)
  if (condition === undefined) return undefined
  checkTraceql(parseTraceql(printFilter({ kind: 'filter', condition })), patternFault)
  return printFieldExpression(condition)
}

describe('whatever is being typed', () => {
  const evaluated = goldenTraces().flatMap(({ cases }) => cases.map(({ query }) => query))
  const queries = [...valid.map(({ query }) => query), ...evaluated]

  test('a query that is cut off at any place is no error', () => {
    let kept = 0
    for (const query of queries) {
      for (let end = 0; end <= query.length; end++) {
        if (keptOf(query.slice(0, end)) !== undefined) kept++
      }
    }
    expect(kept).toBeGreaterThan(1_000)
  })

  test('a query with a hole at any place is no error', () => {
    const holed = fc
      .tuple(fc.constantFrom(...queries), fc.nat(), fc.nat(8))
      .map(([query, at, length]) => {
        const from = at % query.length
        return query.slice(0, from) + query.slice(from + length)
      })
    fc.assert(
      fc.property(holed, (text) => {
        keptOf(text)
      }),
      { numRuns: 3_000 },
    )
  })

  test('a whole filter is kept as it is', () => {
    for (const query of evaluated) {
      const stages = stagesOf(query)
      if (stages?.length !== 1 || stages[0]?.kind !== 'filter') continue
      expect(keptOf(query)).toBe(printFieldExpression(stages[0].condition))
    }
  })

  test('a filter that is cut off keeps the conditions before the last', () => {
    const text = '{ resource.service.name = "a b" && status != ok || span.n >= 7.5 }'
    const keptAt = (end: number) => keptOf(text.slice(0, end)) ?? 'nothing'
    expect([...new Set(Array.from(text, (_, end) => keptAt(end)))]).toEqual([
      'nothing',
      'resource.service.name = "a b"',
      'resource.service.name = "a b" && status != ok',
      'resource.service.name = "a b" && status != ok || span.n >= 7',
      'resource.service.name = "a b" && status != ok || span.n >= 7.0',
      'resource.service.name = "a b" && status != ok || span.n >= 7.5',
    ])
  })

  test.each(['{ .a = 1 && ', '{', '(', '{ "', '{ .a = ', '&& ', '{ !', '{ .a =~ "(" && ', '`'])(
    '%s, again and again, is no error',
    (piece) => {
      const text = piece.repeat(Math.floor(queryCharsMax / piece.length))
      keptOf(text)
      keptOf(`{ ${text}`)
      keptOf(`${text} }`.repeat(2))
    },
  )
})

function stagesOf(text: string) {
  try {
    const query = parseTraceql(text)
    checkTraceql(query, patternFault)
    return query.kind === 'search' ? query.stages : undefined
  } catch {
    return undefined
  }
}
