import type { ColumnFacts, Facts } from './column-facts.ts'
import type { AttributeCondition, ColumnCondition, Condition } from './condition.ts'
import { compareValue, mightHoldValue } from './might-hold-value.ts'

/**
 * False is a proof that no row matches; every doubt is true. Pruning changes which files are read and never what a query
 * returns.
 */
export function mightMatch(condition: Condition, facts: Facts): boolean {
  switch (condition.kind) {
    case 'always':
      return true
    case 'never':
      return false
    case 'all':
      return condition.of.every((one) => mightMatch(one, facts))
    case 'any':
      return condition.of.some((one) => mightMatch(one, facts))
    case 'attribute':
      return attributeMightMatch(condition, facts)
    case 'column':
      return columnMightMatch(condition, facts.column(condition.column, condition.type))
  }
}

function attributeMightMatch({ scopes, key, test }: AttributeCondition, facts: Facts): boolean {
  const columns = scopes.flatMap((scope) => facts.attribute(scope, key))
  // Absent is what no column has: one that is never null has every row.
  if (test.kind === 'absent') return columns.every(({ mightBeNull }) => mightBeNull)
  return columns.some((column) => mightHoldValue(test, column))
}

function columnMightMatch(
  { test, nullIs }: ColumnCondition,
  column: ColumnFacts | undefined,
): boolean {
  if (column === undefined) return true
  if (nullIs !== undefined && column.mightBeNull && nullMatches(test, nullIs)) return true
  if (test.kind === 'absent') return nullIs === undefined && column.mightBeNull
  return mightHoldValue(test, column)
}

function nullMatches(test: ColumnCondition['test'], nullIs: string): boolean {
  if (test.kind !== 'compare') return test.kind !== 'absent'
  return typeof test.value === 'string' && compareValue(test.operator, nullIs, test.value)
}
