import { SpanlakeError } from '../../src/errors.ts'
import { type AggregateValue, aggregateValues } from './aggregate-values.ts'
import type {
  Aggregate,
  FieldExpression,
  GroupBy,
  NumberLiteral,
  ScalarFilter,
  SpansetFilter,
  SpansetLogic,
  SpansetOperand,
  SpansetStructure,
  Stage,
} from './ast.ts'
import { compareNumbers } from './compare-values.ts'
import { type CompiledField, compileField, compileSingle } from './compile-field.ts'
import { groupKey } from './group-key.ts'
import { mergeRows } from './merge-rows.ts'
import { printAggregate, printStage } from './print-stages.ts'
import { relateSpans } from './relate-spans.ts'
import type { FieldValue, SpanTable, TraceRows } from './span-table.ts'
import { type TraceFrame, traceFrame } from './trace-frame.ts'
import type { ValueType } from './value-type.ts'

/** Spans of one trace that belong together, and what the query says of them as a whole. */
export interface Spanset {
  /** Ascending; at least one. */
  readonly rows: readonly number[]
  /** One per `by` and per aggregate that the set came through, in that order: `by(resource.service.name)`, `count()`. */
  readonly attributes: readonly SpansetAttribute[]
}

export interface SpansetAttribute {
  readonly name: string
  /** What the value is; `any` when the value itself tells. */
  readonly type: ValueType
  readonly value: FieldValue
}

/**
 * The stages, checked before (`checkTraceql`), ready for the traces of a table: the span sets that each leaves, none when it
 * does not match. Where only some rows of the trace are asked for, ascending, only those can be found: its tree, root and
 * duration are those of all. One evaluator is for one trace at a time.
 */
export function searchEvaluator(
  stages: readonly Stage[],
  table: SpanTable,
): (trace: TraceRows, asked?: readonly number[]) => readonly Spanset[] {
  const frame = traceFrame(table)
  const run = compileStages(stages, frame)
  return (trace, asked) => {
    const rows = asked ?? allRows(trace)
    if (rows.length === 0) return []
    frame.enter(trace)
    return run([{ rows, attributes: [] }])
  }
}

function allRows({ from, to }: TraceRows): readonly number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, place) => from + place)
}

type Step = (sets: readonly Spanset[]) => readonly Spanset[]

function compileStages(stages: readonly Stage[], frame: TraceFrame): Step {
  const steps = stages.map((stage) => compileStage(stage, frame))
  return (sets) => {
    let rest = sets
    for (const step of steps) {
      if (rest.length === 0) return rest
      rest = step(rest)
    }
    return rest
  }
}

function compileStage(stage: Stage, frame: TraceFrame): Step {
  switch (stage.kind) {
    case 'filter':
      return compileFilter(stage, frame)
    case 'spanset-logic':
      return compileLogic(stage, frame)
    case 'spanset-structure':
      return compileStructure(stage, frame)
    case 'scalar-filter':
      return compileScalarFilter(stage, frame)
    case 'by':
      return compileGroupBy(stage, frame)
    case 'coalesce':
      return (sets) => [{ rows: rowsOf(sets), attributes: [] }]
    case 'select':
      return (sets) => sets
  }
}

// --- Spans --------------------------------------------------------------------------------------------------------------

function compileOperand(operand: SpansetOperand, frame: TraceFrame): Step {
  if (operand.kind === 'spanset-pipeline') return compileStages(operand.stages, frame)
  return compileStage(operand, frame)
}

function compileFilter({ condition }: SpansetFilter, frame: TraceFrame): Step {
  if (condition.kind === 'bool' && condition.value) return (sets) => sets
  const { read } = compileField(condition, frame)
  return (sets) => narrowed(sets, ({ rows }) => rows.filter((row) => read(row) === true))
}

/** Each set with the rows that are left of it; sets of which nothing is left are gone. */
function narrowed(
  sets: readonly Spanset[],
  rowsLeft: (set: Spanset) => readonly number[],
): readonly Spanset[] {
  return sets.flatMap((set) => {
    const rows = rowsLeft(set)
    return rows.length === 0 ? [] : [{ ...set, rows }]
  })
}

function compileLogic({ operator, left, right }: SpansetLogic, frame: TraceFrame): Step {
  const [leftOf, rightOf] = [compileOperand(left, frame), compileOperand(right, frame)]
  return (sets) =>
    narrowed(sets, (set) => {
      const lefts = leftOf([set])
      if (operator === '&&' && lefts.length === 0) return []
      const rights = rightOf([set])
      if (operator === '&&' && rights.length === 0) return []
      return mergeRows([rowsOf(lefts), rowsOf(rights)])
    })
}

function compileStructure(structure: SpansetStructure, frame: TraceFrame): Step {
  const [leftOf, rightOf] = [
    compileOperand(structure.left, frame),
    compileOperand(structure.right, frame),
  ]
  return (sets) =>
    narrowed(sets, (set) => {
      const { from } = frame.rows()
      const places = (found: readonly Spanset[]) => rowsOf(found).map((row) => row - from)
      const rights = places(rightOf([set]))
      if (rights.length === 0) return []
      const lefts = places(leftOf([set]))
      return relateSpans(structure, lefts, rights, frame.tree()).map((place) => place + from)
    })
}

function rowsOf(sets: readonly Spanset[]): readonly number[] {
  const [only] = sets
  if (sets.length === 1 && only !== undefined) return only.rows
  return mergeRows(sets.map(({ rows }) => rows))
}

// --- Groups -------------------------------------------------------------------------------------------------------------

function compileGroupBy(stage: GroupBy, frame: TraceFrame): Step {
  const name = printStage(stage)
  const { type, read } = compileSingle(stage.expression, frame)
  return (sets) =>
    sets.flatMap(({ rows, attributes }) =>
      [...Map.groupBy(rows, (row) => groupKey(read(row))).values()].map((group) => {
        const [first = 0] = group
        return { rows: group, attributes: [...attributes, { name, type, value: read(first) }] }
      }),
    )
}

// --- Scalars ------------------------------------------------------------------------------------------------------------

/** Sets that have no value to aggregate are gone. */
function compileScalarFilter(
  { operator, left: aggregate, right: number }: ScalarFilter,
  frame: TraceFrame,
): Step {
  if (!isAggregate(aggregate) || !isNumberLiteral(number)) {
    throw new SpanlakeError('internal', 'traceql scalar filters must be checked before they run')
  }
  const name = printAggregate(aggregate)
  const read = compileAggregate(aggregate, frame)
  const bound = number.kind === 'duration' ? number.ns : number.value
  return (sets) =>
    sets.flatMap((set) => {
      const result = read(set)
      if (result === undefined || !compareNumbers(operator, result.value, bound)) return []
      return [{ ...set, attributes: [...set.attributes, { name, ...result }] }]
    })
}

function isAggregate(scalar: ScalarFilter['left']): scalar is Aggregate {
  return scalar.kind === 'count' || scalar.kind === 'aggregate'
}

function isNumberLiteral(scalar: ScalarFilter['left']): scalar is NumberLiteral {
  return scalar.kind === 'int' || scalar.kind === 'float' || scalar.kind === 'duration'
}

function compileAggregate(
  aggregate: Aggregate,
  frame: TraceFrame,
): (set: Spanset) => AggregateValue | undefined {
  if (aggregate.kind === 'count') {
    return ({ rows }) => ({ type: 'int', value: BigInt(rows.length) })
  }
  const { type, read } = compileSingle(aggregate.expression, frame)
  return ({ rows }) => aggregateValues(aggregate.function, type, rows.map(read))
}

// --- Values for answers -------------------------------------------------------------------------------------------------

/** A field's value for each row of the trace that is entered: what an answer shows beside a span. */
export function fieldReader(
  field: FieldExpression,
  table: SpanTable,
): CompiledField & { readonly enter: (trace: TraceRows) => void } {
  const frame = traceFrame(table)
  return { ...compileSingle(field, frame), enter: frame.enter }
}
