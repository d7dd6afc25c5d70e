import { compareTopDefault } from '../../src/limits.ts'
import type {
  Compare,
  Field,
  MetricsFunction,
  SecondStage,
  Series,
  SeriesArithmetic,
  SeriesExpression,
  SeriesNumberArithmetic,
  SeriesOperand,
} from './ast.ts'
import { printFloat } from './number-literal.ts'
import { arithmeticPrecedence } from './precedence.ts'
import { printField, printFilter, printLiteral } from './print-field.ts'
import { printStages } from './print-stages.ts'

/** The expression's text; a series that has operators beside it stands in brackets. */
export function printSeriesExpression(expression: SeriesExpression): string {
  if (expression.kind === 'series') return printSeries(expression)
  return printArithmetic(expression) + printSecondStages(expression.second)
}

function printSeries({ stages, function: metrics, second }: Series): string {
  return `${printStages(stages)} | ${printMetricsFunction(metrics)}${printSecondStages(second)}`
}

function printArithmetic({
  operator,
  left,
  right,
}: SeriesArithmetic | SeriesNumberArithmetic): string {
  const level = arithmeticPrecedence(operator)
  return `${printOperand(left, level)} ${operator} ${printOperand(right, level + 1)}`
}

function printOperand(operand: SeriesOperand, least: number): string {
  switch (operand.kind) {
    case 'int':
    case 'float':
      return printLiteral(operand)
    case 'series':
      return `(${printSeries(operand)})`
    case 'number-arithmetic':
      return inBrackets(printArithmetic(operand), arithmeticPrecedence(operand.operator) < least)
    case 'series-arithmetic': {
      const isLoose = arithmeticPrecedence(operand.operator) < least
      return inBrackets(printSeriesExpression(operand), isLoose || operand.second.length > 0)
    }
  }
}

function inBrackets(text: string, isNeeded: boolean): string {
  return isNeeded ? `(${text})` : text
}

function printMetricsFunction(metrics: MetricsFunction): string {
  switch (metrics.kind) {
    case 'rate':
    case 'count_over_time':
      return `${metrics.kind}()${printBy(metrics.by)}`
    case 'quantile_over_time': {
      const quantiles = metrics.quantiles.map(printFloat).join(', ')
      return `quantile_over_time(${printField(metrics.field)}, ${quantiles})${printBy(metrics.by)}`
    }
    case 'compare':
      return printCompare(metrics)
    case 'min_over_time':
    case 'max_over_time':
    case 'sum_over_time':
    case 'avg_over_time':
    case 'histogram_over_time':
      return `${metrics.kind}(${printField(metrics.field)})${printBy(metrics.by)}`
  }
}

function printBy(fields: readonly Field[]): string {
  return fields.length === 0 ? '' : ` by (${fields.map(printField).join(', ')})`
}

function printCompare({ selection, top, window }: Compare): string {
  const bounds = window === undefined ? [] : [window.startNs, window.endNs]
  const isDefault = top === compareTopDefault && window === undefined
  const numbers = isDefault ? [] : [top, ...bounds]
  return `compare(${[printFilter(selection), ...numbers].join(', ')})`
}

function printSecondStages(stages: readonly SecondStage[]): string {
  return stages.map(printSecondStage).join('')
}

function printSecondStage(stage: SecondStage): string {
  switch (stage.kind) {
    case 'topk':
    case 'bottomk':
      return ` | ${stage.kind}(${stage.count})`
    case 'series-filter':
      return ` ${stage.operator} ${printLiteral(stage.value)}`
  }
}
