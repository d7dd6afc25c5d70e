import type { ObjectStore, StoredBytes } from '../ports/object-store.ts'

/** The same store, remembering the ranges read last: neighbours in a list are often rows of the same row group. */
export function rangeMemory(store: ObjectStore, rangesMax: number): ObjectStore {
  const held = new Map<string, StoredBytes>()
  return {
    maxPutBytes: store.maxPutBytes,
    put: (key, body, mode) => store.put(key, body, mode),
    delete: (keys) => store.delete(keys),
    list: (prefix, after) => store.list(prefix, after),
    async get(key, range) {
      if (range === undefined || 'suffix' in range) return store.get(key, range)
      const name = `${key} ${range.offset} ${range.length}`
      const stored = held.get(name) ?? (await store.get(key, range))
      held.delete(name)
      if (stored) held.set(name, stored)
      const [oldest] = held.keys()
      if (held.size > rangesMax && oldest !== undefined) held.delete(oldest)
      return stored
    },
  }
}
