import type { FileColumns } from '../../src/index/day-list.ts'
import { spanFileKey } from '../../src/layout/keys.ts'
import type { TimeRange } from '../../src/prune/condition.ts'
import { mightOverlap } from '../../src/prune/might-overlap.ts'
import { readDayList } from '../../src/snapshot/read-day-list.ts'
import { orTrouble } from '../search/or-trouble.ts'
import type { TagReading } from './tag-reading.ts'

/** A file that may hold spans of the range. */
export interface TagFile {
  readonly key: string
  readonly rows: number
  /** True bounds of its spans' starts, signed. */
  readonly startMinNs: bigint
  readonly startMaxNs: bigint
  /** Where the day list says them; a fresh file says them itself. */
  readonly columns: FileColumns | undefined
}

/** Fresh files, then those of each day, the newest first: what ends early has seen what is newest. Throws `MissingObject`. */
export async function* tagFiles(
  {
    snapshot: { manifest, files },
    runtime,
    cache,
    troubles,
  }: Pick<TagReading, 'snapshot' | 'runtime' | 'cache' | 'troubles'>,
  range: TimeRange | undefined,
): AsyncGenerator<readonly TagFile[]> {
  const fresh = files.map(({ key, tail: { rows, startMinNs, startMaxNs } }) => {
    return { key, rows, startMinNs, startMaxNs, columns: undefined }
  })
  yield newestFirst(fresh.filter((file) => file.rows > 0 && mightOverlap(file, range)))
  for (const day of newestFirst(manifest.days)) {
    if (!mightOverlap(day, range)) continue
    const list = await orTrouble(troubles, day.name, () =>
      readDayList(manifest, day, runtime, cache.index),
    )
    const within = (list?.files ?? []).filter((file) => mightOverlap(file, range))
    yield newestFirst(
      within.map((file) => ({ ...file, key: spanFileKey({ tenant: manifest.tenant, ...file }) })),
    )
  }
}

function newestFirst<Item extends { readonly startMaxNs: bigint }>(items: readonly Item[]): Item[] {
  return [...items].sort((a, b) =>
    a.startMaxNs === b.startMaxNs ? 0 : a.startMaxNs > b.startMaxNs ? -1 : 1,
  )
}
