import { SpanlakeError } from '../../../src/errors.ts'
import { searchLimitMax, searchSpansPerSetMax } from '../../../src/limits.ts'
import type { SearchPageOptions } from '../../search/search-page.ts'
import type { Stage } from '../../traceql/ast.ts'
import { checkTraceql } from '../../traceql/check.ts'
import { parseTraceql } from '../../traceql/parse.ts'
import { patternFault } from '../../traceql/pattern.ts'
import { type Parameter, parseCount, parseWholeRange } from './request.ts'

const limitDefault = 20
const spansPerSetDefault = 3

/** `q`, `start`, `end`, `limit`, `after`, `spss` of a search. Throws kind `invalid`, `TraceqlSyntaxError` among it. */
export function parseSearchRequest(query: Parameter): Omit<SearchPageOptions, 'signal'> {
  const [q, after] = [query('q'), query('after')]
  if (q === undefined || q.trim() === '') {
    throw new SpanlakeError('invalid', 'q must be a TraceQL query such as { status = error }')
  }
  const spansPerSet = parseCount('spss', query, { least: 1, most: searchSpansPerSetMax })
  return {
    stages: searchStages(q),
    limit: parseCount('limit', query, { least: 1, most: searchLimitMax }) ?? limitDefault,
    spansPerSet: spansPerSet ?? spansPerSetDefault,
    ...parseWholeRange(query),
    ...(after === undefined ? {} : { after }),
  }
}

/** The stages of a query that searches. */
function searchStages(text: string): readonly Stage[] {
  const id = idIn(text)
  if (id !== undefined) {
    throw new SpanlakeError('invalid', `q must be a TraceQL query, got the id of a trace, ${id}`)
  }
  const query = parseTraceql(text)
  checkTraceql(query, patternFault)
  if (query.kind === 'search') return query.stages
  throw new SpanlakeError(
    'invalid',
    'q must find spans, got a metrics query: its place is /tempo/api/metrics/query_range',
  )
}

/** The trace id that somebody pasted where a query belongs, alone or as a traceparent; no query looks like that. */
export function idIn(text: string): string | undefined {
  const [, whole, inParent] =
    text.trim().match(/^(?:([0-9a-f]{32}|[0-9a-f]{16})|00-([0-9a-f]{32})-[0-9a-f]{16}-\w+)$/i) ?? []
  return whole ?? inParent
}
