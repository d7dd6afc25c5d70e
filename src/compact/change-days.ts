import type { DayList, SpanFile } from '../index/day-list.ts'
import { encodeDayList } from '../index/day-list-format.ts'
import type { DayListRef, Manifest } from '../index/manifest.ts'
import { indexObjectKey, objectName } from '../layout/keys.ts'
import type { Runtime } from '../runtime.ts'
import type { IndexCache } from '../snapshot/index-cache.ts'
import { readDayList } from '../snapshot/read-day-list.ts'

/** What a commit does to the span files of a manifest. */
export interface FileChange {
  readonly added: readonly SpanFile[]
  readonly removed: readonly SpanFile[]
}

/**
 * Writes the day lists that a change touches anew, on top of the manifest given, and returns all of its day lists; made
 * again for each manifest that the commit is tried on, or the winner's files would be in none (protocol V3). Undefined
 * when a file that is to go is not there any more. `base` names the objects.
 */
export async function changeDays(
  on: Manifest,
  { added, removed }: FileChange,
  base: number,
  runtime: Runtime,
  cache: IndexCache,
): Promise<readonly DayListRef[] | undefined> {
  const { tenant, region } = on
  const index = { tenant, region }
  const days = new Map(on.days.map((day) => [day.date, day]))
  for (const date of new Set([...added, ...removed].map((file) => file.date))) {
    const ref = days.get(date)
    const before = ref ? (await readDayList(index, ref, runtime, cache)).files : []
    const goes = new Set(removed.filter((file) => file.date === date).map(({ name }) => name))
    const stays = before.filter(({ name }) => !goes.has(name))
    if (stays.length !== before.length - goes.size) return undefined
    const files = [...stays, ...added.filter((file) => file.date === date)].sort(byHourAndName)
    if (files.length === 0) days.delete(date)
    else days.set(date, await putDayList({ date, files }, on, base, runtime))
  }
  return [...days.values()].sort((a, b) => (a.date < b.date ? -1 : 1))
}

function byHourAndName(a: SpanFile, b: SpanFile): number {
  if (a.hour !== b.hour) return a.hour < b.hour ? -1 : 1
  return a.name < b.name ? -1 : 1
}

async function putDayList(
  list: DayList,
  { tenant, region }: Manifest,
  base: number,
  { store, codec, random }: Runtime,
): Promise<DayListRef> {
  const { date, files } = list
  const name = objectName(base, random.bytes(8))
  const key = indexObjectKey({ tenant, region, kind: 'day', date, name })
  await store.put(key, encodeDayList(list, codec), { kind: 'overwrite' })
  return {
    date,
    name,
    files: files.length,
    spanFileBytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    startMinNs: files.map(({ startMinNs }) => startMinNs).reduce((a, b) => (a < b ? a : b)),
    startMaxNs: files.map(({ startMaxNs }) => startMaxNs).reduce((a, b) => (a > b ? a : b)),
    receivedToMinMs: files.reduce(
      (least, file) => Math.min(least, file.receivedToMs),
      Number.MAX_SAFE_INTEGER,
    ),
  }
}
