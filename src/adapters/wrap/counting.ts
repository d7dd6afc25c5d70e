import type { ObjectStore } from '../../ports/object-store.ts'

export interface StoreCounts {
  gets: number
  puts: number
  lists: number
  /** Calls of `delete`, each of which may name many keys. */
  deletes: number
  bytesRead: number
  bytesWritten: number
}

export interface CountingStore extends ObjectStore {
  /** Since the beginning or the last reset; operations that failed are counted too, as they are paid for. */
  readonly counts: StoreCounts
  reset(): void
}

/** A store that counts what is asked of it, so that a flow can state its cost. */
export function countingStore(store: ObjectStore): CountingStore {
  const counts: StoreCounts = { ...none }
  return {
    maxPutBytes: store.maxPutBytes,
    counts,
    reset: () => void Object.assign(counts, none),

    async put(key, body, mode) {
      counts.puts++
      const result = await store.put(key, body, mode)
      if (result.kind === 'written') counts.bytesWritten += body.length
      return result
    },

    async get(key, range) {
      counts.gets++
      const found = await store.get(key, range)
      counts.bytesRead += found?.body.length ?? 0
      return found
    },

    list(prefix, after) {
      counts.lists++
      return store.list(prefix, after)
    },

    delete(keys) {
      counts.deletes++
      return store.delete(keys)
    },
  }
}

const none: StoreCounts = {
  gets: 0,
  puts: 0,
  lists: 0,
  deletes: 0,
  bytesRead: 0,
  bytesWritten: 0,
}
