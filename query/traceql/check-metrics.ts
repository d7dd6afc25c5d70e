import {
  compareTopMax,
  quantilesMax,
  querySecondStagesMax,
  querySeriesMax,
} from '../../src/limits.ts'
import type {
  Compare,
  Field,
  MetricsFunction,
  SecondStage,
  Series,
  SeriesArithmetic,
  SeriesExpression,
  SeriesOperand,
} from './ast.ts'
import { checkError, checkField, checkFilter, type PatternFault } from './check-field.ts'
import { checkStages } from './check-stages.ts'
import { seriesOf } from './columns-of.ts'
import { printField } from './print-field.ts'
import { mightBeNumber } from './value-type.ts'

/** Throws `invalid` for the first part that makes no sense. */
export function checkSeriesExpression(
  expression: SeriesExpression,
  patternFault: PatternFault,
): void {
  const count = seriesOf(expression).length
  if (count > querySeriesMax) {
    throw checkError(`arithmetic must be of at most ${querySeriesMax} series`, String(count))
  }
  checkExpression(expression, patternFault)
}

function checkExpression(expression: SeriesExpression, patternFault: PatternFault): void {
  if (expression.kind === 'series') checkSeries(expression, patternFault)
  else checkArithmetic(expression, patternFault)
}

function checkSeries(
  { stages, function: metrics, second }: Series,
  patternFault: PatternFault,
): void {
  checkStages(stages, patternFault)
  checkFunction(metrics, patternFault)
  checkSecondStages(second)
  if (metrics.kind === 'compare' && second.length > 0) throw notAfterCompare()
}

function checkArithmetic(
  { left, right, second }: SeriesArithmetic,
  patternFault: PatternFault,
): void {
  for (const operand of [left, right]) checkOperand(operand, patternFault)
  checkSecondStages(second)
}

function checkOperand(operand: SeriesOperand, patternFault: PatternFault): void {
  switch (operand.kind) {
    case 'series':
      if (operand.function.kind === 'compare') throw notAfterCompare()
      return checkExpression(operand, patternFault)
    case 'series-arithmetic':
      return checkExpression(operand, patternFault)
    case 'int':
    case 'float':
    case 'number-arithmetic':
      return
  }
}

/** Its series stand for one another: neither ranks nor sums of them mean anything. */
function notAfterCompare(): Error {
  return checkError('compare must stand alone', 'compare with another stage or arithmetic')
}

function checkSecondStages(stages: readonly SecondStage[]): void {
  if (stages.length > querySecondStagesMax) {
    const rule = `function must have at most ${querySecondStagesMax} stages behind it`
    throw checkError(rule, String(stages.length))
  }
  for (const stage of stages) {
    if (stage.kind !== 'series-filter' && stage.count < 1) {
      throw checkError(`${stage.kind} must keep at least 1 series`, String(stage.count))
    }
  }
}

// --- Functions ----------------------------------------------------------------------------------------------------------

function checkFunction(metrics: MetricsFunction, patternFault: PatternFault): void {
  switch (metrics.kind) {
    case 'rate':
    case 'count_over_time':
      return
    case 'quantile_over_time':
      checkQuantiles(metrics.quantiles)
      return checkNumber(metrics.kind, metrics.field, patternFault)
    case 'compare':
      return checkCompare(metrics, patternFault)
    case 'min_over_time':
    case 'max_over_time':
    case 'sum_over_time':
    case 'avg_over_time':
    case 'histogram_over_time':
      return checkNumber(metrics.kind, metrics.field, patternFault)
  }
}

function checkNumber(name: string, field: Field, patternFault: PatternFault): void {
  if (mightBeNumber(checkField(field, patternFault))) return
  throw checkError(`${name} must be of a number`, printField(field))
}

function checkQuantiles(quantiles: readonly number[]): void {
  if (quantiles.length > quantilesMax) {
    const rule = `quantile_over_time must have at most ${quantilesMax} quantiles`
    throw checkError(rule, String(quantiles.length))
  }
  for (const quantile of quantiles) {
    if (quantile > 1) throw checkError('quantile must be from 0 to 1', String(quantile))
  }
}

function checkCompare({ selection, top, window }: Compare, patternFault: PatternFault): void {
  checkFilter(selection, patternFault)
  if (top < 1 || top > compareTopMax) {
    throw checkError(`compare must keep 1 to ${compareTopMax} values`, String(top))
  }
  if (window !== undefined && (window.startNs <= 0n || window.endNs <= window.startNs)) {
    const got = `${window.startNs} to ${window.endNs}`
    throw checkError('compare must have a start and a later end', got)
  }
}
