import { searchCursorTracesMax } from '../../src/limits.ts'
import type { FoundTrace } from './search-answer.ts'
import { isBehind, placeBefore, type SearchPlace, startOf } from './search-place.ts'

/** What a search leaves for later. */
export interface SearchRest {
  /** So many of the traces, from the first, are what an unbounded search would give; the others come later or again. */
  readonly decided: number
  readonly next: SearchPlace
}

/** How a search stands when it ends. */
export interface SearchEnd {
  /** The newest that were found, in order. */
  readonly found: readonly FoundTrace[]
  /** Whether no other has a place among them, and others there may be. */
  readonly isPage: boolean
  /** Traces that start then or before are not decided, as the search reached a bound; else undefined. */
  readonly cutNs: bigint | undefined
  /** Where it went on from. */
  readonly from: SearchPlace | undefined
  /** The latest start of all when the first page was made. */
  readonly latestNs: bigint
  readonly oneRowTells: boolean
  /**
   * Traces that were found, or may be, with the least start of a span by which alone they are; undefined for those that
   * `from` named and no span told of.
   */
  readonly told: ReadonlyMap<string, bigint | undefined>
}

/**
 * Where the next page begins. Where one span of a trace is enough to look at it whole, what was scanned need not be
 * scanned again, but for traces that are known and begin before the place. Where several spans decide together, a page
 * scans again from the latest span on; a search that reached its bounds could then never get further, and looks at the
 * whole of every trace from there on.
 */
export function searchRest(end: SearchEnd): SearchRest | undefined {
  const { found, isPage, cutNs, from, latestNs, oneRowTells } = end
  const last = found.at(-1)
  if (cutNs === undefined) {
    if (!isPage || last === undefined) return undefined
    const place = startOf(last)
    const isCut = from?.isCut ?? false
    const isTight = oneRowTells || isCut
    const rest = isTight ? tight(end, found, place.startNs) : { untilNs: latestNs, pending: [] }
    return { decided: found.length, next: { last: place, isCut, ...rest } }
  }
  const decided = found.filter((trace) => startOf(trace).startNs > cutNs)
  const bound = placeBefore(cutNs)
  const place = from && !isBehind(bound, from.last) ? from.last : bound
  const rest = tight(end, decided, cutNs)
  return { decided: decided.length, next: { last: place, isCut: true, ...rest } }
}

/** Scans only what starts at `floorNs` or before: of all that is to come, one such span tells, or the cursor itself. */
function tight(
  { from, told }: SearchEnd,
  decided: readonly FoundTrace[],
  floorNs: bigint,
): Pick<SearchPlace, 'untilNs' | 'pending'> {
  const untilNs = from && from.untilNs < floorNs ? from.untilNs : floorNs
  const given = new Set(decided.map(({ traceId }) => traceId))
  const waiting = [...told]
    .filter(
      ([traceId, tellsNs]) => !given.has(traceId) && (tellsNs === undefined || tellsNs > untilNs),
    )
    .sort(latestFirst)
  const [, tellsNs] = waiting[searchCursorTracesMax] ?? []
  return {
    untilNs: tellsNs ?? untilNs,
    pending: waiting.slice(0, searchCursorTracesMax).map(([traceId]) => traceId),
  }
}

type Told = readonly [traceId: string, tellsNs: bigint | undefined]

/** Those of which nothing tells stand first, as the cursor has to. */
function latestFirst([id, a]: Told, [otherId, b]: Told): number {
  if (a === b) return id < otherId ? -1 : 1
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1
  return a > b ? -1 : 1
}
