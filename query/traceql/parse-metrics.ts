import { compareTopDefault } from '../../src/limits.ts'
import type {
  Compare,
  CompareWindow,
  Field,
  FieldOverTimeName,
  MetricsFunction,
  NumberLiteral,
  SecondStage,
} from './ast.ts'
import type { Token } from './lex.ts'
import { negated } from './number-literal.ts'
import { parseField, parseFilter } from './parse-field.ts'
import { isCompareOperator } from './precedence.ts'
import {
  expectation,
  expectSymbol,
  isSymbol,
  isWord,
  parseList,
  peek,
  type TokenCursor,
  take,
  takeCounted,
  takeSymbol,
  takeWord,
} from './token-cursor.ts'

const fieldFunctions: ReadonlySet<string> = new Set<FieldOverTimeName>([
  'min_over_time',
  'max_over_time',
  'sum_over_time',
  'avg_over_time',
  'histogram_over_time',
])

/** Whether the word is a metrics function's name. */
export function isMetricsFunction(text: string): text is MetricsFunction['kind'] {
  return isCountFunction(text) || isFieldFunction(text) || isOtherFunction(text)
}

function isCountFunction(text: string): text is 'rate' | 'count_over_time' {
  return text === 'rate' || text === 'count_over_time'
}

function isFieldFunction(text: string): text is FieldOverTimeName {
  return fieldFunctions.has(text)
}

function isOtherFunction(text: string): text is 'quantile_over_time' | 'compare' {
  return text === 'quantile_over_time' || text === 'compare'
}

/** The function whose name comes next, with its arguments and its `by`. */
export function parseMetricsFunction(
  cursor: TokenCursor,
  name: MetricsFunction['kind'],
): MetricsFunction {
  takeCounted(cursor)
  expectSymbol(cursor, '(')
  switch (name) {
    case 'compare':
      return parseCompare(cursor)
    case 'quantile_over_time':
      return parseQuantile(cursor)
    case 'rate':
    case 'count_over_time':
      expectSymbol(cursor, ')')
      return { kind: name, by: parseBy(cursor) }
    default: {
      const field = parseField(cursor)
      expectSymbol(cursor, ')')
      return { kind: name, field, by: parseBy(cursor) }
    }
  }
}

function parseQuantile(cursor: TokenCursor): MetricsFunction {
  const field = parseField(cursor)
  expectSymbol(cursor, ',', 'a comma and a quantile such as .99')
  const quantiles = parseList(cursor, parseQuantileNumber)
  expectSymbol(cursor, ')', 'a comma or )')
  return { kind: 'quantile_over_time', field, quantiles, by: parseBy(cursor) }
}

function parseQuantileNumber(cursor: TokenCursor): number {
  const token = peek(cursor)
  if (token.kind !== 'number' || token.value.kind === 'duration') {
    throw expectation('a quantile such as .99', token)
  }
  take(cursor)
  return Number(token.value.value)
}

function parseBy(cursor: TokenCursor): readonly Field[] {
  if (!takeWord(cursor, 'by')) return []
  expectSymbol(cursor, '(')
  const fields = parseList(cursor, parseField)
  expectSymbol(cursor, ')', 'a comma or )')
  return fields
}

// --- compare ------------------------------------------------------------------------------------------------------------

function parseCompare(cursor: TokenCursor): Compare {
  const selection = parseFilter(cursor)
  const top = takeSymbol(cursor, ',') ? parseCount(cursor) : compareTopDefault
  const window = takeSymbol(cursor, ',') ? parseWindow(cursor) : undefined
  expectSymbol(cursor, ')', 'a comma or )')
  return { kind: 'compare', selection, top, window }
}

/** Two zeros are no window, as in Tempo. */
function parseWindow(cursor: TokenCursor): CompareWindow | undefined {
  const startNs = parseInteger(cursor, 'a time in unix nanoseconds')
  expectSymbol(cursor, ',', 'a comma and an end')
  const endNs = parseInteger(cursor, 'a time in unix nanoseconds')
  return startNs === 0n && endNs === 0n ? undefined : { startNs, endNs }
}

function parseCount(cursor: TokenCursor): number {
  const token = peek(cursor)
  const count = Number(parseInteger(cursor, 'a count'))
  if (!Number.isSafeInteger(count)) throw expectation('a count below 2^53', token)
  return count
}

function parseInteger(cursor: TokenCursor, expected: string): bigint {
  const token = peek(cursor)
  if (token.kind !== 'number' || token.value.kind !== 'int') throw expectation(expected, token)
  take(cursor)
  return token.value.value
}

// --- Second stages ------------------------------------------------------------------------------------------------------

/** `| topk(3) > 2 | bottomk(1)`, as many as there are. */
export function parseSecondStages(cursor: TokenCursor): readonly SecondStage[] {
  const stages: SecondStage[] = []
  for (;;) {
    const stage = parseSecondStage(cursor)
    if (stage === undefined) return stages
    stages.push(stage)
  }
}

function parseSecondStage(cursor: TokenCursor): SecondStage | undefined {
  const token = peek(cursor)
  if (isSymbol(token, '|')) {
    takeCounted(cursor)
    return parseRank(cursor)
  }
  const { kind, text: operator } = token
  if (kind !== 'symbol' || !isCompareOperator(operator)) return undefined
  takeCounted(cursor)
  return { kind: 'series-filter', operator, value: parseSignedNumber(cursor) }
}

function parseRank(cursor: TokenCursor): SecondStage {
  const kind = rankOf(peek(cursor))
  take(cursor)
  expectSymbol(cursor, '(')
  const count = parseCount(cursor)
  expectSymbol(cursor, ')')
  return { kind, count }
}

function rankOf(token: Token): 'topk' | 'bottomk' {
  if (isWord(token, 'topk')) return 'topk'
  if (isWord(token, 'bottomk')) return 'bottomk'
  throw expectation('topk or bottomk after a metrics function', token)
}

/** A number, perhaps with a minus right before it, which then binds tighter than anything. */
export function parseSignedNumber(cursor: TokenCursor): NumberLiteral {
  const isMinus = takeSymbol(cursor, '-')
  const token = peek(cursor)
  if (token.kind !== 'number') throw expectation('a number', token)
  take(cursor)
  return isMinus ? negated(token.value) : token.value
}
