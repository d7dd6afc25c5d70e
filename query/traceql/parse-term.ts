import type {
  Aggregate,
  AggregateFunction,
  ArithmeticOperator,
  LogicOperator,
  Relation,
  ScalarExpression,
  SeriesExpression,
  SeriesNumber,
  SeriesOperand,
  SeriesOperator,
  SpansetOperand,
  Stage,
  StructureForm,
} from './ast.ts'
import type { Token } from './lex.ts'
import { parseFieldExpression, parseFilter } from './parse-field.ts'
import { parseSignedNumber } from './parse-metrics.ts'
import { type Pipeline, parsePipeline } from './parse-pipeline.ts'
import {
  arithmeticPrecedence,
  isArithmeticOperator,
  isLogicOperator,
  precedence,
  rightPrecedence,
} from './precedence.ts'
import {
  expectation,
  expectSymbol,
  isSymbol,
  nested,
  peek,
  type TokenCursor,
  take,
  takeCounted,
} from './token-cursor.ts'

/** What operators stand between outside of `{ }`. Which it is shows only once it is read: all of them begin alike. */
export type Term =
  | { readonly kind: 'spanset'; readonly operand: SpansetOperand }
  | { readonly kind: 'scalar'; readonly scalar: ScalarExpression }
  | { readonly kind: 'series'; readonly expression: SeriesExpression }

/**
 * Terms with operators between them that bind at least so tightly; comparisons of numbers are left to the caller, who
 * also says in words what is expected.
 */
export function parseTerm(
  cursor: TokenCursor,
  expected: string,
  least: number = precedence.logic,
): Term {
  let left = parseSimpleTerm(cursor, expected)
  for (;;) {
    const operator = operatorAfter(left, peek(cursor))
    if (operator === undefined || operator.precedence < least) return left
    takeCounted(cursor)
    left = parseRight(cursor, left, operator)
  }
}

type TermOperator = (
  | { readonly kind: 'logic'; readonly operator: LogicOperator }
  | {
      readonly kind: 'structure'
      readonly relation: Relation
      readonly form: StructureForm
    }
  | { readonly kind: 'arithmetic'; readonly operator: ArithmeticOperator }
) & { readonly precedence: number; readonly right: number }

/** `>` between span sets is an operator, between numbers a comparison: the left side decides. */
function operatorAfter(left: Term, { kind, text }: Token): TermOperator | undefined {
  if (kind !== 'symbol') return undefined
  return left.kind === 'spanset' ? spansetOperator(text) : arithmeticOperator(text)
}

function spansetOperator(text: string): TermOperator | undefined {
  if (isLogicOperator(text)) {
    const level = precedence.logic
    return { kind: 'logic', operator: text, precedence: level, right: level + 1 }
  }
  const relation = relations.get(text.replace(/^[!&]/, ''))
  if (relation === undefined) return undefined
  const level = precedence.structure
  return { kind: 'structure', relation, form: formOf(text), precedence: level, right: level + 1 }
}

const relations: ReadonlyMap<string, Relation> = new Map([
  ['>', 'child'],
  ['>>', 'descendant'],
  ['<', 'parent'],
  ['<<', 'ancestor'],
  ['~', 'sibling'],
])

function formOf(operator: string): StructureForm {
  if (operator.startsWith('!')) return 'negated'
  return operator.startsWith('&') ? 'union' : 'plain'
}

function arithmeticOperator(text: string): TermOperator | undefined {
  if (!isArithmeticOperator(text)) return undefined
  return {
    kind: 'arithmetic',
    operator: text,
    precedence: arithmeticPrecedence(text),
    right: rightPrecedence(text),
  }
}

// --- Both sides ---------------------------------------------------------------------------------------------------------

function parseRight(cursor: TokenCursor, left: Term, operator: TermOperator): Term {
  const token = peek(cursor)
  const expected = operator.kind === 'arithmetic' ? 'a number' : 'a span set'
  const parse = (inner: TokenCursor) => parseTerm(inner, expected, operator.right)
  const isPower = operator.kind === 'arithmetic' && operator.operator === '^'
  const right = isPower ? nested(cursor, parse) : parse(cursor)
  if (operator.kind === 'arithmetic') return arithmetic(operator.operator, left, right, token)
  return spansetOperation(operator, left, right, token)
}

function spansetOperation(
  operator: TermOperator & { readonly kind: 'logic' | 'structure' },
  left: Term,
  right: Term,
  token: Token,
): Term {
  if (left.kind !== 'spanset' || right.kind !== 'spanset') throw expectation('a span set', token)
  const sides = { left: left.operand, right: right.operand }
  if (operator.kind === 'logic') {
    const operand = { kind: 'spanset-logic', operator: operator.operator, ...sides } as const
    return { kind: 'spanset', operand }
  }
  const { relation, form } = operator
  return { kind: 'spanset', operand: { kind: 'spanset-structure', relation, form, ...sides } }
}

function arithmetic(operator: ArithmeticOperator, left: Term, right: Term, token: Token): Term {
  if (left.kind === 'scalar' && right.kind === 'scalar') {
    const sides = { left: left.scalar, right: right.scalar }
    return { kind: 'scalar', scalar: { kind: 'scalar-arithmetic', operator, ...sides } }
  }
  const leftSeries = seriesOperand(left)
  const rightSeries = seriesOperand(right)
  if (leftSeries === undefined || rightSeries === undefined || !isSeriesOperator(operator)) {
    throw expectation('metrics queries in brackets or numbers on both sides of + - * /', token)
  }
  const sides = { left: leftSeries, right: rightSeries }
  const expression = { kind: 'series-arithmetic', operator, ...sides, second: [] } as const
  return { kind: 'series', expression }
}

function isSeriesOperator(operator: ArithmeticOperator): operator is SeriesOperator {
  return operator !== '%' && operator !== '^'
}

function seriesOperand(term: Term): SeriesOperand | undefined {
  switch (term.kind) {
    case 'series':
      return term.expression
    case 'scalar':
      return seriesNumber(term.scalar)
    case 'spanset':
      return undefined
  }
}

/** A number beside a metrics query: no duration, no aggregate. */
function seriesNumber(scalar: ScalarExpression): SeriesNumber | undefined {
  if (scalar.kind === 'int' || scalar.kind === 'float') return scalar
  if (scalar.kind !== 'scalar-arithmetic' || !isSeriesOperator(scalar.operator)) return undefined
  const left = seriesNumber(scalar.left)
  const right = seriesNumber(scalar.right)
  if (left === undefined || right === undefined) return undefined
  return { kind: 'number-arithmetic', operator: scalar.operator, left, right }
}

// --- Simple terms -------------------------------------------------------------------------------------------------------

function parseSimpleTerm(cursor: TokenCursor, expected: string): Term {
  const token = peek(cursor)
  if (isSymbol(token, '{')) return { kind: 'spanset', operand: parseFilter(cursor) }
  if (isSymbol(token, '(')) return nested(cursor, parseBracketed)
  if (token.kind === 'word' && isAggregate(token.text)) {
    return { kind: 'scalar', scalar: parseAggregate(cursor, token.text) }
  }
  if (token.kind === 'number' || isSymbol(token, '-')) {
    return { kind: 'scalar', scalar: parseSignedNumber(cursor) }
  }
  throw expectation(expected, token)
}

function parseBracketed(cursor: TokenCursor): Term {
  take(cursor)
  const pipeline = parsePipeline(cursor)
  expectSymbol(cursor, ')', 'an operator, | or )')
  return termOf(pipeline)
}

function termOf(pipeline: Pipeline): Term {
  if (pipeline.kind !== 'stages') return pipeline
  const [first, ...others] = pipeline.stages
  const operand = others.length === 0 && first !== undefined ? asOperand(first) : undefined
  return {
    kind: 'spanset',
    operand: operand ?? { kind: 'spanset-pipeline', stages: pipeline.stages },
  }
}

/** The stage as an operand, if it can be one without brackets around it. */
function asOperand(stage: Stage): SpansetOperand | undefined {
  switch (stage.kind) {
    case 'filter':
    case 'spanset-logic':
    case 'spanset-structure':
      return stage
    case 'scalar-filter':
    case 'by':
    case 'coalesce':
    case 'select':
      return undefined
  }
}

function isAggregate(text: string): text is AggregateFunction | 'count' {
  return /^(count|min|max|avg|sum)$/.test(text)
}

function parseAggregate(cursor: TokenCursor, name: AggregateFunction | 'count'): Aggregate {
  takeCounted(cursor)
  expectSymbol(cursor, '(')
  if (name === 'count') {
    expectSymbol(cursor, ')')
    return { kind: 'count' }
  }
  const expression = parseFieldExpression(cursor)
  expectSymbol(cursor, ')', 'an operator or )')
  return { kind: 'aggregate', function: name, expression }
}
