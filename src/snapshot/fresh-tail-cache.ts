import { freshTailCacheBytesMax } from '../limits.ts'
import type { FreshTail } from '../press/fresh-tail.ts'

/** Tails of fresh files by key, within a bound of bytes. Fresh files never change, so neither do these. */
export interface FreshTailCache {
  /**
   * One pass over a listing. Those used least recently make room, but a pass never drops what it has used itself: where
   * a listing is larger than the cache, the part that fits stays, instead of each pass pushing out the next one's.
   */
  pass(): FreshTailPass
}

export interface FreshTailPass {
  get(key: string): FreshTail | undefined
  set(key: string, tail: FreshTail): void
}

interface Held {
  readonly tail: FreshTail
  readonly bytes: number
  /** The number of the pass that used it last. */
  readonly pass: number
}

export function freshTailCache(bytesMax: number = freshTailCacheBytesMax): FreshTailCache {
  // In the order of last use.
  const held = new Map<string, Held>()
  let bytes = 0
  let passes = 0
  const drop = (key: string, { bytes: freed }: Held): void => {
    held.delete(key)
    bytes -= freed
  }
  return {
    pass() {
      const pass = ++passes
      return {
        get(key) {
          const found = held.get(key)
          if (found === undefined) return undefined
          held.delete(key)
          held.set(key, { ...found, pass: Math.max(pass, found.pass) })
          return found.tail
        },
        set(key, tail) {
          const before = held.get(key)
          if (before) drop(key, before)
          const added = { tail, bytes: bytesOf(tail), pass }
          for (const [oldest, other] of held) {
            if (bytes + added.bytes <= bytesMax || other.pass >= pass) break
            drop(oldest, other)
          }
          if (bytes + added.bytes > bytesMax) return
          held.set(key, added)
          bytes += added.bytes
        },
      }
    },
  }
}

/** About what a tail takes in memory. */
function bytesOf({ summaries, filter, rowGroups, contents }: FreshTail): number {
  const lists = rowGroups.length * 256 + contents.envelopes.length * 160
  return 1_024 + summaries.length + filter.words.byteLength + lists
}
