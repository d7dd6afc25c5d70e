import { fixedColumns as c } from '../../src/layout/columns.ts'
import type { TimeRange } from '../../src/prune/condition.ts'
import { fileFacts } from '../../src/prune/file-facts.ts'
import { mightMatch } from '../../src/prune/might-match.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { ReadCache } from '../../src/snapshot/read-cache.ts'
import type { QueuedFile } from './file-queue.ts'
import { type FileEnd, type OpenFile, type OpenGroup, openFile } from './open-file.ts'
import { pruneGroups } from './prune-groups.ts'
import { openTable, pathsOf } from './read-table.ts'
import { type Piece, scanGroup } from './scan-group.ts'
import type { SearchCost } from './search-answer.ts'
import type { SearchNeeds } from './search-needs.ts'
import { spanTest } from './span-test.ts'

export interface ScanContext {
  /** Row groups that were scanned, and those of them that had a span that is asked for. */
  readonly hits: { groups: number; of: number }
  readonly needs: SearchNeeds
  readonly range: TimeRange | undefined
  readonly runtime: Pick<Runtime, 'store' | 'codec'>
  readonly cache: ReadCache
  readonly cost: SearchCost
}

/** What deciding about groups takes. */
export interface PruneContext extends Omit<ScanContext, 'needs' | 'hits'> {
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
 * The pieces of traces in a row group that may be found: only the columns that the query names are read; ids and starts,
 * which are large, together with them where most row groups have such spans, else once one is there. Throws
 * `MissingObject`, or kind `corrupt`.
 */
export async function scanOne(
  { file, group, end }: GroupToScan,
  { needs, range, runtime, cache, cost, hits }: ScanContext,
): Promise<readonly Piece[]> {
  cost.groupsRead++
  cost.spansScanned += group.rows
  const { table, add } = openTable(file, group, { runtime, cache }, end)
  const isRare = hits.of * 2 < hits.groups
  const asked = pathsOf(needs, file)
  await add(isRare ? asked : [...asked, ...piecePaths])
  hits.groups++
  const isAsked = spanTest(needs.span, table)
  if (isRare) {
    if (!hasRow(group.rows, isAsked)) return []
    await add(piecePaths)
  }
  const pieces = scanGroup(table, group, needs, range)
  if (pieces.length > 0) hits.of++
  return pieces
}

const piecePaths = [c.traceId, c.start]

function hasRow(rows: number, isAsked: (row: number) => boolean): boolean {
  for (let row = 0; row < rows; row++) if (isAsked(row)) return true
  return false
}
