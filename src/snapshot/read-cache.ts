import { type FreshTailCache, freshTailCache } from './fresh-tail-cache.ts'
import { type IndexCache, indexCache } from './index-cache.ts'

/** What a process remembers of what it read: of objects that never change, so that it is never wrong. */
export interface ReadCache {
  readonly tails: FreshTailCache
  readonly index: IndexCache
}

export function readCache(
  bounds: { readonly tailBytesMax?: number; readonly indexBytesMax?: number } = {},
): ReadCache {
  return { tails: freshTailCache(bounds.tailBytesMax), index: indexCache(bounds.indexBytesMax) }
}
