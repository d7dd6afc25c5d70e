import type {
  ArithmeticOperator,
  AttributeField,
  CompareOperator,
  Field,
  FieldExpression,
  FieldMatch,
  FieldPresence,
  Literal,
  LogicOperator,
  SpanKindName,
  SpansetFilter,
  StatusName,
} from './ast.ts'
import { intrinsicOf } from './intrinsics.ts'
import type { Token } from './lex.ts'
import { negated } from './number-literal.ts'
import {
  arithmeticPrecedence,
  isArithmeticOperator,
  isCompareOperator,
  isLogicOperator,
  precedence,
  rightPrecedence,
} from './precedence.ts'
import { TraceqlSyntaxError } from './syntax-error.ts'
import {
  expectation,
  expectSymbol,
  isSymbol,
  isWord,
  nested,
  peek,
  type TokenCursor,
  take,
  takeCounted,
  takeSymbol,
  takeWord,
} from './token-cursor.ts'

/** `{ condition }` */
export function parseFilter(cursor: TokenCursor): SpansetFilter {
  expectSymbol(cursor, '{')
  if (takeSymbol(cursor, '}')) return { kind: 'filter', condition: { kind: 'bool', value: true } }
  const condition = parseFieldExpression(cursor)
  expectSymbol(cursor, '}', 'an operator or }')
  return { kind: 'filter', condition }
}

/** An expression over one span: operators that bind at least so tightly, and what stands between them. */
export function parseFieldExpression(
  cursor: TokenCursor,
  least: number = precedence.logic,
): FieldExpression {
  let left = parseOperand(cursor)
  for (;;) {
    const operator = operatorOf(peek(cursor))
    if (operator === undefined || precedenceOf(operator) < least) return left
    takeCounted(cursor)
    left = parseRight(cursor, left, operator)
  }
}

type FieldOperator = LogicOperator | CompareOperator | MatchOperator | ArithmeticOperator
type MatchOperator = FieldMatch['operator']

function operatorOf({ kind, text }: Token): FieldOperator | undefined {
  if (kind !== 'symbol') return undefined
  const isOperator =
    isLogicOperator(text) ||
    isCompareOperator(text) ||
    isMatchOperator(text) ||
    isArithmeticOperator(text)
  return isOperator ? text : undefined
}

function isMatchOperator(text: string): text is MatchOperator {
  return text === '=~' || text === '!~'
}

function precedenceOf(operator: FieldOperator): number {
  if (isLogicOperator(operator)) return precedence.logic
  if (isArithmeticOperator(operator)) return arithmeticPrecedence(operator)
  return precedence.compare
}

function parseRight(
  cursor: TokenCursor,
  left: FieldExpression,
  operator: FieldOperator,
): FieldExpression {
  if (isMatchOperator(operator)) {
    return { kind: 'match', operator, left, pattern: parsePattern(cursor) }
  }
  if (isLogicOperator(operator)) {
    const right = parseFieldExpression(cursor, precedence.logic + 1)
    return { kind: 'logic', operator, left, right }
  }
  if (isCompareOperator(operator)) return parseComparison(cursor, left, operator)
  return { kind: 'arithmetic', operator, left, right: parseArithmeticRight(cursor, operator) }
}

function parseComparison(
  cursor: TokenCursor,
  left: FieldExpression,
  operator: CompareOperator,
): FieldExpression {
  if (isPresenceOperator(operator) && takeWord(cursor, 'nil')) return presence(operator, left)
  const right = parseFieldExpression(cursor, precedence.compare + 1)
  return { kind: 'compare', operator, left, right }
}

/** `^` binds from the right: a chain of it goes deeper with each link. */
function parseArithmeticRight(cursor: TokenCursor, operator: ArithmeticOperator): FieldExpression {
  const parse = (inner: TokenCursor) => parseFieldExpression(inner, rightPrecedence(operator))
  return operator === '^' ? nested(cursor, parse) : parse(cursor)
}

function parsePattern(cursor: TokenCursor): string {
  const first = peek(cursor)
  const right = parseFieldExpression(cursor, precedence.compare + 1)
  if (right.kind === 'string') return right.value
  throw expectation('a regular expression in quotes', first)
}

// --- nil ----------------------------------------------------------------------------------------------------------------

function isPresenceOperator(text: string): text is '=' | '!=' {
  return text === '=' || text === '!='
}

function presence(operator: '=' | '!=', operand: FieldExpression): FieldPresence {
  return { kind: operator === '=' ? 'absent' : 'present', operand }
}

/** `nil = a` and `nil != a`; nil is neither equal nor unequal to itself. */
function parseNil(cursor: TokenCursor): FieldExpression {
  take(cursor)
  const operator = peek(cursor)
  if (!isPresenceOperator(operator.text)) throw expectation('= or != after nil', operator)
  takeCounted(cursor)
  if (takeWord(cursor, 'nil')) return { kind: 'bool', value: false }
  return presence(operator.text, parseFieldExpression(cursor, precedence.compare + 1))
}

// --- Operands -----------------------------------------------------------------------------------------------------------

function parseOperand(cursor: TokenCursor): FieldExpression {
  const token = peek(cursor)
  if (isSymbol(token, '(')) return nested(cursor, parseBracketed)
  if (isSymbol(token, '!')) return nested(cursor, parseNot)
  if (isSymbol(token, '-')) return nested(cursor, parseNegation)
  if (isWord(token, 'nil')) return nested(cursor, parseNil)
  return parseLiteral(cursor) ?? parseField(cursor, 'a field or a value')
}

function parseBracketed(cursor: TokenCursor): FieldExpression {
  take(cursor)
  const inner = parseFieldExpression(cursor)
  expectSymbol(cursor, ')', 'an operator or )')
  return inner
}

function parseNot(cursor: TokenCursor): FieldExpression {
  takeCounted(cursor)
  return { kind: 'not', operand: parseFieldExpression(cursor, precedence.not) }
}

function parseNegation(cursor: TokenCursor): FieldExpression {
  takeCounted(cursor)
  const operand = parseFieldExpression(cursor, precedence.negate + 1)
  switch (operand.kind) {
    case 'int':
    case 'float':
    case 'duration':
      return negated(operand)
    default:
      return { kind: 'negate', operand }
  }
}

/** An attribute or an intrinsic. */
export function parseField(cursor: TokenCursor, expected = 'a field'): Field {
  const token = peek(cursor)
  if (token.kind === 'attribute') {
    take(cursor)
    return { kind: 'attribute', scope: knownScope(token), key: token.key }
  }
  const name = token.kind === 'word' ? intrinsicOf(token.text) : undefined
  if (name === undefined) throw notAField(token, expected)
  take(cursor)
  return { kind: 'intrinsic', name }
}

function knownScope(token: Token & { readonly kind: 'attribute' }): AttributeField['scope'] {
  if (token.scope === 'parent') throw new TraceqlSyntaxError(token, 'parent is not supported')
  return token.scope
}

function notAField(token: Token, expected: string): Error {
  if (isWord(token, 'parent')) return new TraceqlSyntaxError(token, 'parent is not supported')
  if (token.kind !== 'word') return expectation(expected, token)
  if (token.text.includes(':')) return expectation('an intrinsic such as trace:id', token)
  return expectation(`${expected} (attributes begin with a dot or a scope, as span.)`, token)
}

// --- Literals -----------------------------------------------------------------------------------------------------------

const statusNames: ReadonlySet<string> = new Set<StatusName>(['ok', 'error', 'unset'])
const spanKindNames: ReadonlySet<string> = new Set<SpanKindName>([
  'unspecified',
  'internal',
  'server',
  'client',
  'producer',
  'consumer',
])

/** A value without a sign, if one comes next. */
export function parseLiteral(cursor: TokenCursor): Literal | undefined {
  const literal = literalOf(peek(cursor))
  if (literal !== undefined) take(cursor)
  return literal
}

function literalOf(token: Token): Literal | undefined {
  switch (token.kind) {
    case 'string':
      return { kind: 'string', value: token.value }
    case 'number':
      return token.value
    case 'word':
      return literalOfWord(token.text)
    case 'symbol':
    case 'attribute':
    case 'end':
      return undefined
  }
}

function literalOfWord(text: string): Literal | undefined {
  if (text === 'true' || text === 'false') return { kind: 'bool', value: text === 'true' }
  if (isStatusName(text)) return { kind: 'status', value: text }
  if (isSpanKindName(text)) return { kind: 'span-kind', value: text }
  return undefined
}

function isStatusName(text: string): text is StatusName {
  return statusNames.has(text)
}

function isSpanKindName(text: string): text is SpanKindName {
  return spanKindNames.has(text)
}
