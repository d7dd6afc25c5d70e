import type { ObjectStore } from '../ports/object-store.ts'

/** What an answer cost: requests to the store, and bytes that came back. */
export interface ReadCost {
  lists: number
  gets: number
  bytesRead: number
}

export function noCost(): ReadCost {
  return { lists: 0, gets: 0, bytesRead: 0 }
}

/** The same store for reading, adding what it is asked to `cost`. */
export function costedStore(store: ObjectStore, cost: ReadCost): ObjectStore {
  return {
    maxPutBytes: store.maxPutBytes,
    put: (key, body, mode) => store.put(key, body, mode),
    delete: (keys) => store.delete(keys),
    async get(key, range) {
      cost.gets++
      const stored = await store.get(key, range)
      cost.bytesRead += stored?.body.length ?? 0
      return stored
    },
    async list(prefix, after) {
      cost.lists++
      return store.list(prefix, after)
    },
  }
}
