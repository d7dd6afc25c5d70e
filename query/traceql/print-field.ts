import type { Field, FieldExpression, Literal, SpansetFilter } from './ast.ts'
import { printDuration } from './duration-literal.ts'
import { printFloat, printInt } from './number-literal.ts'
import { arithmeticPrecedence, precedence } from './precedence.ts'
import { printString } from './string-literal.ts'

export function printFilter({ condition }: SpansetFilter): string {
  return `{ ${printFieldExpression(condition)} }`
}

/** The expression's text, with no more brackets than it needs. */
export function printFieldExpression(expression: FieldExpression): string {
  return print(expression, precedence.logic, nothing)
}

/** The precedence of the end, or of a bracket. */
const nothing = 0

/** `least` is how tightly the expression must bind here, `next` how tightly the operator does that follows it. */
function print(expression: FieldExpression, least: number, next: number): string {
  if (needsBrackets(expression, least, next)) return `(${printBare(expression, nothing)})`
  return printBare(expression, next)
}

/** A sign takes in whatever follows and binds tighter; what stands before it does not matter. */
function needsBrackets(expression: FieldExpression, least: number, next: number): boolean {
  const level = precedenceOf(expression)
  return isSigned(expression) ? next > level : level < least
}

function printBare(expression: FieldExpression, next: number): string {
  switch (expression.kind) {
    case 'attribute':
    case 'intrinsic':
      return printField(expression)
    case 'logic':
    case 'compare':
    case 'arithmetic':
      return printBinary(expression, next)
    case 'match': {
      const { operator, left, pattern } = expression
      return `${print(left, precedence.compare, precedence.compare)} ${operator} ${printString(pattern)}`
    }
    case 'present':
      return `${print(expression.operand, precedence.compare, precedence.compare)} != nil`
    case 'absent':
      return `${print(expression.operand, precedence.compare, precedence.compare)} = nil`
    case 'not':
      return `!${print(expression.operand, precedence.not + 1, next)}`
    case 'negate':
      return `-${print(expression.operand, precedence.negate + 1, next)}`
    default:
      return printLiteral(expression)
  }
}

function printBinary(
  expression: FieldExpression & { readonly kind: 'logic' | 'compare' | 'arithmetic' },
  next: number,
): string {
  const level = precedenceOf(expression)
  const { operator, left, right } = expression
  const leftText = print(left, operator === '^' ? level + 1 : level, level)
  const rightText = print(right, operator === '^' ? level : level + 1, next)
  return `${leftText} ${operator} ${rightText}`
}

/** Whether the text begins with a sign: it then stands behind any operator without brackets. */
function isSigned(expression: FieldExpression): boolean {
  switch (expression.kind) {
    case 'not':
    case 'negate':
      return true
    case 'int':
    case 'float':
    case 'duration':
      return printLiteral(expression).startsWith('-')
    default:
      return false
  }
}

function precedenceOf(expression: FieldExpression): number {
  switch (expression.kind) {
    case 'logic':
      return precedence.logic
    case 'compare':
    case 'match':
    case 'present':
    case 'absent':
      return precedence.compare
    case 'arithmetic':
      return arithmeticPrecedence(expression.operator)
    case 'negate':
      return precedence.negate
    case 'not':
      return precedence.not
    case 'int':
    case 'float':
    case 'duration':
      return isSigned(expression) ? precedence.negate : precedence.primary
    case 'string':
    case 'bool':
    case 'status':
    case 'span-kind':
    case 'attribute':
    case 'intrinsic':
      return precedence.primary
  }
}

export function printLiteral(literal: Literal): string {
  switch (literal.kind) {
    case 'int':
      return printInt(literal.value)
    case 'float':
      return printFloat(literal.value)
    case 'duration':
      return printDuration(literal.ns)
    case 'string':
      return printString(literal.value)
    case 'bool':
      return String(literal.value)
    case 'status':
    case 'span-kind':
      return literal.value
  }
}

/** The field as labels and keys of answers show it: `span.http.route`, `.a`, `name`, `trace:id`. */
export function printField(field: Field): string {
  if (field.kind === 'intrinsic') return field.name
  const scope = field.scope === 'any' ? '' : field.scope
  return `${scope}.${printKey(field.key)}`
}

const plainKey = /^[\p{L}_][\p{L}\p{N}_.:@/$-]*$/u

/** In quotes when it holds, or begins with, what could be read as something else. */
function printKey(key: string): string {
  return plainKey.test(key) ? key : `"${key.replace(/["\\]/g, '\\$&')}"`
}
