import type { ObjectStore } from '../../src/ports/object-store.ts'

export interface StoreCall {
  readonly op: 'put' | 'get' | 'list' | 'delete'
  /** The key, the prefix, or the first of the keys. */
  readonly key: string
}

export interface PausedStore {
  readonly store: ObjectStore
  /** Resolves once a call waits. */
  readonly reached: Promise<void>
  goOn(): void
}

/** The same store for one worker, whose first call that matches waits before it is carried out, as long as it is told. */
export function pausedStore(
  store: ObjectStore,
  matches: (call: StoreCall) => boolean,
): PausedStore {
  const reached = Promise.withResolvers<void>()
  const going = Promise.withResolvers<void>()
  let paused = false
  const pass = async (call: StoreCall): Promise<void> => {
    if (paused || !matches(call)) return
    paused = true
    reached.resolve()
    await going.promise
  }
  return {
    store: {
      maxPutBytes: store.maxPutBytes,
      async put(key, body, mode) {
        await pass({ op: 'put', key })
        return store.put(key, body, mode)
      },
      async get(key, range) {
        await pass({ op: 'get', key })
        return store.get(key, range)
      },
      async list(prefix, after) {
        await pass({ op: 'list', key: prefix })
        return store.list(prefix, after)
      },
      async delete(keys) {
        await pass({ op: 'delete', key: keys[0] ?? '' })
        return store.delete(keys)
      },
    },
    reached: reached.promise,
    goOn: () => going.resolve(),
  }
}
