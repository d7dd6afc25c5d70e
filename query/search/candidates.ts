import { heap } from '../../src/lookup/heap.ts'
import type { Piece } from './scan-group.ts'
import type { SearchNeeds } from './search-needs.ts'

/** Traces that may be found, from the pieces that were seen of them. */
export interface Candidates {
  readonly size: () => number
  add(piece: Piece, isSure: boolean): void
  /** Those that may be found and may start at `fromNs` or later, the latest first; who takes one settles it. */
  due(fromNs: bigint | undefined): DueCandidates
  /** Forgets those that start before. */
  dropBefore(fromNs: bigint): void
}

export interface DueCandidates {
  /** The next ones, as long as they may start at `fromNs` or later. */
  take(count: number, fromNs: bigint | undefined): readonly string[]
}

interface Candidate {
  readonly traceId: string
  startNs: bigint
  isMaybe: boolean
  readonly has: Set<number>
}

export function candidates({ traceMightMatch }: Pick<SearchNeeds, 'traceMightMatch'>): Candidates {
  const held = new Map<string, Candidate>()
  const settled = new Set<string>()
  return {
    size: () => held.size,
    add({ traceId, startNs, has, verdict }, isSure) {
      if (settled.has(traceId)) return
      const known = held.get(traceId)
      if (known === undefined) {
        const isMaybe = verdict === 'maybe' || !isSure
        held.set(traceId, { traceId, startNs, isMaybe, has: new Set(has) })
        return
      }
      // Two pieces that are not found may be found together.
      known.isMaybe = true
      if (startNs < known.startNs) known.startNs = startNs
      for (const place of has) known.has.add(place)
    },
    due(fromNs) {
      const waiting = heap(byStart)
      for (const candidate of held.values()) {
        if (!candidate.isMaybe || (fromNs !== undefined && candidate.startNs < fromNs)) continue
        if (traceMightMatch(candidate.has)) waiting.push(candidate)
      }
      return {
        take(count, leastNs) {
          const taken: string[] = []
          while (taken.length < count) {
            const next = waiting.peek()
            if (next === undefined || (leastNs !== undefined && next.startNs < leastNs)) break
            waiting.pop()
            held.delete(next.traceId)
            settled.add(next.traceId)
            taken.push(next.traceId)
          }
          return taken
        },
      }
    },
    dropBefore(fromNs) {
      for (const [traceId, { startNs }] of held) if (startNs < fromNs) held.delete(traceId)
    },
  }
}

/** The latest first, then by trace id. */
function byStart(a: Candidate, b: Candidate): number {
  if (a.startNs !== b.startNs) return a.startNs > b.startNs ? -1 : 1
  return a.traceId < b.traceId ? -1 : 1
}
