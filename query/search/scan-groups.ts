import type { TimeRange } from '../../src/prune/condition.ts'
import { fileFacts } from '../../src/prune/file-facts.ts'
import { mightMatch } from '../../src/prune/might-match.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { ReadCache } from '../../src/snapshot/read-cache.ts'
import type { QueuedFile } from './file-queue.ts'
import { type FileEnd, type OpenFile, type OpenGroup, openFile } from './open-file.ts'
import { pruneGroups } from './prune-groups.ts'
import { readTable } from './read-table.ts'
import { type Piece, scanGroup } from './scan-group.ts'
import type { SearchCost } from './search-answer.ts'
import type { SearchNeeds } from './search-needs.ts'

export interface ScanContext {
  readonly needs: SearchNeeds
  readonly range: TimeRange | undefined
  readonly runtime: Pick<Runtime, 'store' | 'codec'>
  readonly cache: ReadCache
  readonly cost: SearchCost
}

/** What deciding about groups takes. */
export interface PruneContext extends Omit<ScanContext, 'needs'> {
  readonly needs: Pick<SearchNeeds, 'pruning'>
}

/** A row group that may hold spans which the query finds. */
export interface GroupToScan {
  readonly queued: QueuedFile
  readonly file: OpenFile
  readonly group: OpenGroup
  readonly end: FileEnd | undefined
}

/** The row groups of a file that have to be scanned. Throws `MissingObject`, or kind `corrupt`. */
export async function groupsToScan(
  queued: QueuedFile,
  { needs, range, runtime, cache, cost }: PruneContext,
): Promise<readonly GroupToScan[]> {
  if (queued.columns && !mightMatch(needs.pruning, fileFacts(queued.columns, queued.rows)))
    return []
  const { file, end } = await openFile(queued.key, runtime, cache.index)
  cost.filesRead++
  cost.groupsConsidered += file.groups.length
  if (!mightMatch(needs.pruning, fileFacts(file.columns, file.rows))) return []
  const groups = await pruneGroups(file, needs.pruning, range, runtime, end)
  return groups.map((group) => ({ queued, file, group, end }))
}

/**
 * The pieces of traces in a row group that may be found: only the columns that the query names are read. Throws
 * `MissingObject`, or kind `corrupt`.
 */
export async function scanOne(
  { file, group, end }: GroupToScan,
  { needs, range, runtime, cost }: ScanContext,
): Promise<readonly Piece[]> {
  cost.groupsRead++
  cost.spansScanned += group.rows
  const table = await readTable(file, group, needs, runtime, end)
  return scanGroup(table, group, needs, range)
}
