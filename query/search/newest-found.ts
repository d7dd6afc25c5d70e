import type { FoundTrace } from './search-answer.ts'

/** The newest of the traces that were found. */
export interface NewestFound {
  /** Whether all of them still have a place. */
  add(trace: FoundTrace): boolean
  /** Signed: no trace that starts before has a place any more; undefined while there is room. */
  leastNs(): bigint | undefined
  /** The most recent start first, then by trace id. */
  all(): readonly FoundTrace[]
}

export function newestFound(limit: number): NewestFound {
  let found: readonly FoundTrace[] = []
  return {
    add(trace) {
      const all = [...found, trace].sort(byStart)
      found = all.slice(0, limit)
      return all.length <= limit
    },
    leastNs() {
      const last = found[limit - 1]
      return last && signedStart(last)
    },
    all: () => found,
  }
}

function byStart(a: FoundTrace, b: FoundTrace): number {
  const [one, other] = [signedStart(a), signedStart(b)]
  if (one !== other) return one > other ? -1 : 1
  return a.traceId < b.traceId ? -1 : 1
}

function signedStart({ startNs }: FoundTrace): bigint {
  return BigInt.asIntN(64, startNs)
}
