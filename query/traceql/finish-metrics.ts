import { floatArithmetic, intArithmetic } from './arithmetic.ts'
import type { SeriesExpression, SeriesNumber, SeriesOperand } from './ast.ts'
import { combineSeries } from './combine-series.ts'
import type { FinalSeries } from './final-series.ts'
import { finishSeries } from './finish-series.ts'
import { applySecondStages } from './second-stages.ts'
import { emptyParts, type SeriesParts } from './series-parts.ts'
import type { StepIntervals } from './step-intervals.ts'

/**
 * The answer of a metrics query: the parts of each of its series (`seriesOf`, in that order), all spans merged. Series
 * without any value are left out; the rest is ordered by its labels.
 */
export function finishMetrics(
  expression: SeriesExpression,
  parts: readonly SeriesParts[],
  intervals: StepIntervals,
): readonly FinalSeries[] {
  const rest = parts.values()
  return finishExpression(expression, rest, intervals).filter(({ values }) =>
    values.some((value) => !Number.isNaN(value)),
  )
}

function finishExpression(
  expression: SeriesExpression,
  parts: Iterator<SeriesParts>,
  intervals: StepIntervals,
): readonly FinalSeries[] {
  if (expression.kind === 'series') {
    const own = parts.next().value ?? emptyParts()
    const series = finishSeries(expression.function, own, intervals)
    return applySecondStages(expression.second, series)
  }
  const left = finishOperand(expression.left, parts, intervals)
  const right = finishOperand(expression.right, parts, intervals)
  return applySecondStages(expression.second, combineSeries(expression.operator, left, right))
}

function finishOperand(
  operand: SeriesOperand,
  parts: Iterator<SeriesParts>,
  intervals: StepIntervals,
): readonly FinalSeries[] | number {
  switch (operand.kind) {
    case 'series':
    case 'series-arithmetic':
      return finishExpression(operand, parts, intervals)
    case 'int':
    case 'float':
    case 'number-arithmetic':
      return Number(numberOf(operand))
  }
}

/** Integers among themselves stay integers; a division by zero is none. */
function numberOf(number: SeriesNumber): bigint | number {
  switch (number.kind) {
    case 'int':
    case 'float':
      return number.value
    case 'number-arithmetic': {
      const [left, right] = [numberOf(number.left), numberOf(number.right)]
      if (typeof left === 'bigint' && typeof right === 'bigint') {
        return intArithmetic(number.operator, left, right) ?? Number.NaN
      }
      return floatArithmetic(number.operator, Number(left), Number(right))
    }
  }
}
