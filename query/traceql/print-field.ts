import type { Field, FieldExpression, Literal, SpansetFilter } from './ast.ts'
import { printDuration } from './duration-literal.ts'
import { isNegative, printFloat, printInt } from './number-literal.ts'
import { arithmeticPrecedence, precedence, rightPrecedence } from './precedence.ts'
import { printString } from './string-literal.ts'

export function printFilter({ condition }: SpansetFilter): string {
  return `{ ${printFieldExpression(condition)} }`
}

/** The expression's text, in brackets when it binds less tightly than asked for. */
export function printFieldExpression(
  expression: FieldExpression,
  least: number = precedence.logic,
): string {
  const text = printBare(expression)
  return precedenceOf(expression) < least ? `(${text})` : text
}

function printBare(expression: FieldExpression): string {
  switch (expression.kind) {
    case 'attribute':
    case 'intrinsic':
      return printField(expression)
    case 'logic':
    case 'compare':
    case 'arithmetic':
      return printBinary(expression)
    case 'match': {
      const left = printFieldExpression(expression.left, precedence.compare)
      return `${left} ${expression.operator} ${printString(expression.pattern)}`
    }
    case 'present':
      return `${printFieldExpression(expression.operand, precedence.compare)} != nil`
    case 'absent':
      return `${printFieldExpression(expression.operand, precedence.compare)} = nil`
    case 'not':
      return `!${printFieldExpression(expression.operand, precedence.not + 1)}`
    case 'negate':
      return `-${printFieldExpression(expression.operand, precedence.negate + 1)}`
    default:
      return printLiteral(expression)
  }
}

function printBinary(
  expression: FieldExpression & { readonly kind: 'logic' | 'compare' | 'arithmetic' },
): string {
  const level = precedenceOf(expression)
  const { operator, left, right } = expression
  const isPower = operator === '^'
  const leftText = printFieldExpression(left, isPower ? level + 1 : level)
  const rightLevel =
    expression.kind === 'arithmetic' ? rightPrecedence(expression.operator) : level + 1
  return `${leftText} ${operator} ${printFieldExpression(right, rightLevel)}`
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
      return isNegative(expression) ? precedence.negate : precedence.primary
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
