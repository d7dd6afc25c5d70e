import type { Runtime } from '../../src/runtime.ts'
import type { ReadCache } from '../../src/snapshot/read-cache.ts'
import { printTraceql } from '../traceql/print.ts'
import type { SearchAnswer } from './search-answer.ts'
import { parseSearchCursor, searchCursor } from './search-place.ts'
import { type SearchOptions, searchTraces } from './search-traces.ts'

export interface SearchPageOptions extends Omit<SearchOptions, 'from'> {
  /** The `next` of the page before: of the same stages and range. */
  readonly after?: string
}

export interface SearchPage extends Omit<SearchAnswer, 'rest'> {
  /** For the next page, which may be empty; undefined when there is nothing more. */
  readonly next: string | undefined
}

/**
 * One page of a search. The pages together give every trace that was found when the first was made, each once, whatever
 * arrives and is merged meanwhile; only what is expired meanwhile may be missing. New traces shift nothing: those that
 * start before the place of a page may be met in it, later ones never. A trace of which an earlier span arrives between
 * two pages moves down, and may be met again. A search that reached its bounds gives what it is sure of, perhaps nothing,
 * and goes on from there. Throws kind `invalid` for a cursor that is none of this search.
 */
export async function searchPage(
  tenant: string,
  { after, ...options }: SearchPageOptions,
  runtime: Runtime,
  cache: ReadCache,
): Promise<SearchPage> {
  const search = nameOf(options)
  const from = after === undefined ? {} : { from: parseSearchCursor(after, search) }
  const { rest, ...answer } = await searchTraces(tenant, { ...options, ...from }, runtime, cache)
  if (rest === undefined) return { ...answer, next: undefined }
  const traces = answer.traces.slice(0, rest.decided)
  return { ...answer, traces, next: searchCursor(rest.next, search) }
}

/** The same for requests that ask for the same. */
function nameOf({ stages, range }: SearchPageOptions): string {
  const query = printTraceql({ kind: 'search', stages, hints: [] })
  return `${range?.fromNs ?? ''} ${range?.toNs ?? ''} ${query}`
}
