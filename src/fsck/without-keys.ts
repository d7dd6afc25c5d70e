import type { ObjectStore } from '../ports/object-store.ts'

/** The same store for one who must not see some of its objects: no listing shows them. */
export function withoutKeys(store: ObjectStore, hidden: ReadonlySet<string>): ObjectStore {
  if (hidden.size === 0) return store
  return {
    maxPutBytes: store.maxPutBytes,
    put: (key, body, mode) => store.put(key, body, mode),
    get: (key, range) => store.get(key, range),
    delete: (keys) => store.delete(keys),
    async list(prefix, after) {
      for (let last = after; ; ) {
        const page = await store.list(prefix, last)
        const entries = page.entries.filter(({ key }) => !hidden.has(key))
        // Nothing to go on from would end the listing.
        if (entries.length > 0 || !page.more) return { entries, more: page.more }
        last = page.entries.at(-1)?.key
      }
    },
  }
}
