import type { MetricsQuery } from '../../query/traceql/ast.ts'
import { checkTraceql } from '../../query/traceql/check.ts'
import type { FinalSeries } from '../../query/traceql/final-series.ts'
import { parseTraceql } from '../../query/traceql/parse.ts'
import { patternFault } from '../../query/traceql/pattern.ts'

/** A metrics query that is valid. */
export function metricsQueryOf(text: string): MetricsQuery {
  const query = parseTraceql(text)
  checkTraceql(query, patternFault)
  if (query.kind !== 'metrics') throw new Error(`must be a metrics query, got ${text}`)
  return query
}

/** `a=x b=2: 1 - 3`, a series a line: floats that were added in another order look alike. */
export function shownSeries(series: readonly FinalSeries[]): string[] {
  return series.map(({ labels, values }) => {
    const names = labels.map(({ name, value }) => `${name}=${value}`).join(' ')
    const points = Array.from(values, (value) =>
      Number.isNaN(value) ? '-' : String(+value.toPrecision(6)),
    )
    return `${names}: ${points.join(' ')}`
  })
}
