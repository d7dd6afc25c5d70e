import type { Hint, TraceqlQuery } from './ast.ts'
import { printLiteral } from './print-field.ts'
import { printSeriesExpression } from './print-metrics.ts'
import { printStages } from './print-stages.ts'

/** The one text of a query: `parseTraceql` makes an equal tree of it. */
export function printTraceql(query: TraceqlQuery): string {
  const text =
    query.kind === 'metrics' ? printSeriesExpression(query.expression) : printStages(query.stages)
  return text + printHints(query.hints)
}

function printHints(hints: readonly Hint[]): string {
  if (hints.length === 0) return ''
  return ` with (${hints.map(({ name, value }) => `${name}=${printLiteral(value)}`).join(', ')})`
}
