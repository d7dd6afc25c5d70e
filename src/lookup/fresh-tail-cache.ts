import { freshTailCacheBytesMax } from '../limits.ts'
import type { FreshTail } from '../press/fresh-tail.ts'

/** Tails of fresh files by key, the least recently used dropped first. Fresh files never change, so neither do these. */
export interface FreshTailCache {
  get(key: string): FreshTail | undefined
  set(key: string, tail: FreshTail): void
}

export function freshTailCache(bytesMax: number = freshTailCacheBytesMax): FreshTailCache {
  const held = new Map<string, FreshTail>()
  let bytes = 0
  return {
    get(key) {
      const tail = held.get(key)
      if (tail === undefined) return undefined
      held.delete(key)
      held.set(key, tail)
      return tail
    },
    set(key, tail) {
      const before = held.get(key)
      if (before) bytes -= bytesOf(before)
      held.delete(key)
      held.set(key, tail)
      bytes += bytesOf(tail)
      for (const [oldest, dropped] of held) {
        if (bytes <= bytesMax || oldest === key) break
        held.delete(oldest)
        bytes -= bytesOf(dropped)
      }
    },
  }
}

/** About what a tail takes in memory. */
function bytesOf({ summaries, filter, rowGroups, contents }: FreshTail): number {
  const lists = rowGroups.length * 256 + contents.envelopes.length * 160
  return 1_024 + summaries.length + filter.words.byteLength + lists
}
