import type { Aggregate, ScalarExpression, SpansetOperand, SpansetStructure, Stage } from './ast.ts'
import { arithmeticPrecedence, precedence, rightPrecedence } from './precedence.ts'
import { printField, printFieldExpression, printFilter, printLiteral } from './print-field.ts'

/** Stages with `|` between them. */
export function printStages(stages: readonly Stage[]): string {
  return stages.map(printStage).join(' | ')
}

export function printStage(stage: Stage): string {
  switch (stage.kind) {
    case 'filter':
    case 'spanset-logic':
    case 'spanset-structure':
      return printSpanset(stage)
    case 'scalar-filter': {
      const { operator, left, right } = stage
      return `${printScalar(left)} ${operator} ${printScalar(right)}`
    }
    case 'by':
      return `by(${printFieldExpression(stage.expression)})`
    case 'coalesce':
      return 'coalesce()'
    case 'select':
      return `select(${stage.fields.map(printField).join(', ')})`
  }
}

// --- Span sets ----------------------------------------------------------------------------------------------------------

function printSpanset(operand: SpansetOperand, least: number = precedence.logic): string {
  switch (operand.kind) {
    case 'filter':
      return printFilter(operand)
    case 'spanset-pipeline':
      return `(${printStages(operand.stages)})`
    case 'spanset-logic':
    case 'spanset-structure':
      return printSpansetOperation(operand, least)
  }
}

function printSpansetOperation(
  operation: SpansetOperand & { readonly kind: 'spanset-logic' | 'spanset-structure' },
  least: number,
): string {
  const isLogic = operation.kind === 'spanset-logic'
  const level = isLogic ? precedence.logic : precedence.structure
  const operator = isLogic ? operation.operator : structureOperator(operation)
  const left = printSpanset(operation.left, level)
  const text = `${left} ${operator} ${printSpanset(operation.right, level + 1)}`
  return level < least ? `(${text})` : text
}

function structureOperator({ relation, form }: SpansetStructure): string {
  return formSigns[form] + relationSigns[relation]
}

const formSigns: Readonly<Record<SpansetStructure['form'], string>> = {
  plain: '',
  union: '&',
  negated: '!',
}

const relationSigns: Readonly<Record<SpansetStructure['relation'], string>> = {
  child: '>',
  descendant: '>>',
  parent: '<',
  ancestor: '<<',
  sibling: '~',
}

// --- Scalars ------------------------------------------------------------------------------------------------------------

export function printScalar(scalar: ScalarExpression, least: number = precedence.add): string {
  switch (scalar.kind) {
    case 'count':
    case 'aggregate':
      return printAggregate(scalar)
    case 'int':
    case 'float':
    case 'duration':
      return printLiteral(scalar)
    case 'scalar-pipeline':
      return `(${printStages(scalar.stages)} | ${printAggregate(scalar.aggregate)})`
    case 'scalar-arithmetic':
      return printScalarArithmetic(scalar, least)
  }
}

function printScalarArithmetic(
  { operator, left, right }: ScalarExpression & { readonly kind: 'scalar-arithmetic' },
  least: number,
): string {
  const level = arithmeticPrecedence(operator)
  const leftText = printScalar(left, operator === '^' ? level + 1 : level)
  const text = `${leftText} ${operator} ${printScalar(right, rightPrecedence(operator))}`
  return level < least ? `(${text})` : text
}

export function printAggregate(aggregate: Aggregate): string {
  if (aggregate.kind === 'count') return 'count()'
  return `${aggregate.function}(${printFieldExpression(aggregate.expression)})`
}
