import type { FileColumns } from '../../src/index/day-list.ts'
import type { DayListRef } from '../../src/index/manifest.ts'
import { spanFileKey } from '../../src/layout/keys.ts'
import { storeReadsAtOnce } from '../../src/limits.ts'
import type { TimeRange } from '../../src/prune/condition.ts'
import { mightOverlap } from '../../src/prune/might-overlap.ts'
import type { Runtime } from '../../src/runtime.ts'
import { mapAtOnce } from '../../src/snapshot/map-at-once.ts'
import type { ReadCache } from '../../src/snapshot/read-cache.ts'
import { readDayList } from '../../src/snapshot/read-day-list.ts'
import type { FreshFile, Snapshot } from '../../src/snapshot/with-snapshot.ts'
import { orTrouble } from './or-trouble.ts'

/** A file of a snapshot that may hold spans of the range. */
export interface QueuedFile {
  readonly key: string
  readonly rows: number
  /** True bounds of its spans' starts, signed. */
  readonly startMinNs: bigint
  readonly startMaxNs: bigint
  /** Where the day list says them; a fresh file says them itself. */
  readonly columns: FileColumns | undefined
  /** Whether some of its rows may be expired. */
  readonly mightBeExpired: boolean
}

/** Files by their latest start, the newest first: the lists of older days are read when their turn comes. */
export interface FileQueue {
  /** A file or more, up to so many rows and files; none when there are no more. Throws `MissingObject`; a day list that is broken is trouble. */
  take(most: { readonly rows: number; readonly files: number }): Promise<readonly QueuedFile[]>
  /** No file that is left holds a span that starts later; undefined when none is left. */
  latestNs(): bigint | undefined
  /** All files of the snapshot. */
  readonly considered: number
}

export function fileQueue(
  { manifest, files: fresh }: Snapshot,
  range: TimeRange | undefined,
  runtime: Pick<Runtime, 'store' | 'codec'>,
  { cache, troubles }: { readonly cache: ReadCache; readonly troubles: Set<string> },
): FileQueue {
  const considered = manifest.days.reduce((sum, day) => sum + day.files, fresh.length)
  let days = manifest.days
    .filter((day) => mightOverlap(day, range))
    .sort((a, b) => order(a.startMaxNs, b.startMaxNs))
  let files = sorted(
    fresh
      .map((file) => freshFile(file, manifest.expiredMs))
      .filter((file) => file.rows > 0 && mightOverlap(file, range)),
  )

  async function openDays(opened: readonly DayListRef[]): Promise<void> {
    const lists = await mapAtOnce(opened, storeReadsAtOnce, (day) =>
      orTrouble(troubles, day.name, () => readDayList(manifest, day, runtime, cache.index)),
    )
    const added = lists.flatMap((list) =>
      (list?.files ?? [])
        .filter((file) => mightOverlap(file, range))
        .map((file) => ({
          ...file,
          key: spanFileKey({ tenant: manifest.tenant, ...file }),
          mightBeExpired: false,
        })),
    )
    files = sorted([...files, ...added])
  }

  return {
    async take(most) {
      for (;;) {
        const count = countWithin(files, most)
        // A day may hold files that begin as late as it does.
        const bound = files[count - 1]?.startMaxNs
        const isFull = count < files.length || count === most.files
        const due = isFull
          ? days.filter((day) => bound !== undefined && day.startMaxNs > bound)
          : days.slice(0, 1)
        if (due.length === 0) {
          const taken = files.slice(0, count)
          files = files.slice(count)
          return taken
        }
        days = days.filter((day) => !due.includes(day))
        await openDays(due)
      }
    },
    latestNs() {
      const [file, day] = [files[0]?.startMaxNs, days[0]?.startMaxNs]
      if (file === undefined || day === undefined) return file ?? day
      return file > day ? file : day
    },
    considered,
  }
}

function countWithin(
  files: readonly QueuedFile[],
  most: { readonly rows: number; readonly files: number },
): number {
  let rows = 0
  let count = 0
  for (const file of files) {
    rows += file.rows
    if (count > 0 && (rows > most.rows || count >= most.files)) break
    count++
  }
  return count
}

function freshFile({ key, tail }: FreshFile, expiredMs: number): QueuedFile {
  const { rows, startMinNs, startMaxNs } = tail
  const mightBeExpired = tail.contents.receivedFromMs < expiredMs
  return { key, rows, startMinNs, startMaxNs, columns: undefined, mightBeExpired }
}

/** The latest first, then by key, so that the same search reads in the same order. */
function sorted(files: readonly QueuedFile[]): QueuedFile[] {
  return [...files].sort((a, b) => order(a.startMaxNs, b.startMaxNs) || (a.key < b.key ? -1 : 1))
}

function order(a: bigint, b: bigint): number {
  return a === b ? 0 : a > b ? -1 : 1
}
