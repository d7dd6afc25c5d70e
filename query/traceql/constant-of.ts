import { floatArithmetic, intArithmetic } from './arithmetic.ts'
import type { ArithmeticOperator, FieldExpression, Literal } from './ast.ts'
import { isNumber } from './compare-values.ts'
import { negated } from './number-literal.ts'

/** The expression's value when it is the same for every span and can be written down; undefined otherwise. */
export function constantOf(expression: FieldExpression): Literal | undefined {
  switch (expression.kind) {
    case 'int':
    case 'float':
    case 'duration':
    case 'string':
    case 'bool':
    case 'status':
    case 'span-kind':
      return expression
    case 'negate': {
      const operand = constantOf(expression.operand)
      return operand !== undefined && isNumberLiteral(operand) ? negated(operand) : undefined
    }
    case 'arithmetic': {
      const [left, right] = [constantOf(expression.left), constantOf(expression.right)]
      if (left === undefined || right === undefined) return undefined
      return arithmeticOf(expression.operator, left, right)
    }
    default:
      return undefined
  }
}

function arithmeticOf(
  operator: ArithmeticOperator,
  left: Literal,
  right: Literal,
): Literal | undefined {
  if (!isNumberLiteral(left) || !isNumberLiteral(right)) return undefined
  const result =
    left.kind === 'int' && right.kind === 'int'
      ? intArithmetic(operator, left.value, right.value)
      : floatArithmetic(operator, numberOf(left), numberOf(right))
  if (!isNumber(result)) return undefined
  if (typeof result === 'bigint') return { kind: 'int', value: result }
  return Number.isFinite(result) ? { kind: 'float', value: result } : undefined
}

type NumberLiteral = Literal & { readonly kind: 'int' | 'float' | 'duration' }

function isNumberLiteral(literal: Literal): literal is NumberLiteral {
  return literal.kind === 'int' || literal.kind === 'float' || literal.kind === 'duration'
}

function numberOf(literal: NumberLiteral): number {
  return Number(literal.kind === 'duration' ? literal.ns : literal.value)
}
