import type { Piece } from './scan-group.ts'
import type { SearchNeeds } from './search-needs.ts'

/** Traces that may be found, from the pieces that were seen of them. */
export interface Candidates {
  readonly size: () => number
  add(piece: Piece, isSure: boolean): void
  /** Those that may be found and may start at `fromNs` or later, the latest first; each is given once. */
  take(count: number, fromNs: bigint | undefined): readonly string[]
  /** Forgets those that start before. */
  dropBefore(fromNs: bigint): void
}

interface Candidate {
  startNs: bigint
  pieces: number
  isMaybe: boolean
  readonly has: Set<number>
}

export function candidates({ traceMightMatch }: Pick<SearchNeeds, 'traceMightMatch'>): Candidates {
  const held = new Map<string, Candidate>()
  const given = new Set<string>()
  return {
    size: () => held.size,
    add({ traceId, startNs, has, verdict }, isSure) {
      if (given.has(traceId)) return
      const known = held.get(traceId)
      const isMaybe = verdict === 'maybe' || !isSure
      if (known === undefined) {
        held.set(traceId, { startNs, pieces: 1, isMaybe, has: new Set(has) })
        return
      }
      known.pieces++
      // Two pieces that are not found may be found together.
      known.isMaybe = true
      if (startNs < known.startNs) known.startNs = startNs
      for (const place of has) known.has.add(place)
    },
    take(count, fromNs) {
      const due = [...held].filter(
        ([, { startNs, isMaybe, has }]) =>
          isMaybe && (fromNs === undefined || startNs >= fromNs) && traceMightMatch(has),
      )
      due.sort(([a, one], [b, other]) =>
        one.startNs === other.startNs ? (a < b ? -1 : 1) : one.startNs > other.startNs ? -1 : 1,
      )
      const taken = due.slice(0, count).map(([traceId]) => traceId)
      for (const traceId of taken) {
        held.delete(traceId)
        given.add(traceId)
      }
      return taken
    },
    dropBefore(fromNs) {
      for (const [traceId, { startNs }] of held) if (startNs < fromNs) held.delete(traceId)
    },
  }
}
