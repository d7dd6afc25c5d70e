import type { CompareOperator } from './ast.ts'
import type { FieldValue, ScalarValue } from './span-table.ts'

/**
 * Whether the comparison is true. False when either side is absent or the types differ, also for `!=`. In lists `=` and
 * the orders want one element that compares so, `!=` wants all of them.
 */
export function compareValues(
  operator: CompareOperator,
  left: FieldValue,
  right: FieldValue,
): boolean {
  if (left === undefined || right === undefined) return false
  if (isList(left))
    return some(operator, left, (element) => compareValues(operator, element, right))
  if (isList(right))
    return some(operator, right, (element) => compareScalars(operator, left, element))
  return compareScalars(operator, left, right)
}

export function isList(value: FieldValue): value is readonly ScalarValue[] {
  return Array.isArray(value)
}

function some(
  operator: CompareOperator,
  list: readonly ScalarValue[],
  test: (element: ScalarValue) => boolean,
): boolean {
  return operator === '!=' ? list.every(test) : list.some(test)
}

function compareScalars(operator: CompareOperator, left: ScalarValue, right: ScalarValue): boolean {
  if (isNumber(left) && isNumber(right)) return compareNumbers(operator, left, right)
  if (typeof left === 'string' && typeof right === 'string') {
    if (operator === '=') return left === right
    return compareNumbers(operator, textOrder(left, right), 0)
  }
  if (typeof left !== 'boolean' || typeof right !== 'boolean') return false
  return (operator === '=' && left === right) || (operator === '!=' && left !== right)
}

export function isNumber(value: FieldValue): value is bigint | number {
  return typeof value === 'bigint' || typeof value === 'number'
}

/** Integers and floats compare by their exact values. */
export function compareNumbers(
  operator: CompareOperator,
  left: bigint | number,
  right: bigint | number,
): boolean {
  switch (operator) {
    case '=':
      return isEqual(left, right)
    case '!=':
      return !isEqual(left, right)
    case '>':
      return left > right
    case '>=':
      return left >= right
    case '<':
      return left < right
    case '<=':
      return left <= right
  }
}

function isEqual(left: bigint | number, right: bigint | number): boolean {
  return left <= right && left >= right
}

/** Negative, zero or positive, in the order of the texts' UTF-8 bytes, which is that of their code points. */
export function textOrder(left: string, right: string): number {
  const length = Math.min(left.length, right.length)
  for (let i = 0; i < length; i++) {
    const difference = rank(left.charCodeAt(i)) - rank(right.charCodeAt(i))
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

/** Surrogates stand for code points above all that have one unit. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
