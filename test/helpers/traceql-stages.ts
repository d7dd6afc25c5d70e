import type { Stage } from '../../query/traceql/ast.ts'
import { checkTraceql } from '../../query/traceql/check.ts'
import { parseTraceql } from '../../query/traceql/parse.ts'
import { patternFault } from '../../query/traceql/pattern.ts'

/** The stages of a search that is valid. */
export function stagesOf(text: string): readonly Stage[] {
  const query = parseTraceql(text)
  checkTraceql(query, patternFault)
  if (query.kind !== 'search') throw new Error(`must be a search, got ${text}`)
  return query.stages
}
