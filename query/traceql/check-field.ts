import { SpanlakeError } from '../../src/errors.ts'
import type {
  FieldArithmetic,
  FieldComparison,
  FieldExpression,
  FieldLogic,
  FieldMatch,
  SpansetFilter,
} from './ast.ts'
import { intrinsicTypes } from './intrinsics.ts'
import { printFieldExpression, printFilter } from './print-field.ts'
import { excerptOf } from './syntax-error.ts'
import {
  areComparable,
  isOrdered,
  mightBeBool,
  mightBeNumber,
  mightBeText,
  type ValueType,
} from './value-type.ts'

/** What is wrong with a regular expression as RE2 takes it; undefined when nothing is. */
export type PatternFault = (pattern: string) => string | undefined

/** What is thrown for a part of a query that makes no sense: the rule, then the part. */
export function checkError(rule: string, part: string): SpanlakeError {
  return new SpanlakeError('invalid', `traceql ${rule}, got ${excerptOf(part)}`)
}

/** Throws `invalid` unless the filter's condition is one. */
export function checkFilter(filter: SpansetFilter, patternFault: PatternFault): void {
  if (mightBeBool(checkField(filter.condition, patternFault))) return
  throw checkError('filter must hold a condition', printFilter(filter))
}

/** The type of the expression's value; throws `invalid` when the types of its parts do not fit. */
export function checkField(expression: FieldExpression, patternFault: PatternFault): ValueType {
  switch (expression.kind) {
    case 'attribute':
      return 'any'
    case 'intrinsic':
      return intrinsicTypes[expression.name]
    case 'logic':
      return checkLogic(expression, patternFault)
    case 'compare':
      return checkComparison(expression, patternFault)
    case 'match':
      return checkMatch(expression, patternFault)
    case 'arithmetic':
      return checkArithmetic(expression, patternFault)
    case 'present':
      checkField(expression.operand, patternFault)
      return 'bool'
    case 'absent':
      return checkAbsence(expression.operand, patternFault)
    case 'not':
    case 'negate':
      return checkSign(expression, patternFault)
    case 'int':
    case 'float':
    case 'duration':
    case 'string':
    case 'bool':
    case 'status':
    case 'span-kind':
      return expression.kind
  }
}

function checkLogic(logic: FieldLogic, patternFault: PatternFault): ValueType {
  const left = checkField(logic.left, patternFault)
  const right = checkField(logic.right, patternFault)
  if (mightBeBool(left) && mightBeBool(right)) return 'bool'
  throw checkError(
    `operator ${logic.operator} must stand between conditions`,
    printFieldExpression(logic),
  )
}

function checkComparison(comparison: FieldComparison, patternFault: PatternFault): ValueType {
  const left = checkField(comparison.left, patternFault)
  const right = checkField(comparison.right, patternFault)
  const { operator } = comparison
  if (!areComparable(left, right)) {
    const rule = `operator ${operator} must compare values of one type, not ${left} with ${right}`
    throw checkError(rule, printFieldExpression(comparison))
  }
  const needsOrder = operator !== '=' && operator !== '!='
  if (needsOrder && !(isOrdered(left) && isOrdered(right))) {
    const unordered = isOrdered(left) ? right : left
    const rule = `operator ${operator} must compare values with an order, not ${unordered}`
    throw checkError(rule, printFieldExpression(comparison))
  }
  return 'bool'
}

function checkMatch(match: FieldMatch, patternFault: PatternFault): ValueType {
  const { operator, pattern } = match
  if (!mightBeText(checkField(match.left, patternFault))) {
    throw checkError(`operator ${operator} must match text`, printFieldExpression(match))
  }
  const fault = patternFault(pattern)
  if (fault !== undefined) {
    throw checkError(`pattern must be an RE2 regular expression: ${excerptOf(fault)}`, pattern)
  }
  return 'bool'
}

function checkArithmetic(arithmetic: FieldArithmetic, patternFault: PatternFault): ValueType {
  const left = checkField(arithmetic.left, patternFault)
  const right = checkField(arithmetic.right, patternFault)
  if (mightBeNumber(left) && mightBeNumber(right)) return left === 'any' ? right : left
  const rule = `operator ${arithmetic.operator} must stand between numbers`
  throw checkError(rule, printFieldExpression(arithmetic))
}

/** Every span has its intrinsics and, as OpenTelemetry wants it, its service's name. */
function checkAbsence(operand: FieldExpression, patternFault: PatternFault): ValueType {
  checkField(operand, patternFault)
  if (isAlwaysPresent(operand)) {
    throw checkError('field must be one that can be absent', printFieldExpression(operand))
  }
  return 'bool'
}

function isAlwaysPresent(operand: FieldExpression): boolean {
  if (operand.kind === 'intrinsic') return true
  if (operand.kind !== 'attribute') return false
  return operand.scope === 'resource' && operand.key === 'service.name'
}

function checkSign(
  expression: FieldExpression & { readonly kind: 'not' | 'negate' },
  patternFault: PatternFault,
): ValueType {
  const type = checkField(expression.operand, patternFault)
  const [fits, rule] =
    expression.kind === 'not'
      ? [mightBeBool(type), 'operator ! must stand before a condition']
      : [mightBeNumber(type), 'operator - must stand before a number']
  if (fits) return type
  throw checkError(rule, printFieldExpression(expression))
}
