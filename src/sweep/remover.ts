import { deleteKeysMax } from '../limits.ts'
import { type ListEntry, listAll } from '../ports/object-store.ts'
import type { Runtime } from '../runtime.ts'

/** Removes what a listing shows and a test condemns, up to a bound in all. */
export function removerOf({ store }: Pick<Runtime, 'store'>, deletesMax: number) {
  let left = deletesMax
  return {
    isFull: () => left === 0,
    async remove(prefix: string, isGarbage: (entry: ListEntry) => boolean): Promise<number> {
      let removed = 0
      let keys: string[] = []
      const flush = async () => {
        if (keys.length > 0) await store.delete(keys)
        removed += keys.length
        keys = []
      }
      for await (const entry of listAll(store, prefix)) {
        if (left === 0) break
        if (!isGarbage(entry)) continue
        left--
        keys.push(entry.key)
        if (keys.length === deleteKeysMax) await flush()
      }
      await flush()
      return removed
    },
    /** One by one: the oldest must be gone before the next. */
    async removeInOrder(entries: readonly ListEntry[]): Promise<number> {
      const taken = entries.slice(0, left)
      left -= taken.length
      for (const { key } of taken) await store.delete([key])
      return taken.length
    },
  }
}
