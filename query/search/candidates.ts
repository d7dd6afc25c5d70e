import { heap } from '../../src/lookup/heap.ts'
import type { Piece } from './scan-group.ts'
import type { SearchNeeds } from './search-needs.ts'

/** Traces that may be found, from the pieces that were seen of them. */
export interface Candidates {
  readonly size: () => number
  add(piece: Piece, isSure: boolean): void
  /** A trace to look at, whatever is seen of it: it starts at `startNs` or before. */
  expect(traceId: string, startNs: bigint): void
  /** Those that may be found and that nobody has taken. */
  waiting(): Iterable<DueCandidate>
  /** The latest start that one of those that may be found may have; undefined when there is none. */
  latestNs(): bigint | undefined
  /** Those that may be found and may start at `fromNs` or later, the latest first; who takes one settles it. */
  due(fromNs: bigint | undefined): DueCandidates
  /** Forgets those that start before, unless they are expected; gives them back. */
  dropBefore(fromNs: bigint): readonly DueCandidate[]
}

export interface DueCandidates {
  /** The next ones, as long as they may start at `fromNs` or later. */
  take(count: number, fromNs: bigint | undefined): readonly DueCandidate[]
}

export interface DueCandidate {
  readonly traceId: string
  /** The least start of a span by which alone it may be found, as far as that was seen. */
  readonly tellsNs: bigint | undefined
  /** Whether it has to be looked at even when nothing tells. */
  readonly isExpected: boolean
}

interface Candidate {
  readonly traceId: string
  startNs: bigint
  tellsNs: bigint | undefined
  isMaybe: boolean
  readonly isExpected: boolean
  readonly has: Set<number>
}

export function candidates({ traceMightMatch }: Pick<SearchNeeds, 'traceMightMatch'>): Candidates {
  const held = new Map<string, Candidate>()
  const settled = new Set<string>()
  const mayBeFound = ({ isMaybe, isExpected, has }: Candidate): boolean =>
    isExpected || (isMaybe && traceMightMatch(has))
  return {
    size: () => held.size,
    add({ traceId, startNs, tellsNs, has, verdict }, isSure) {
      if (settled.has(traceId)) return
      const known = held.get(traceId)
      if (known === undefined) {
        const isMaybe = verdict === 'maybe' || !isSure
        const seen = { startNs, tellsNs, has: new Set(has) }
        held.set(traceId, { traceId, ...seen, isMaybe, isExpected: false })
        return
      }
      // Two pieces that are not found may be found together.
      known.isMaybe = true
      if (startNs < known.startNs) known.startNs = startNs
      known.tellsNs = leastOf(known.tellsNs, tellsNs)
      for (const place of has) known.has.add(place)
    },
    expect(traceId, startNs) {
      const unseen = { tellsNs: undefined, isMaybe: true, has: new Set<number>() }
      held.set(traceId, { traceId, startNs, ...unseen, isExpected: true })
    },
    waiting: () => held.values().filter(mayBeFound),
    latestNs() {
      let latestNs: bigint | undefined
      for (const candidate of held.values()) {
        if (latestNs !== undefined && candidate.startNs <= latestNs) continue
        if (mayBeFound(candidate)) latestNs = candidate.startNs
      }
      return latestNs
    },
    due(fromNs) {
      const waiting = heap(byStart)
      for (const candidate of held.values()) {
        if (fromNs !== undefined && candidate.startNs < fromNs) continue
        if (mayBeFound(candidate)) waiting.push(candidate)
      }
      return {
        take(count, leastNs) {
          const taken: DueCandidate[] = []
          while (taken.length < count) {
            const next = waiting.peek()
            if (next === undefined || (leastNs !== undefined && next.startNs < leastNs)) break
            waiting.pop()
            held.delete(next.traceId)
            settled.add(next.traceId)
            taken.push(next)
          }
          return taken
        },
      }
    },
    dropBefore(fromNs) {
      const before = held
        .values()
        .filter(({ startNs, isExpected }) => startNs < fromNs && !isExpected)
        .toArray()
      for (const { traceId } of before) held.delete(traceId)
      return before
    },
  }
}

function leastOf(ns: bigint | undefined, other: bigint | undefined): bigint | undefined {
  if (ns === undefined || other === undefined) return ns ?? other
  return ns < other ? ns : other
}

/** The latest first, then by trace id. */
function byStart(a: Candidate, b: Candidate): number {
  if (a.startNs !== b.startNs) return a.startNs > b.startNs ? -1 : 1
  return a.traceId < b.traceId ? -1 : 1
}
