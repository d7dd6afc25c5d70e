import type { FieldExpression } from './ast.ts'
import type { IntrinsicType } from './intrinsics.ts'

/** What is known of a value before any span is seen; an attribute may hold `any`. */
export type ValueType = 'any' | 'float' | 'bool' | IntrinsicType

/** Whether the value is, or may turn out to be, a number. */
export function mightBeNumber(type: ValueType): boolean {
  return type === 'any' || isNumber(type)
}

/** Whether the value is, or may turn out to be, true or false. */
export function mightBeBool(type: ValueType): boolean {
  return type === 'any' || type === 'bool'
}

/** Whether the value is, or may turn out to be, text. */
export function mightBeText(type: ValueType): boolean {
  return type === 'any' || isText(type)
}

/** Whether the values may be compared; durations are numbers of nanoseconds. */
export function areComparable(left: ValueType, right: ValueType): boolean {
  if (left === 'any' || right === 'any' || left === right) return true
  return (isNumber(left) && isNumber(right)) || (isText(left) && isText(right))
}

/** Whether such values have an order. */
export function isOrdered(type: ValueType): boolean {
  return mightBeNumber(type) || isText(type)
}

function isNumber(type: ValueType): boolean {
  return type === 'int' || type === 'float' || type === 'duration'
}

function isText(type: ValueType): boolean {
  return type === 'string' || type === 'id'
}

/** Whether the expression names any field: without one it says the same of every span. */
export function namesField(expression: FieldExpression): boolean {
  switch (expression.kind) {
    case 'attribute':
    case 'intrinsic':
      return true
    case 'logic':
    case 'compare':
    case 'arithmetic':
      return namesField(expression.left) || namesField(expression.right)
    case 'match':
      return namesField(expression.left)
    case 'present':
    case 'absent':
    case 'not':
    case 'negate':
      return namesField(expression.operand)
    case 'int':
    case 'float':
    case 'duration':
    case 'string':
    case 'bool':
    case 'status':
    case 'span-kind':
      return false
  }
}
