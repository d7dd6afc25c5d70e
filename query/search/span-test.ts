import type { FieldExpression } from '../traceql/ast.ts'
import { isOfWholeTrace } from '../traceql/columns-of.ts'
import { compileField } from '../traceql/compile-field.ts'
import type { FieldTest, SpanCondition } from '../traceql/conditions.ts'
import type { Column, SpanTable } from '../traceql/span-table.ts'
import { traceFrame } from '../traceql/trace-frame.ts'

/** Whether a row may be one that the condition is true of: what only the whole trace tells may be. */
export function spanTest(condition: SpanCondition, table: SpanTable): Column<boolean> {
  switch (condition.kind) {
    case 'always':
      return () => true
    case 'never':
      return () => false
    case 'all': {
      const tests = condition.of.map((one) => spanTest(one, table))
      return (row) => tests.every((test) => test(row))
    }
    case 'any': {
      const tests = condition.of.map((one) => spanTest(one, table))
      return (row) => tests.some((test) => test(row))
    }
    case 'compare':
    case 'match':
    case 'present':
    case 'absent':
      return fieldTest(condition, table)
  }
}

function fieldTest(test: FieldTest, table: SpanTable): Column<boolean> {
  if (asksForRoots(test)) return (row) => table.parentId(row) === undefined
  const { field } = test
  if (field.kind === 'intrinsic' && isOfWholeTrace(field.name)) return () => true
  const { read } = compileField(expressionOf(test), traceFrame(table))
  return (row) => read(row) === true
}

/** `nestedSetParent < 0`, which is how people say it. */
export function asksForRoots(test: FieldTest): boolean {
  const { kind, field } = test
  if (kind !== 'compare' || field.kind !== 'intrinsic' || field.name !== 'nestedSetParent') {
    return false
  }
  const { operator, value } = test
  return value.kind === 'int' && ((operator === '<' && value.value <= 0n) || isMinusOne(test))
}

function isMinusOne({ operator, value }: Extract<FieldTest, { kind: 'compare' }>): boolean {
  return operator === '=' && value.kind === 'int' && value.value === -1n
}

function expressionOf(test: FieldTest): FieldExpression {
  const { field } = test
  switch (test.kind) {
    case 'compare':
      return { kind: 'compare', operator: test.operator, left: field, right: test.value }
    case 'match':
      return { kind: 'match', operator: test.operator, left: field, pattern: test.pattern }
    case 'present':
    case 'absent':
      return { kind: test.kind, operand: field }
  }
}
