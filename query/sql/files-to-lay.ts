import { SpanlakeError } from '../../src/errors.ts'
import { sqlFilesMax, storeReadsAtOnce } from '../../src/limits.ts'
import type { TimeRange } from '../../src/prune/condition.ts'
import { mightOverlap } from '../../src/prune/might-overlap.ts'
import type { Runtime } from '../../src/runtime.ts'
import { mapAtOnce } from '../../src/snapshot/map-at-once.ts'
import type { ReadCache } from '../../src/snapshot/read-cache.ts'
import type { Snapshot } from '../../src/snapshot/with-snapshot.ts'
import { type OpenFile, type OpenGroup, openFile } from '../search/open-file.ts'
import { orTrouble } from '../search/or-trouble.ts'
import { tagFiles } from '../tags/tag-files.ts'
import type { ListedColumns } from './known-keys.ts'
import { listedColumns } from './listed-columns.ts'
import { type RowsLeftOut, rowsLeftOut } from './rows-left-out.ts'
import type { SqlCost } from './sql-cost.ts'

/** A file with spans of the range, and its row groups that may hold them. */
export interface FileToLay {
  readonly file: OpenFile
  readonly groups: readonly OpenGroup[]
  readonly columns: ListedColumns
  readonly leftOut: RowsLeftOut | undefined
}

export interface SqlReading {
  readonly snapshot: Snapshot
  readonly runtime: Runtime
  readonly cache: ReadCache
  readonly cost: SqlCost
  /** Why rows may be missing. */
  readonly troubles: Set<string>
}

/**
 * The files that a query over this range reads. Throws kind `too-large` for more than `sqlFilesMax` of them, and
 * `MissingObject`.
 */
export async function filesToLay(
  range: TimeRange,
  reading: SqlReading,
): Promise<readonly FileToLay[]> {
  const { snapshot, runtime, cache, cost, troubles } = reading
  const keys: string[] = []
  for await (const files of tagFiles(reading, range)) {
    keys.push(...files.map(({ key }) => key))
    if (keys.length > sqlFilesMax) {
      const most = `files in the range must be at most ${sqlFilesMax}`
      throw new SpanlakeError('too-large', `${most}, ask for a shorter range`)
    }
  }
  const asked = new Set(keys)
  const leftOut = await rowsLeftOut(snapshot, (key) => asked.has(key), runtime, cache)
  const envelopes = new Map(
    snapshot.files.map(({ key, tail }) => [key, tail.contents.envelopes.length]),
  )
  // Files of which no row counts are not opened.
  const counting = keys.filter(
    (key) => leftOut.get(key)?.envelopes.length !== (envelopes.get(key) ?? -1),
  )
  const opened = await mapAtOnce(counting, storeReadsAtOnce, (key) =>
    orTrouble(troubles, key, async () => {
      const { file } = await openFile(key, runtime, cache.index)
      cost.filesRead++
      cost.groupsConsidered += file.groups.length
      const isWithin = ({ starts }: OpenGroup) => !starts || mightOverlap(starts, range)
      const groups = file.groups.filter(isWithin)
      const columns = await listedColumns({ file, groups }, runtime, cache.index)
      return { file, groups, columns, leftOut: leftOut.get(key) }
    }),
  )
  return opened.filter((file) => file !== undefined).filter(({ groups }) => groups.length > 0)
}
