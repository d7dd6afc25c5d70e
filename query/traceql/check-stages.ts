import { querySetValuesMax } from '../../src/limits.ts'
import type {
  Aggregate,
  FieldAggregate,
  GroupBy,
  ScalarExpression,
  ScalarFilter,
  SpansetOperand,
  SpansetOperation,
  SpansetStructure,
  Stage,
} from './ast.ts'
import { checkError, checkField, checkFilter, type PatternFault } from './check-field.ts'
import { printAggregate, printStage } from './print-stages.ts'
import { mightBeNumber, namesField } from './value-type.ts'

/** Throws `invalid` for the first stage that makes no sense. */
export function checkStages(stages: readonly Stage[], patternFault: PatternFault): void {
  const written = stages.filter(({ kind }) => kind === 'by' || kind === 'scalar-filter').length
  if (written > querySetValuesMax) {
    const rule = `pipeline must have at most ${querySetValuesMax} groups and aggregates`
    throw checkError(rule, String(written))
  }
  for (const stage of stages) checkStage(stage, patternFault)
}

function checkStage(stage: Stage, patternFault: PatternFault): void {
  switch (stage.kind) {
    case 'filter':
    case 'spanset-logic':
    case 'spanset-structure':
      return checkSpanset(stage, patternFault)
    case 'scalar-filter':
      return checkScalarFilter(stage, patternFault)
    case 'by':
      return checkGroupBy(stage, patternFault)
    case 'coalesce':
    case 'select':
      return
  }
}

function checkSpanset(operand: SpansetOperand, patternFault: PatternFault): void {
  switch (operand.kind) {
    case 'filter':
      return checkFilter(operand, patternFault)
    case 'spanset-pipeline':
      return checkStages(operand.stages, patternFault)
    case 'spanset-logic':
      return checkOperands(operand, patternFault)
    case 'spanset-structure':
      for (const side of [operand.left, operand.right]) checkUngrouped(side, operand)
      return checkOperands(operand, patternFault)
  }
}

function checkOperands({ left, right }: SpansetOperation, patternFault: PatternFault): void {
  checkSpanset(left, patternFault)
  checkSpanset(right, patternFault)
}

/** Tempo relates no groups either. */
function checkUngrouped(operand: SpansetOperand, structure: SpansetStructure): void {
  if (operand.kind !== 'spanset-pipeline') return
  const last = operand.stages.findLast(({ kind }) => kind === 'by' || kind === 'coalesce')
  if (last?.kind !== 'by') return
  const rule = 'operator must relate spans to spans, not to groups of them (coalesce() undoes by())'
  throw checkError(rule, printStage(structure))
}

function checkGroupBy(stage: GroupBy, patternFault: PatternFault): void {
  checkField(stage.expression, patternFault)
  if (!namesField(stage.expression)) throw checkError('by must name a field', printStage(stage))
}

// --- Scalars ------------------------------------------------------------------------------------------------------------

/** Other comparisons are TraceQL, but Tempo answers none of them: what they mean is written nowhere. */
function checkScalarFilter(filter: ScalarFilter, patternFault: PatternFault): void {
  checkScalar(filter.left, patternFault)
  checkScalar(filter.right, patternFault)
  if (isAggregate(filter.left) && isNumber(filter.right)) return
  const rule = 'comparison is not supported unless it is of one aggregate with one number'
  throw checkError(rule, printStage(filter))
}

function isAggregate({ kind }: ScalarExpression): boolean {
  return kind === 'count' || kind === 'aggregate'
}

function isNumber({ kind }: ScalarExpression): boolean {
  return kind === 'int' || kind === 'float' || kind === 'duration'
}

function checkScalar(scalar: ScalarExpression, patternFault: PatternFault): void {
  switch (scalar.kind) {
    case 'count':
    case 'aggregate':
      return checkAggregate(scalar, patternFault)
    case 'scalar-arithmetic':
      checkScalar(scalar.left, patternFault)
      checkScalar(scalar.right, patternFault)
      return
    case 'scalar-pipeline':
      checkStages(scalar.stages, patternFault)
      return checkAggregate(scalar.aggregate, patternFault)
    case 'int':
    case 'float':
    case 'duration':
      return
  }
}

function checkAggregate(aggregate: Aggregate, patternFault: PatternFault): void {
  if (aggregate.kind === 'aggregate') checkFieldAggregate(aggregate, patternFault)
}

function checkFieldAggregate(aggregate: FieldAggregate, patternFault: PatternFault): void {
  const type = checkField(aggregate.expression, patternFault)
  if (!mightBeNumber(type)) {
    throw checkError(`${aggregate.function} must be of a number`, printAggregate(aggregate))
  }
  if (!namesField(aggregate.expression)) {
    throw checkError(`${aggregate.function} must name a field`, printAggregate(aggregate))
  }
}
