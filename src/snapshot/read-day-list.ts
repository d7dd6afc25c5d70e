import { SpanlakeError } from '../errors.ts'
import type { DayList } from '../index/day-list.ts'
import { decodeDayList } from '../index/day-list-format.ts'
import type { DayListRef } from '../index/manifest.ts'
import { type IndexRef, indexObjectKey } from '../layout/keys.ts'
import type { Runtime } from '../runtime.ts'
import type { IndexCache } from './index-cache.ts'
import { MissingObject } from './missing-object.ts'

/** The span files of a date. Throws `MissingObject` when the list is gone, kind `corrupt` when it is broken. */
export async function readDayList(
  { tenant, region }: IndexRef,
  { date, name }: Pick<DayListRef, 'date' | 'name'>,
  { store, codec }: Pick<Runtime, 'store' | 'codec'>,
  cache: IndexCache,
): Promise<DayList> {
  const key = indexObjectKey({ tenant, region, kind: 'day', date, name })
  return cache.get(key, async () => {
    const stored = await store.get(key)
    if (stored === undefined) throw new MissingObject(key)
    const list = decodeDayList(stored.body, key, codec)
    if (list.date !== date)
      throw new SpanlakeError('corrupt', `day list must be of ${date}, ${key}`)
    return { value: list, bytes: stored.body.length * 10 }
  })
}
