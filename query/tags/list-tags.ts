import type { FileColumns } from '../../src/index/day-list.ts'
import { fixedColumns as c, nestedColumns as n } from '../../src/layout/columns.ts'
import { storeReadsAtOnce, tagListedGroupsMax, tagValuesMax } from '../../src/limits.ts'
import type { Condition, TimeRange } from '../../src/prune/condition.ts'
import { fileFacts } from '../../src/prune/file-facts.ts'
import { mightMatch } from '../../src/prune/might-match.ts'
import { mightOverlap } from '../../src/prune/might-overlap.ts'
import type { Runtime } from '../../src/runtime.ts'
import { mapAtOnce } from '../../src/snapshot/map-at-once.ts'
import type { ReadCache } from '../../src/snapshot/read-cache.ts'
import { type OpenFile, type OpenGroup, openFile } from '../search/open-file.ts'
import { orTrouble } from '../search/or-trouble.ts'
import { pruneGroups } from '../search/prune-groups.ts'
import { pruningCondition } from '../search/pruning-condition.ts'
import { necessaryConditions } from '../traceql/conditions.ts'
import { halfTypedFilter } from '../traceql/half-typed-filter.ts'
import { distinctKeys } from './distinct-keys.ts'
import { type TagFile, tagFiles } from './tag-files.ts'
import { readTags, type TagAnswer, type TagReading } from './tag-reading.ts'

export type TagScope = (typeof tagScopes)[number]

export const tagScopes = ['resource', 'span', 'instrumentation', 'event', 'link'] as const

export interface ListTagsOptions {
  /** Default: all. */
  readonly scopes?: readonly TagScope[]
  /** Only of row groups that may hold spans of this TraceQL filter; it may be half typed (`halfTypedFilter`). */
  readonly q?: string
  /** Only of files, and with `q`, of events and of links of row groups, that may hold spans which start within. */
  readonly range?: TimeRange
  /** Of each scope: the most frequent. */
  readonly limit?: number
  /** The client is gone. */
  readonly signal?: AbortSignal
}

/** Attribute keys of one scope, those of most rows first. */
export interface ScopeTags {
  readonly scope: TagScope
  readonly keys: readonly string[]
}

/**
 * The attribute keys that spans have. What files say of their columns tells them, and no span is read; keys that are too
 * rare and too many for a file to name are not listed. Keys of events and links stand in no such list: they are read
 * from the key columns of the newest row groups.
 */
export async function listTags(
  tenant: string,
  { scopes = tagScopes, q = '', range, limit = tagValuesMax, signal }: ListTagsOptions,
  runtime: Runtime,
  cache: ReadCache,
): Promise<TagAnswer<readonly ScopeTags[]>> {
  const filter = halfTypedFilter(q)
  const condition =
    filter && pruningCondition(necessaryConditions([{ kind: 'filter', condition: filter }]).found)
  return readTags(tenant, signal, { runtime, cache }, async (reading) => {
    const counts = new Map(scopes.map((scope) => [scope, new Map<string, number>()]))
    const add = (scope: TagScope, key: string, rows: number) => {
      const keys = counts.get(scope)
      if (keys !== undefined && (keys.size < tagValuesMax || keys.has(key)))
        keys.set(key, (keys.get(key) ?? 0) + rows)
    }
    await addKeys({ condition, range, scopes, add }, reading)
    return Array.from(counts, ([scope, keys]) => ({ scope, keys: mostFrequent(keys, limit) }))
  })
}

function mostFrequent(keys: ReadonlyMap<string, number>, limit: number): string[] {
  return [...keys]
    .sort(([a, rows], [b, otherRows]) => otherRows - rows || (a < b ? -1 : 1))
    .slice(0, limit)
    .map(([key]) => key)
}

interface Listing {
  readonly condition: Condition | undefined
  readonly range: TimeRange | undefined
  readonly scopes: readonly TagScope[]
  readonly add: (scope: TagScope, key: string, rows: number) => void
}

async function addKeys(listing: Listing, reading: TagReading): Promise<void> {
  const { condition, range, scopes } = listing
  const { troubles, isOver } = reading
  const isOfColumns = scopes.some((scope) => scope !== 'event' && scope !== 'link')
  const lists = scopes.filter((scope) => scope === 'event' || scope === 'link')
  let groupsLeft = lists.length > 0 ? tagListedGroupsMax : 0
  for await (const files of tagFiles(reading, range)) {
    await mapAtOnce(files, storeReadsAtOnce, async (queued) => {
      if (isOver()) return
      await orTrouble(troubles, queued.key, async () => {
        if (groupsLeft <= 0 && condition === undefined && queued.columns) {
          return addColumns(queued.columns, listing)
        }
        if (groupsLeft <= 0 && !isOfColumns) return
        const opened = await matching(queued, listing, reading)
        if (opened === undefined) return
        addColumns(columnsIn(opened, condition !== undefined), listing)
        const groups = opened.groups.slice(0, Math.max(0, groupsLeft))
        groupsLeft -= groups.length
        for (const scope of lists) {
          const path = keyPaths[scope]
          const keys = await distinctKeys({ ...opened, groups }, path, reading)
          for (const [key, count] of keys) listing.add(scope, key, count)
        }
      })
    })
    if (isOver()) return
  }
}

const keyPaths = {
  event: `${c.events}.list.element.${n.attributes}.list.element.${n.key}`,
  link: `${c.links}.list.element.${n.attributes}.list.element.${n.key}`,
} as const

interface MatchingFile {
  readonly file: OpenFile
  readonly groups: readonly OpenGroup[]
}

/** The row groups of a file that may hold what is asked for; undefined when there are none. */
async function matching(
  { key, columns, rows }: TagFile,
  { condition, range }: Listing,
  { runtime, cache, cost }: TagReading,
): Promise<MatchingFile | undefined> {
  if (condition && columns && !mightMatch(condition, fileFacts(columns, rows))) return undefined
  cost.filesOpened++
  const { file, end } = await openFile(key, runtime, cache.index)
  if (condition === undefined) {
    const isAsked = ({ starts }: OpenGroup) => starts === undefined || mightOverlap(starts, range)
    return { file, groups: file.groups.filter(isAsked) }
  }
  if (!mightMatch(condition, fileFacts(file.columns, file.rows))) return undefined
  const groups = await pruneGroups(file, condition, range, runtime, end)
  return groups.length === 0 ? undefined : { file, groups }
}

/** Of some row groups: columns that have values in none of them are left out. */
function columnsIn({ file, groups }: MatchingFile, isPruned: boolean): FileColumns {
  const { columns, attributes } = file
  if (!isPruned) return columns
  const own = columns.own.filter(({ scope, key, type }) => {
    const is = (one: (typeof attributes)[number]) =>
      one.scope === scope && one.key === key && one.type === type
    const path = attributes.find(is)?.name
    return groups.some(({ chunks, rows }) => {
      const chunk = path === undefined ? undefined : chunks.get(path)
      return chunk !== undefined && chunk.known?.nulls !== rows
    })
  })
  return { own, rest: columns.rest }
}

function addColumns({ own, rest }: FileColumns, { add }: Listing): void {
  for (const { scope, key, count } of [...own, ...(rest === 'any' ? [] : rest)]) {
    add(scope === 'scope' ? 'instrumentation' : scope, key, count)
  }
}
