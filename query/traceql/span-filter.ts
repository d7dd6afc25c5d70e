import type {
  FieldComparison,
  FieldExpression,
  Series,
  SpansetFilter,
  SpansetOperand,
  Stage,
} from './ast.ts'
import { columnsOf } from './columns-of.ts'
import { compileField } from './compile-field.ts'
import { constantOf } from './constant-of.ts'
import type { Column } from './span-table.ts'
import type { TraceFrame } from './trace-frame.ts'

/**
 * The same series, when each span tells of itself whether it counts, and for what: then nobody has to see its trace.
 * Undefined when only whole traces tell. Roots, which people ask for by their place in the tree, are asked for by parent.
 */
export function seriesOfSpans(series: Series): Series | undefined {
  if (!series.stages.every(isOfSpans)) return undefined
  const told = { ...series, stages: series.stages.map(stageWithRoots) }
  const { needsWholeTrace } = columnsOf({ kind: 'metrics', expression: told, hints: [] })
  return needsWholeTrace ? undefined : told
}

/** Whether the spans that come out depend on no other span: groups do not change which they are. */
function isOfSpans(stage: Stage | SpansetOperand): boolean {
  switch (stage.kind) {
    case 'filter':
    case 'by':
    case 'coalesce':
    case 'select':
      return true
    case 'spanset-logic':
      return stage.operator === '||' && isOfSpans(stage.left) && isOfSpans(stage.right)
    case 'spanset-pipeline':
      return stage.stages.every(isOfSpans)
    case 'spanset-structure':
    case 'scalar-filter':
      return false
  }
}

/** Whether the stages of a series of spans (`seriesOfSpans`) leave a row. */
export function spanFilter(stages: readonly Stage[], frame: TraceFrame): Column<boolean> {
  const tests = stages.flatMap((stage) => stageTest(stage, frame) ?? [])
  const [only] = tests
  if (only === undefined) return () => true
  return tests.length === 1 ? only : (row) => tests.every((test) => test(row))
}

/** Undefined where it leaves every row. */
function stageTest(stage: Stage | SpansetOperand, frame: TraceFrame): Column<boolean> | undefined {
  switch (stage.kind) {
    case 'filter': {
      const { condition } = stage
      if (condition.kind === 'bool' && condition.value) return undefined
      const { read } = compileField(condition, frame)
      return (row) => read(row) === true
    }
    case 'spanset-logic': {
      const [left, right] = [stageTest(stage.left, frame), stageTest(stage.right, frame)]
      if (left === undefined || right === undefined) return undefined
      return (row) => left(row) || right(row)
    }
    case 'spanset-pipeline':
      return spanFilter(stage.stages, frame)
    default:
      return undefined
  }
}

// --- Roots --------------------------------------------------------------------------------------------------------------

function stageWithRoots(stage: Stage): Stage {
  return stage.kind === 'filter' || stage.kind === 'spanset-logic' ? operandWithRoots(stage) : stage
}

function operandWithRoots<Operand extends SpansetOperand>(operand: Operand): Operand
function operandWithRoots(operand: SpansetOperand): SpansetOperand {
  switch (operand.kind) {
    case 'filter':
      return filterWithRoots(operand)
    case 'spanset-logic':
    case 'spanset-structure':
      return {
        ...operand,
        left: operandWithRoots(operand.left),
        right: operandWithRoots(operand.right),
      }
    case 'spanset-pipeline':
      return { ...operand, stages: operand.stages.map(stageWithRoots) }
  }
}

function filterWithRoots(filter: SpansetFilter): SpansetFilter {
  return { ...filter, condition: withRoots(filter.condition) }
}

function withRoots(expression: FieldExpression): FieldExpression {
  switch (expression.kind) {
    case 'logic':
      return {
        ...expression,
        left: withRoots(expression.left),
        right: withRoots(expression.right),
      }
    case 'not':
      return { ...expression, operand: withRoots(expression.operand) }
    case 'compare':
      return rootTest(expression) ?? expression
    default:
      return expression
  }
}

/** Roots have a parent's place of -1; what hangs below no root 0, all others more. */
function rootTest({ operator, left, right }: FieldComparison): FieldComparison | undefined {
  const value = constantOf(right)
  if (left.kind !== 'intrinsic' || left.name !== 'nestedSetParent') return undefined
  if (value?.kind !== 'int') return undefined
  const text = `${operator} ${value.value}`
  if (['< 0', '<= -1', '= -1'].includes(text)) return parentTest('=')
  return ['>= 0', '> -1', '!= -1'].includes(text) ? parentTest('!=') : undefined
}

function parentTest(operator: '=' | '!='): FieldComparison {
  return {
    kind: 'compare',
    operator,
    left: { kind: 'intrinsic', name: 'span:parentID' },
    right: { kind: 'string', value: '0'.repeat(16) },
  }
}
