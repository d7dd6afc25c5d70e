import type { ColumnFacts } from './column-facts.ts'
import type { ColumnType, ComparedValue, Operator, ValueTest } from './condition.ts'
import { compareBytes, plainOf, plainValue } from './plain-value.ts'

/** False is a proof that the column has no value that passes. */
export function mightHoldValue(test: ValueTest, column: ColumnFacts): boolean {
  if (!column.mightBePresent) return false
  switch (test.kind) {
    case 'absent':
      return column.mightBeNull
    case 'present':
      return true
    case 'text':
      return column.type === 'string' || column.type === 'json'
    case 'compare':
      return mightCompare(test.operator, test.value, column)
  }
}

function mightCompare(operator: Operator, value: ComparedValue, column: ColumnFacts): boolean {
  // Lists, and their elements are of any type.
  if (column.type === 'json') return true
  if (!isOfType(value, column.type)) return false
  if (typeof value === 'string') return mightCompareTexts(operator, value, column)
  return (
    mightBeWithin(operator, value, column) && (operator !== '=' || mightHoldExactly(value, column))
  )
}

function isOfType(value: ComparedValue, type: ColumnType): boolean {
  if (typeof value === 'string') return type === 'string'
  if (typeof value === 'boolean') return type === 'bool'
  return type === 'int' || type === 'int32' || type === 'double'
}

// --- Texts --------------------------------------------------------------------------------------------------------------

/** Texts are in the order of their bytes, as TraceQL compares them. */
function mightCompareTexts(operator: Operator, value: string, column: ColumnFacts): boolean {
  // Half of a surrogate pair has no bytes of its own.
  if (!value.isWellFormed()) return true
  const bytes = new TextEncoder().encode(value)
  const { min, max } = column
  if (min !== undefined && max !== undefined) {
    const least = compareBytes(min, bytes)
    const greatest = compareBytes(max, bytes)
    if (!mightBeBetween(operator, least, greatest)) return false
  }
  return operator !== '=' || (column.mightHold?.(bytes) ?? true)
}

// --- Numbers and booleans -----------------------------------------------------------------------------------------------

function mightBeWithin(
  operator: Operator,
  value: bigint | number | boolean,
  { type, min, max }: ColumnFacts,
): boolean {
  const least = min && plainValue(type, min)
  const greatest = max && plainValue(type, max)
  if (least === undefined || greatest === undefined) return true
  return mightBeBetween(operator, orderOf(least, value), orderOf(greatest, value))
}

/** An integer may be asked for as a float and the other way round: then no one spelling of bytes tells. */
function mightHoldExactly(value: bigint | number | boolean, column: ColumnFacts): boolean {
  const plain = column.type === 'int' ? plainOf(value) : undefined
  return plain === undefined || (column.mightHold?.(plain) ?? true)
}

type Plain = bigint | number | boolean

/** Across integers and floats by their exact values. */
function orderOf(a: Plain, b: Plain): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Given how the least and the greatest value compare to the one asked for. */
function mightBeBetween(operator: Operator, least: number, greatest: number): boolean {
  switch (operator) {
    case '=':
      return least <= 0 && greatest >= 0
    case '!=':
      return least !== 0 || greatest !== 0
    case '>':
      return greatest > 0
    case '>=':
      return greatest >= 0
    case '<':
      return least < 0
    case '<=':
      return least <= 0
  }
}

/** Whether a text compares so to another. */
export function compareValue(operator: Operator, left: string, right: string): boolean {
  const encoder = new TextEncoder()
  const order = compareBytes(encoder.encode(left), encoder.encode(right))
  return mightBeBetween(operator, order, order)
}
