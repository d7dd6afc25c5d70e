import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FieldExpression, TraceqlQuery } from '../../../../query/traceql/ast.ts'
import { checkTraceql } from '../../../../query/traceql/check.ts'
import { lexTraceql } from '../../../../query/traceql/lex.ts'
import { parseTraceql } from '../../../../query/traceql/parse.ts'
import { printTraceql } from '../../../../query/traceql/print.ts'
import { kindOf, messageOf } from '../../../../src/errors.ts'
import { queryCharsMax, queryNestingMax, queryOperatorsMax } from '../../../../src/limits.ts'
import valid from '../../../golden/traceql/valid.json' with { type: 'json' }

/** The condition of a query that is one filter. */
function conditionOf(text: string): FieldExpression {
  const query = parseTraceql(text)
  const [stage] = query.kind === 'search' ? query.stages : []
  if (stage?.kind !== 'filter') throw new Error(`${text} is no filter`)
  return stage.condition
}

/** The message of the refusal, which must be the client's fault. */
function refusalOf(text: string): string {
  try {
    parseTraceql(text)
  } catch (error) {
    expect(kindOf(error)).toBe('invalid')
    return messageOf(error)
  }
  return 'not refused'
}

describe('precedence', () => {
  test.each([
    ['.a || .b && .c', '(.a || .b) && .c'],
    ['.a && .b || .c', '(.a && .b) || .c'],
    ['.a = 1 && .b > 2', '(.a = 1) && (.b > 2)'],
    ['.a = .b != .c', '(.a = .b) != .c'],
    ['.a + .b - .c', '(.a + .b) - .c'],
    ['.a + .b * .c', '.a + (.b * .c)'],
    ['.a / .b % .c', '(.a / .b) % .c'],
    ['.a * .b ^ .c', '.a * (.b ^ .c)'],
    ['.a ^ .b ^ .c', '.a ^ (.b ^ .c)'],
    ['-.a * .b', '-(.a * .b)'],
    ['-.a + .b', '(-.a) + .b'],
    ['.a * -.b + .c', '(.a * (-.b)) + .c'],
    ['.a ^ -.b * .c', '.a ^ (-(.b * .c))'],
    ['!.a = .b', '(!.a) = .b'],
    ['!.a + .b', '(!.a) + .b'],
    ['!.a * .b', '!(.a * .b)'],
    ['!-.a + .b', '(!(-.a)) + .b'],
    ['.a =~ "x" && .b', '(.a =~ "x") && .b'],
    ['.a != nil = .b', '(.a != nil) = .b'],
    ['nil = .a + 1', '(.a + 1) = nil'],
    ['-2 ^ 2', '-(2 ^ 2)'],
  ])('{ %s } is { %s }', (text, bracketed) => {
    expect(conditionOf(`{ ${text} }`)).toEqual(conditionOf(`{ ${bracketed} }`))
  })

  test.each([
    ['{.a} || {.b} && {.c}', '({.a} || {.b}) && {.c}'],
    ['{.a} && {.b} >> {.c}', '{.a} && ({.b} >> {.c})'],
    ['{.a} > {.b} !~ {.c}', '({.a} > {.b}) !~ {.c}'],
    ['count() + 1 * 2 > 3', 'count() + (1 * 2) > 3'],
    ['count() ^ 2 ^ 3 > 3', 'count() ^ (2 ^ 3) > 3'],
    ['count() > -2 ^ 2', 'count() > (-2) ^ 2'],
    ['({.a} | rate()) + ({.b} | rate()) * 2', '({.a} | rate()) + (({.b} | rate()) * 2)'],
    ['({.a} | rate()) - 1 - 2', '(({.a} | rate()) - 1) - 2'],
  ])('%s is %s', (text, bracketed) => {
    expect(parseTraceql(text)).toEqual(parseTraceql(bracketed))
  })

  test('brackets that change it are no noise', () => {
    expect(conditionOf('{ .a || (.b && .c) }')).not.toEqual(conditionOf('{ .a || .b && .c }'))
    expect(conditionOf('{ (-2) ^ 2 }')).not.toEqual(conditionOf('{ -2 ^ 2 }'))
  })
})

test('a query with all that TraceQL has is one tree', () => {
  const query = parseTraceql(
    `({ span."x y" = 1ms } &>> { status = error }) | by(name) | max(duration) > 2s
       | quantile_over_time(duration, .5, 1) by (.a) | topk(3) > 1.5 with (exemplars=true)`,
  )
  const expected: TraceqlQuery = {
    kind: 'metrics',
    expression: {
      kind: 'series',
      stages: [
        {
          kind: 'spanset-structure',
          relation: 'descendant',
          form: 'union',
          left: {
            kind: 'filter',
            condition: {
              kind: 'compare',
              operator: '=',
              left: { kind: 'attribute', scope: 'span', key: 'x y' },
              right: { kind: 'duration', ns: 1_000_000n },
            },
          },
          right: {
            kind: 'filter',
            condition: {
              kind: 'compare',
              operator: '=',
              left: { kind: 'intrinsic', name: 'status' },
              right: { kind: 'status', value: 'error' },
            },
          },
        },
        { kind: 'by', expression: { kind: 'intrinsic', name: 'name' } },
        {
          kind: 'scalar-filter',
          operator: '>',
          left: {
            kind: 'aggregate',
            function: 'max',
            expression: { kind: 'intrinsic', name: 'duration' },
          },
          right: { kind: 'duration', ns: 2_000_000_000n },
        },
      ],
      function: {
        kind: 'quantile_over_time',
        field: { kind: 'intrinsic', name: 'duration' },
        quantiles: [0.5, 1],
        by: [{ kind: 'attribute', scope: 'any', key: 'a' }],
      },
      second: [
        { kind: 'topk', count: 3 },
        { kind: 'series-filter', operator: '>', value: { kind: 'float', value: 1.5 } },
      ],
    },
    hints: [{ name: 'exemplars', value: { kind: 'bool', value: true } }],
  }
  expect(query).toEqual(expected)
})

test.each(valid)('blanks change nothing: $query', ({ query }) => {
  const spread = lexTraceql(query).map(({ text }) => text)
  expect(parseTraceql(spread.join('\n\t'))).toEqual(parseTraceql(query))
})

test('the place is that of the token, on its line', () => {
  expect(refusalOf('{ .a = 1\n  && }\n')).toBe(
    'traceql line 2 column 6: expected a field or a value, got }',
  )
})

describe('bounds', () => {
  test('text at the bound is read, one character more is not', () => {
    expect(parseTraceql('{ }'.padEnd(queryCharsMax))).toEqual(parseTraceql('{ }'))
    expect(refusalOf('{ }'.padEnd(queryCharsMax + 1))).toBe(
      'traceql text must have at most 131072 characters, got 131073 characters',
    )
  })

  test.each([
    ['{ ', '(', '.a', ')', ' }'],
    ['{ ', '!', '.a', '', ' }'],
    ['{ ', '- ', '.a', '', ' }'],
    ['{ ', '2 ^ ', '.a', '', ' > 1 }'],
    ['{ ', 'nil = 1 + ', '.a', '', ' }'],
    ['', '(', '{ }', ')', ''],
    ['', '({ } && ', '{ }', ')', ''],
    ['', '2 ^ ', 'count()', '', ' > 1'],
  ])(
    '%s%s…: nesting at the bound is read, one level more is not',
    (start, open, mid, close, end) => {
      const nest = (depth: number) => start + open.repeat(depth) + mid + close.repeat(depth) + end
      const deepest = parseTraceql(nest(queryNestingMax))
      expect(parseTraceql(printTraceql(deepest))).toEqual(deepest)
      expect(refusalOf(nest(queryNestingMax + 1))).toMatch('expected at most 64 levels of nesting')
    },
  )

  test('printing adds no brackets that would lead past the bound', () => {
    const signs = '2 ^ -.a * !'.repeat(Math.floor(queryNestingMax / 3))
    const deepest = parseTraceql(`{ ${signs}.a }`)
    expect(printTraceql(deepest)).toBe(`{ ${signs}.a }`)
  })

  test.each([
    ['{ .a', ' || .a', ' }'],
    ['{ .a', ' + 1', ' > 0 }'],
    ['{ }', ' >> { }', ''],
    ['{ }', ' | { }', ''],
    ['({ } | rate())', ' + 1', ''],
    ['{ } | select(.a', ', .a', ')'],
    ['{ } | rate() by (.a', ', .a', ')'],
    ['{ } with (a=1', ', a=1', ')'],
  ])(
    '%s%s…: operators at the bound are read, checked and printed, more are not',
    (start, link, end) => {
      // The start and the end may hold some themselves.
      const own = lexTraceql(start + end).filter(({ text }) =>
        /^[|>]$|^(rate|select)$/.test(text),
      ).length
      const chain = (links: number) => start + link.repeat(links) + end
      const longest = parseTraceql(chain(queryOperatorsMax - own))
      checkTraceql(longest, () => undefined)
      expect(parseTraceql(printTraceql(longest))).toEqual(longest)
      expect(refusalOf(chain(queryOperatorsMax - own + 1))).toMatch(
        'expected at most 1000 operators, stages and commas',
      )
    },
  )
})

describe('hostile text', () => {
  const pieces = [
    '(',
    '{',
    '!',
    '-',
    '"',
    '`',
    '/*',
    '//',
    '/*/',
    '.',
    '.a',
    '."',
    '."a',
    '\\',
    '1',
    '1.',
    '.1',
    '1h',
    '9e',
    '({',
    '{(',
    'nil=',
    'nil!=',
    '2^',
    '({}|',
    '{}|',
    '{}>',
    '{}&&(',
    '(count()+',
    'by(',
    'µ',
    '\n',
    '&',
    '|',
  ]

  // Where each piece cost as much as there are pieces, this would take longer than a test may.
  test.each(pieces)('%s, again and again, is refused', (piece) => {
    const text = piece.repeat(Math.floor(queryCharsMax / piece.length))
    expect(refusalOf(text)).toMatch(/^traceql line \d+ column \d+: expected .{1,200}$/)
    expect(refusalOf(`{ .a = ${text.slice(20)}`)).toMatch(/^traceql line/)
  })

  test('half a character is refused', () => {
    expect(refusalOf('{ .a = "\ud800" }')).toBe('traceql text must be well-formed unicode')
  })

  test('whatever the text, it is read or refused as the client’s fault', () => {
    const tokens = valid.flatMap(({ query }) => lexTraceql(query).map(({ text }) => text))
    const soup = fc.array(fc.constantFrom(...new Set(tokens)), { maxLength: 12 })
    fc.assert(
      fc.property(
        fc.oneof(
          soup.map((parts) => parts.join(' ')),
          fc.string(),
        ),
        (text) => {
          expect(refusalOf(text)).toMatch(/^(traceql |not refused$)/)
        },
      ),
      { numRuns: 3_000 },
    )
  })

  test('a valid query with one token less or another one is read or refused', () => {
    const changed = fc
      .tuple(fc.constantFrom(...valid), fc.constantFrom(...valid), fc.nat(), fc.nat())
      .map(([{ query }, other, at, from]) => {
        const tokens = lexTraceql(query).map(({ text }) => text)
        const others = lexTraceql(other.query).map(({ text }) => text)
        return tokens.with(at % tokens.length, others[from % others.length] ?? '').join(' ')
      })
    fc.assert(
      fc.property(changed, (text) => {
        if (refusalOf(text) !== 'not refused') return
        const query = parseTraceql(text)
        expect(parseTraceql(printTraceql(query))).toEqual(query)
      }),
      { numRuns: 3_000 },
    )
  })
})
