import type {
  CompareOperator,
  Field,
  FieldComparison,
  FieldExpression,
  Literal,
  ScalarFilter,
  SpansetFilter,
  SpansetOperand,
  SpansetOperation,
  Stage,
} from './ast.ts'
import { constantOf } from './constant-of.ts'

/**
 * What must be true of a span. It may be true of spans that a query does not find: a superset, made to be asked of files,
 * row groups and columns. A test means what it means to the evaluator: false where the field is absent or of another type,
 * lists by their elements, ids in any spelling (`idText`), a field without a scope in the first scope that has it.
 */
export type SpanCondition =
  | { readonly kind: 'always' | 'never' }
  | { readonly kind: 'all' | 'any'; readonly of: readonly SpanCondition[] }
  | FieldTest

export type FieldTest =
  | {
      readonly kind: 'compare'
      readonly field: Field
      readonly operator: CompareOperator
      readonly value: Literal
    }
  | {
      readonly kind: 'match'
      readonly field: Field
      readonly operator: '=~' | '!~'
      readonly pattern: string
    }
  | { readonly kind: 'present' | 'absent'; readonly field: Field }

/** What must be true of a trace: `some` of a span of it, each `some` of any span. */
export type TraceCondition =
  | { readonly kind: 'some'; readonly span: SpanCondition }
  | { readonly kind: 'all' | 'any'; readonly of: readonly TraceCondition[] }

export interface NecessaryConditions {
  /** True of every trace in which the stages find something. */
  readonly trace: TraceCondition
  /**
   * True of every span that has a part in the outcome. Without all others the outcome is the same, unless the query needs
   * whole traces (`columnsOf`).
   */
  readonly span: SpanCondition
  /** True of every span that the stages leave in a set: those that series are made of. */
  readonly found: SpanCondition
}

/** Conditions without which the stages find nothing. */
export function necessaryConditions(stages: readonly Stage[]): NecessaryConditions {
  const { trace, own, first } = conditionsOfStages(stages, always)
  return { trace, span: first, found: own }
}

const always: SpanCondition = { kind: 'always' }
const never: SpanCondition = { kind: 'never' }

/**
 * What stages say of their own, besides what is true of all spans that come in: said with each side of each operation, that
 * would double again and again.
 */
interface StageConditions {
  readonly trace: TraceCondition
  /** Of the spans that are left. */
  readonly own: SpanCondition
  /** Of the spans that the stages look at, as far as leading filters tell. */
  readonly first: SpanCondition
}

/** `given` is true of all spans in the sets that come in. */
function conditionsOfStages(stages: readonly Stage[], given: SpanCondition): StageConditions {
  const traces: TraceCondition[] = []
  let own = always
  let first: SpanCondition | undefined
  for (const stage of stages) {
    switch (stage.kind) {
      case 'filter':
      case 'spanset-logic':
      case 'spanset-structure': {
        const conditions = conditionsOfOperand(stage, all([given, own]))
        // Of a filter's span the last condition says it too.
        if (stage.kind !== 'filter') traces.push(conditions.trace)
        own = all([own, conditions.own])
        first ??= conditions.first
        break
      }
      case 'scalar-filter':
        traces.push({ kind: 'some', span: all([given, own, aggregated(stage)]) })
        first ??= own
        break
      case 'by':
      case 'coalesce':
      case 'select':
        break
    }
  }
  const last: TraceCondition = { kind: 'some', span: all([given, own]) }
  return { trace: { kind: 'all', of: [...traces, last] }, own, first: first ?? always }
}

function conditionsOfOperand(operand: SpansetOperand, given: SpanCondition): StageConditions {
  switch (operand.kind) {
    case 'filter':
      return conditionsOfFilter(operand, given)
    case 'spanset-pipeline':
      return conditionsOfStages(operand.stages, given)
    case 'spanset-logic':
    case 'spanset-structure':
      return conditionsOfOperation(operand, given)
  }
}

function conditionsOfFilter({ condition }: SpansetFilter, given: SpanCondition): StageConditions {
  const own = whenTrue(condition)
  return { trace: { kind: 'some', span: all([given, own]) }, own, first: own }
}

function conditionsOfOperation(operation: SpansetOperation, given: SpanCondition): StageConditions {
  const left = conditionsOfOperand(operation.left, given)
  const right = conditionsOfOperand(operation.right, given)
  const first = any([left.first, right.first])
  const traces = [left.trace, right.trace]
  if (operation.kind === 'spanset-logic') {
    const kind = operation.operator === '&&' ? 'all' : 'any'
    return { trace: { kind, of: traces }, own: any([left.own, right.own]), first }
  }
  switch (operation.form) {
    case 'plain':
      return { trace: { kind: 'all', of: traces }, own: right.own, first }
    case 'union':
      return { trace: { kind: 'all', of: traces }, own: any([left.own, right.own]), first }
    case 'negated':
      return { trace: right.trace, own: right.own, first }
  }
}

/** A set without a value to aggregate is gone. */
function aggregated({ left }: ScalarFilter): SpanCondition {
  return left.kind === 'aggregate' ? whenPresent(left.expression) : always
}

// --- Expressions --------------------------------------------------------------------------------------------------------

/** What must hold when the expression is true. */
export function whenTrue(expression: FieldExpression): SpanCondition {
  switch (expression.kind) {
    case 'bool':
      return expression.value ? always : never
    case 'attribute':
      return test(expression, '=', { kind: 'bool', value: true })
    case 'logic': {
      const sides = [whenTrue(expression.left), whenTrue(expression.right)]
      return expression.operator === '&&' ? all(sides) : any(sides)
    }
    case 'compare':
      return whenComparable(expression)
    case 'match': {
      const { left: field, operator, pattern } = expression
      if (isField(field)) return { kind: 'match', field, operator, pattern }
      return whenPresent(field)
    }
    case 'present':
      return whenPresent(expression.operand)
    case 'absent':
      return isField(expression.operand) ? { kind: 'absent', field: expression.operand } : always
    case 'not':
      return whenNotTrue(expression.operand)
    // No condition, or checked away.
    case 'intrinsic':
    case 'arithmetic':
    case 'negate':
    case 'int':
    case 'float':
    case 'duration':
    case 'string':
    case 'status':
    case 'span-kind':
      return always
  }
}

/** What must hold when the expression is anything but true. */
function whenNotTrue(expression: FieldExpression): SpanCondition {
  switch (expression.kind) {
    case 'bool':
      return expression.value ? never : always
    case 'logic': {
      const sides = [whenNotTrue(expression.left), whenNotTrue(expression.right)]
      return expression.operator === '&&' ? any(sides) : all(sides)
    }
    case 'present':
      return isField(expression.operand) ? { kind: 'absent', field: expression.operand } : always
    case 'absent':
      return whenPresent(expression.operand)
    // Of a comparison that is not true nothing follows: its sides may be absent.
    default:
      return always
  }
}

/** A comparison is false unless both sides are there. */
function whenComparable(comparison: FieldComparison): SpanCondition {
  const { left, right, operator } = comparison
  const [leftValue, rightValue] = [constantOf(left), constantOf(right)]
  if (isField(left) && rightValue !== undefined) return test(left, operator, rightValue)
  if (isField(right) && leftValue !== undefined) return test(right, flipped[operator], leftValue)
  return all([whenPresent(left), whenPresent(right)])
}

const flipped: Readonly<Record<CompareOperator, CompareOperator>> = {
  '=': '=',
  '!=': '!=',
  '>': '<',
  '>=': '<=',
  '<': '>',
  '<=': '>=',
}

/** What must hold when the expression has a value: arithmetic has none where a part has none. */
function whenPresent(expression: FieldExpression): SpanCondition {
  switch (expression.kind) {
    case 'attribute':
    case 'intrinsic':
      return { kind: 'present', field: expression }
    case 'arithmetic':
      return all([whenPresent(expression.left), whenPresent(expression.right)])
    case 'negate':
      return whenPresent(expression.operand)
    default:
      return always
  }
}

function isField(expression: FieldExpression): expression is Field {
  return expression.kind === 'attribute' || expression.kind === 'intrinsic'
}

function test(field: Field, operator: CompareOperator, value: Literal): FieldTest {
  return { kind: 'compare', field, operator, value }
}

// --- Trees --------------------------------------------------------------------------------------------------------------

function all(conditions: readonly SpanCondition[]): SpanCondition {
  return joined('all', conditions)
}

function any(conditions: readonly SpanCondition[]): SpanCondition {
  return joined('any', conditions)
}

/** Without what says nothing, and without a tree where one condition does. */
function joined(kind: 'all' | 'any', conditions: readonly SpanCondition[]): SpanCondition {
  const [decisive, idle] = kind === 'all' ? [never, always] : [always, never]
  const parts = conditions.flatMap((one) => (one.kind === kind ? one.of : [one]))
  if (parts.some((one) => one.kind === decisive.kind)) return decisive
  const rest = parts.filter((one) => one.kind !== idle.kind)
  const [only] = rest
  if (only === undefined) return idle
  return rest.length === 1 ? only : { kind, of: rest }
}
