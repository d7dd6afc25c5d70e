import { fixedColumns as c } from '../../src/layout/columns.ts'
import type { TimeRange } from '../../src/prune/condition.ts'
import { fileFacts } from '../../src/prune/file-facts.ts'
import { mightMatch } from '../../src/prune/might-match.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { ReadCache } from '../../src/snapshot/read-cache.ts'
import { columnPaths } from './column-paths.ts'
import type { QueuedFile } from './file-queue.ts'
import { groupTable } from './group-table.ts'
import { type FileEnd, type OpenFile, type OpenGroup, openFile } from './open-file.ts'
import { pruneGroups } from './prune-groups.ts'
import { readChunks } from './read-chunks.ts'
import { type Piece, scanGroup } from './scan-group.ts'
import type { SearchCost } from './search-answer.ts'
import type { SearchNeeds } from './search-needs.ts'

export interface ScanContext {
  readonly needs: SearchNeeds
  readonly range: TimeRange | undefined
  readonly runtime: Pick<Runtime, 'store' | 'codec'>
  readonly cache: ReadCache
  readonly cost: SearchCost
  /** True once the search must end, with what it has. */
  readonly isOver: () => boolean
}

/**
 * The pieces of traces in a file that may be found, row group by row group: of each, only the columns that the query
 * names are read. Throws `MissingObject`, or kind `corrupt`.
 */
export async function scanFile(
  queued: QueuedFile,
  context: ScanContext,
  found: (pieces: readonly Piece[]) => void,
): Promise<void> {
  const { needs, range, runtime, cache, cost } = context
  if (queued.columns && !mightMatch(needs.pruning, fileFacts(queued.columns, queued.rows))) return
  const { file, end } = await openFile(queued.key, runtime, cache.index)
  cost.filesRead++
  cost.groupsConsidered += file.groups.length
  if (!mightMatch(needs.pruning, fileFacts(file.columns, file.rows))) return
  for (const group of await pruneGroups(file, needs.pruning, range, runtime, end)) {
    if (context.isOver()) return
    cost.groupsRead++
    cost.spansScanned += group.rows
    const table = await readTable(file, group, context, end)
    found(scanGroup(table, group, needs, range))
  }
}

async function readTable(
  file: OpenFile,
  group: OpenGroup,
  { needs, runtime }: ScanContext,
  end: FileEnd | undefined,
) {
  const named = needs.fields.flatMap((field) => columnPaths(field, file))
  const paths = new Set([c.traceId, c.start, ...named])
  const isNamed = (path: string) =>
    paths.has(path) || [...paths].some((one) => one.endsWith('.') && path.startsWith(one))
  const places = [...group.chunks.values()].filter(({ path }) => isNamed(path))
  return groupTable(file, group, await readChunks(file.key, places, runtime, end), runtime.codec)
}
