import { type ColumnCache, columnCache } from './column-cache.ts'
import { type FreshTailCache, freshTailCache } from './fresh-tail-cache.ts'
import { type IndexCache, indexCache } from './index-cache.ts'

/** What a process remembers of what it read: of objects that never change, so that it is never wrong. */
export interface ReadCache {
  readonly tails: FreshTailCache
  readonly index: IndexCache
  readonly columns: ColumnCache
  /** Keys of span files and fresh files that a merge could not read: it leaves them out from then on. */
  readonly broken: Set<string>
  /** By tenant, the nonce of a manifest that names what is missing (`withSnapshot`). */
  readonly lossy: Map<string, string>
}

export function readCache(
  bounds: {
    readonly tailBytesMax?: number
    readonly indexBytesMax?: number
    readonly columnBytesMax?: number
  } = {},
): ReadCache {
  return {
    tails: freshTailCache(bounds.tailBytesMax),
    index: indexCache(bounds.indexBytesMax),
    columns: columnCache(bounds.columnBytesMax),
    broken: new Set(),
    lossy: new Map(),
  }
}
