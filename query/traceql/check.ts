import { patternSizesMax, patternsKept } from '../../src/limits.ts'
import type { TraceqlQuery } from './ast.ts'
import type { PatternFault } from './check-field.ts'
import { checkSeriesExpression } from './check-metrics.ts'
import { checkStages } from './check-stages.ts'
import { patternSize } from './pattern-size.ts'

/**
 * Throws `invalid` for a query that is well formed and still is none: types that do not fit, aggregates of nothing,
 * numbers out of range, and what TraceQL has words for but no meaning yet. `patternFault` judges regular expressions.
 */
export function checkTraceql(query: TraceqlQuery, patternFault: PatternFault): void {
  const fault = boundedFault(patternFault)
  switch (query.kind) {
    case 'search':
      return checkStages(query.stages, fault)
    case 'metrics':
      return checkSeriesExpression(query.expression, fault)
  }
}

/** Also of patterns that are too many, or too large together: they are made anew for every trace that is looked at. */
function boundedFault(patternFault: PatternFault): PatternFault {
  const patterns = new Set<string>()
  let size = 0
  return (pattern) => {
    if (patterns.has(pattern)) return undefined
    patterns.add(pattern)
    size += patternSize(pattern)
    if (patterns.size > patternsKept) return `more than ${patternsKept} patterns`
    const fault = patternFault(pattern)
    if (fault !== undefined || size <= patternSizesMax) return fault
    return `more than ${patternSizesMax} instructions in all patterns`
  }
}
