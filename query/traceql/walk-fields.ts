import type { Field, FieldExpression, ScalarExpression, SpansetOperand, Stage } from './ast.ts'

/** Every field that the stages name, as often as they do. */
export function fieldsOfStages(stages: readonly Stage[]): Field[] {
  return stages.flatMap(fieldsOfStage)
}

function fieldsOfStage(stage: Stage): readonly Field[] {
  switch (stage.kind) {
    case 'filter':
    case 'spanset-logic':
    case 'spanset-structure':
      return fieldsOfOperand(stage)
    case 'scalar-filter':
      return [...fieldsOfScalar(stage.left), ...fieldsOfScalar(stage.right)]
    case 'by':
      return fieldsOf(stage.expression)
    case 'select':
      return stage.fields
    case 'coalesce':
      return []
  }
}

function fieldsOfOperand(operand: SpansetOperand): Field[] {
  switch (operand.kind) {
    case 'filter':
      return fieldsOf(operand.condition)
    case 'spanset-pipeline':
      return fieldsOfStages(operand.stages)
    case 'spanset-logic':
    case 'spanset-structure':
      return [...fieldsOfOperand(operand.left), ...fieldsOfOperand(operand.right)]
  }
}

function fieldsOfScalar(scalar: ScalarExpression): Field[] {
  switch (scalar.kind) {
    case 'aggregate':
      return fieldsOf(scalar.expression)
    case 'scalar-arithmetic':
      return [...fieldsOfScalar(scalar.left), ...fieldsOfScalar(scalar.right)]
    case 'scalar-pipeline':
      return [...fieldsOfStages(scalar.stages), ...fieldsOfScalar(scalar.aggregate)]
    case 'count':
    case 'int':
    case 'float':
    case 'duration':
      return []
  }
}

/** Every field that the expression names, as often as it does. */
export function fieldsOf(expression: FieldExpression): Field[] {
  switch (expression.kind) {
    case 'attribute':
    case 'intrinsic':
      return [expression]
    case 'logic':
    case 'compare':
    case 'arithmetic':
      return [...fieldsOf(expression.left), ...fieldsOf(expression.right)]
    case 'match':
      return fieldsOf(expression.left)
    case 'present':
    case 'absent':
    case 'not':
    case 'negate':
      return fieldsOf(expression.operand)
    case 'int':
    case 'float':
    case 'duration':
    case 'string':
    case 'bool':
    case 'status':
    case 'span-kind':
      return []
  }
}
