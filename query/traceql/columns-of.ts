import type {
  AttributeField,
  Field,
  Series,
  SeriesExpression,
  SeriesOperand,
  SpansetOperand,
  Stage,
  TraceqlQuery,
} from './ast.ts'
import { comparedIntrinsics } from './compare-spans.ts'
import type { Intrinsic } from './intrinsics.ts'
import { printField } from './print-field.ts'
import { fieldsOf, fieldsOfStages } from './walk-fields.ts'

/** What evaluating a query asks of spans. */
export interface QueryColumns {
  /** Each once, in the order in which the query names them first. */
  readonly attributes: readonly AttributeField[]
  readonly intrinsics: readonly Intrinsic[]
  /**
   * Whether a span's answer depends on spans that the query does not look for: their ids, parents and kinds, which make the
   * tree, and their starts and durations. Then all spans of a trace have to be there, from wherever they lie.
   */
  readonly needsWholeTrace: boolean
  /** Whether every attribute is asked for, as `compare` does. */
  readonly needsAllAttributes: boolean
}

export function columnsOf(query: TraceqlQuery): QueryColumns {
  const serieses = query.kind === 'metrics' ? seriesOf(query.expression) : []
  const stages = query.kind === 'search' ? query.stages : serieses.flatMap((one) => one.stages)
  const fields = [...fieldsOfStages(stages), ...serieses.flatMap(fieldsOfFunction)]
  const distinct = [...new Map(fields.map((field) => [printField(field), field])).values()]
  const intrinsics = distinct.flatMap((field) => (field.kind === 'intrinsic' ? field.name : []))
  return {
    attributes: distinct.filter((field) => field.kind === 'attribute'),
    intrinsics,
    needsWholeTrace: intrinsics.some(isOfWholeTrace) || stages.some(isRelating),
    needsAllAttributes: serieses.some((one) => one.function.kind === 'compare'),
  }
}

/** Fields that an answer shows beside each span: all that the stages name, each once. */
export function shownFields(stages: readonly Stage[]): readonly Field[] {
  const fields = fieldsOfStages(stages)
  return [...new Map(fields.map((field) => [printField(field), field])).values()]
}

/** Whether only all spans of the trace together tell the field's value. */
export function isOfWholeTrace(name: Intrinsic): boolean {
  return ofWholeTrace.has(name)
}

const ofWholeTrace: ReadonlySet<Intrinsic> = new Set([
  'rootName',
  'rootServiceName',
  'traceDuration',
  'nestedSetLeft',
  'nestedSetRight',
  'nestedSetParent',
  'span:childCount',
])

function isRelating(stage: Stage | SpansetOperand): boolean {
  switch (stage.kind) {
    case 'spanset-structure':
      return true
    case 'spanset-logic':
      return isRelating(stage.left) || isRelating(stage.right)
    case 'spanset-pipeline':
      return stage.stages.some(isRelating)
    case 'filter':
    case 'scalar-filter':
    case 'by':
    case 'coalesce':
    case 'select':
      return false
  }
}

/** All series of an expression, from left to right. */
export function seriesOf(expression: SeriesExpression): readonly Series[] {
  if (expression.kind === 'series') return [expression]
  return [...seriesOfOperand(expression.left), ...seriesOfOperand(expression.right)]
}

function seriesOfOperand(operand: SeriesOperand): readonly Series[] {
  switch (operand.kind) {
    case 'series':
    case 'series-arithmetic':
      return seriesOf(operand)
    case 'int':
    case 'float':
    case 'number-arithmetic':
      return []
  }
}

function fieldsOfFunction({ function: metrics }: Series): readonly Field[] {
  switch (metrics.kind) {
    case 'rate':
    case 'count_over_time':
      return metrics.by
    case 'compare':
      return [
        ...fieldsOf(metrics.selection.condition),
        ...comparedIntrinsics.map((name) => ({ kind: 'intrinsic', name }) as const),
      ]
    case 'quantile_over_time':
    case 'min_over_time':
    case 'max_over_time':
    case 'sum_over_time':
    case 'avg_over_time':
    case 'histogram_over_time':
      return [metrics.field, ...metrics.by]
  }
}
