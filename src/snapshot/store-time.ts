import { SpanlakeError } from '../errors.ts'
import { type IndexRef, storeTimeKey } from '../layout/keys.ts'
import type { Runtime } from '../runtime.ts'

/**
 * The store's own time in ms since 1970: what it says of an object written just now. Workers' clocks differ and step;
 * whatever deletes goes by this one.
 */
export async function storeTime(
  index: IndexRef,
  { store }: Pick<Runtime, 'store'>,
): Promise<number> {
  const key = storeTimeKey(index)
  await store.put(key, new Uint8Array(0), { kind: 'overwrite' })
  const { entries } = await store.list(key)
  const entry = entries.find((found) => found.key === key)
  if (entry === undefined)
    throw new SpanlakeError('unavailable', `store must list what was written, ${key}`)
  return entry.modifiedMs
}
