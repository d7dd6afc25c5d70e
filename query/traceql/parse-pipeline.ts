import type { MetricsFunction, ScalarExpression, SeriesExpression, Stage } from './ast.ts'
import { parseField, parseFieldExpression } from './parse-field.ts'
import { isMetricsFunction, parseMetricsFunction, parseSecondStages } from './parse-metrics.ts'
import { parseTerm, type Term } from './parse-term.ts'
import { isCompareOperator } from './precedence.ts'
import {
  expectation,
  expectSymbol,
  isSymbol,
  parseList,
  peek,
  type TokenCursor,
  takeCounted,
} from './token-cursor.ts'

/** What stands between two brackets, or is a whole query but for its hints. */
export type Pipeline =
  | { readonly kind: 'stages'; readonly stages: readonly Stage[] }
  | { readonly kind: 'scalar'; readonly scalar: ScalarExpression }
  | { readonly kind: 'series'; readonly expression: SeriesExpression }

/** Stages with `|` between them; a number or a metrics function may be the last. */
export function parsePipeline(cursor: TokenCursor): Pipeline {
  const stages: Stage[] = []
  for (;;) {
    const part = parsePart(cursor, stages)
    if (part.kind !== 'stages') return part
    stages.push(...part.stages)
    if (!isSymbol(peek(cursor), '|')) return { kind: 'stages', stages }
    takeCounted(cursor)
  }
}

/** One stage, seldom several, or what ends the pipeline: it stands behind the stages before it. */
function parsePart(cursor: TokenCursor, before: readonly Stage[]): Pipeline {
  const token = peek(cursor)
  if (token.kind === 'word') {
    if (isMetricsFunction(token.text)) return parseSeries(cursor, before, token.text)
    const stage = parseNamedStage(cursor, token.text, before)
    if (stage !== undefined) return { kind: 'stages', stages: [stage] }
  }
  const term = parseTerm(cursor, 'a stage such as { } or count() > 1')
  switch (term.kind) {
    case 'spanset':
      return { kind: 'stages', stages: stagesOf(term) }
    case 'scalar':
      return parseScalarPart(cursor, before, term.scalar)
    case 'series':
      if (before.length > 0) throw expectation('a stage that selects spans', token)
      return { kind: 'series', expression: withSecondStages(cursor, term.expression) }
  }
}

/** A pipeline in brackets that stands alone is part of the one around it. */
function stagesOf({ operand }: Term & { readonly kind: 'spanset' }): readonly Stage[] {
  return operand.kind === 'spanset-pipeline' ? operand.stages : [operand]
}

// --- Stages with a name -------------------------------------------------------------------------------------------------

function parseNamedStage(
  cursor: TokenCursor,
  name: string,
  before: readonly Stage[],
): Stage | undefined {
  switch (name) {
    case 'by':
      return parseGroupBy(cursor)
    case 'select':
      return parseSelect(cursor)
    case 'coalesce':
      if (before.length === 0) throw expectation('a stage before coalesce', peek(cursor))
      return parseCoalesce(cursor)
    default:
      return undefined
  }
}

function parseGroupBy(cursor: TokenCursor): Stage {
  takeCounted(cursor)
  expectSymbol(cursor, '(')
  const expression = parseFieldExpression(cursor)
  expectSymbol(cursor, ')', 'an operator or )')
  return { kind: 'by', expression }
}

function parseSelect(cursor: TokenCursor): Stage {
  takeCounted(cursor)
  expectSymbol(cursor, '(')
  const fields = parseList(cursor, parseField)
  expectSymbol(cursor, ')', 'a comma or )')
  return { kind: 'select', fields }
}

function parseCoalesce(cursor: TokenCursor): Stage {
  takeCounted(cursor)
  expectSymbol(cursor, '(')
  expectSymbol(cursor, ')')
  return { kind: 'coalesce' }
}

// --- Numbers ------------------------------------------------------------------------------------------------------------

/** A comparison makes a filter of a number; without one it is the pipeline's last part. */
function parseScalarPart(
  cursor: TokenCursor,
  before: readonly Stage[],
  left: ScalarExpression,
): Pipeline {
  const { text: operator, kind } = peek(cursor)
  if (kind === 'symbol' && isCompareOperator(operator)) {
    takeCounted(cursor)
    const right = parseScalar(cursor)
    return { kind: 'stages', stages: [{ kind: 'scalar-filter', operator, left, right }] }
  }
  if (before.length === 0) return { kind: 'scalar', scalar: left }
  if (left.kind !== 'count' && left.kind !== 'aggregate') {
    throw expectation('a comparison such as > 1', peek(cursor))
  }
  return { kind: 'scalar', scalar: { kind: 'scalar-pipeline', stages: before, aggregate: left } }
}

function parseScalar(cursor: TokenCursor): ScalarExpression {
  const token = peek(cursor)
  const expected = 'a number or an aggregate'
  const term = parseTerm(cursor, expected)
  if (term.kind !== 'scalar') throw expectation(expected, token)
  return term.scalar
}

// --- Series -------------------------------------------------------------------------------------------------------------

function parseSeries(
  cursor: TokenCursor,
  stages: readonly Stage[],
  name: MetricsFunction['kind'],
): Pipeline {
  if (stages.length === 0) throw expectation('spans, such as { }, before a function', peek(cursor))
  const metrics = parseMetricsFunction(cursor, name)
  const second = parseSecondStages(cursor)
  return { kind: 'series', expression: { kind: 'series', stages, function: metrics, second } }
}

function withSecondStages(cursor: TokenCursor, expression: SeriesExpression): SeriesExpression {
  return { ...expression, second: [...expression.second, ...parseSecondStages(cursor)] }
}
