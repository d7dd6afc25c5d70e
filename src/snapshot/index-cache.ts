import { indexCacheBytesMax } from '../limits.ts'

/**
 * Decoded parts of the index by name, within a bound of bytes; those used least recently make room. Objects of the index
 * never change. A manifest's number may be born twice (protocol V11), so a manifest's name here has its version too.
 */
export interface IndexCache {
  /** What stands under the name, or what `load` makes, with its size in memory. A load that throws leaves nothing. */
  get<T>(name: string, load: () => Promise<{ value: T; bytes: number }>): Promise<T>
}

export function indexCache(bytesMax: number = indexCacheBytesMax): IndexCache {
  // In the order of last use.
  const held = new Map<string, { readonly value: unknown; readonly bytes: number }>()
  let bytes = 0
  return {
    // Loads under way are not shared: in workerd, one request cannot await another's I/O.
    async get<T>(name: string, load: () => Promise<{ value: T; bytes: number }>) {
      const known = held.get(name)
      if (known) {
        held.delete(name)
        held.set(name, known)
        return known.value as T
      }
      const loaded = await load()
      const before = held.get(name)
      if (before) bytes -= before.bytes
      held.delete(name)
      if (loaded.bytes > bytesMax) return loaded.value
      held.set(name, loaded)
      bytes += loaded.bytes
      for (const [oldest, other] of held) {
        if (bytes <= bytesMax) break
        held.delete(oldest)
        bytes -= other.bytes
      }
      return loaded.value
    },
  }
}
