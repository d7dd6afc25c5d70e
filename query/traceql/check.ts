import type { TraceqlQuery } from './ast.ts'
import type { PatternFault } from './check-field.ts'
import { checkSeriesExpression } from './check-metrics.ts'
import { checkStages } from './check-stages.ts'

/**
 * Throws `invalid` for a query that is well formed and still is none: types that do not fit, aggregates of nothing,
 * numbers out of range, and what TraceQL has words for but no meaning yet. `patternFault` judges regular expressions.
 */
export function checkTraceql(query: TraceqlQuery, patternFault: PatternFault): void {
  switch (query.kind) {
    case 'search':
      return checkStages(query.stages, patternFault)
    case 'metrics':
      return checkSeriesExpression(query.expression, patternFault)
  }
}
