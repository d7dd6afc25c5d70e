import { type FreshTailCache, freshTailCache } from './fresh-tail-cache.ts'
import { type IndexCache, indexCache } from './index-cache.ts'

/** What a process remembers of what it read: of objects that never change, so that it is never wrong. */
export interface ReadCache {
  readonly tails: FreshTailCache
  readonly index: IndexCache
  /** Keys of span files and fresh files that a merge could not read: it leaves them out from then on. */
  readonly broken: Set<string>
}

export function readCache(
  bounds: { readonly tailBytesMax?: number; readonly indexBytesMax?: number } = {},
): ReadCache {
  return {
    tails: freshTailCache(bounds.tailBytesMax),
    index: indexCache(bounds.indexBytesMax),
    broken: new Set(),
  }
}
