import { fixedColumns as c } from '../../src/layout/columns.ts'
import {
  storeReadsAtOnce,
  tagGroupsAtOnce,
  tagValuesBytesMax,
  tagValuesMax,
} from '../../src/limits.ts'
import type { TimeRange } from '../../src/prune/condition.ts'
import { fileFacts } from '../../src/prune/file-facts.ts'
import { mightMatch } from '../../src/prune/might-match.ts'
import { mapAtOnce } from '../../src/snapshot/map-at-once.ts'
import { columnPaths } from '../search/column-paths.ts'
import { groupTable } from '../search/group-table.ts'
import { type FileEnd, type OpenFile, type OpenGroup, openFile } from '../search/open-file.ts'
import { orTrouble } from '../search/or-trouble.ts'
import { pruneGroups } from '../search/prune-groups.ts'
import { pruningCondition } from '../search/pruning-condition.ts'
import { readChunks } from '../search/read-chunks.ts'
import { spanTest } from '../search/span-test.ts'
import type { Field } from '../traceql/ast.ts'
import type { SpanCondition } from '../traceql/conditions.ts'
import { fieldsOfCondition } from '../traceql/fields-of-condition.ts'
import type { SpanTable } from '../traceql/span-table.ts'
import { type DistinctSet, distinctSet, type TagScalar } from './distinct-set.ts'
import { type TagFile, tagFiles } from './tag-files.ts'
import type { TagReading } from './tag-reading.ts'

/** What is asked of each row. */
export interface DistinctScan {
  /** What `read` reads. */
  readonly fields: readonly Field[]
  /** Of which rows. */
  readonly condition: SpanCondition
  readonly read: (table: SpanTable) => RowValues
  /** What the whole of a file says is remembered under this name; the condition and what is read must follow from it. */
  readonly name?: string
}

/** Adds what a row has. */
export type RowValues = (row: number, add: (value: TagScalar) => void) => void

/**
 * The distinct values of rows that start in the range, the newest files first, at most `limit`. Only the columns that
 * tell them are read. Repeats of a span change nothing. Throws `MissingObject`.
 */
export async function distinctValues(
  scan: DistinctScan,
  {
    range,
    limit = tagValuesMax,
  }: { readonly range?: TimeRange | undefined; readonly limit?: number | undefined },
  reading: TagReading,
): Promise<readonly TagScalar[]> {
  const { troubles, isOver } = reading
  const most = Math.min(limit, tagValuesMax)
  const values = distinctSet(most, tagValuesBytesMax)
  const asked = { scan, range, reading }
  for await (const files of tagFiles(reading, range)) {
    await mapAtOnce(files, storeReadsAtOnce, async (file) => {
      if (values.isFull() || isOver()) return
      const found = await orTrouble(troubles, file.key, () => valuesOfFile(file, asked))
      for (const value of found ?? []) values.add(value)
    })
    if (values.isFull() || isOver()) break
  }
  if (values.isFull()) troubles.add(`answer holds as many values as it may, ${values.all().length}`)
  return values.all()
}

interface Asked {
  readonly scan: DistinctScan
  readonly range: TimeRange | undefined
  readonly reading: TagReading
}

/** A file never changes: what it says as a whole is read once. */
async function valuesOfFile(file: TagFile, asked: Asked): Promise<readonly TagScalar[]> {
  const { scan, range, reading } = asked
  const { name } = scan
  if (name === undefined || !isWithin(file, range)) return (await scanFile(file, asked)).values
  return reading.cache.index.get(`${file.key} ${name}`, async () => {
    const { values, bytes, isWhole } = await scanFile(file, asked)
    // What was cut short is asked anew.
    return { value: values, bytes: isWhole ? bytes : Number.POSITIVE_INFINITY }
  })
}

interface FileValues {
  readonly values: readonly TagScalar[]
  readonly bytes: number
  readonly isWhole: boolean
}

async function scanFile(queued: TagFile, { scan, range, reading }: Asked): Promise<FileValues> {
  const { runtime, cache, cost, troubles, isOver } = reading
  const pruning = pruningCondition(scan.condition)
  const nothing = { values: [], bytes: 64, isWhole: true }
  if (queued.columns && !mightMatch(pruning, fileFacts(queued.columns, queued.rows))) return nothing
  cost.filesOpened++
  const { file, end } = await openFile(queued.key, runtime, cache.index)
  if (!mightMatch(pruning, fileFacts(file.columns, file.rows))) return nothing
  const groups = await pruneGroups(file, pruning, range, runtime, end)
  const found = distinctSet(tagValuesMax, tagValuesBytesMax)
  let isWhole = true
  await mapAtOnce(groups, tagGroupsAtOnce, async (group) => {
    const isRead =
      !found.isFull() &&
      !isOver() &&
      (await orTrouble(troubles, queued.key, async () => {
        await scanGroup({ file, group, end }, { scan, range, reading }, found)
        return true
      }))
    if (!isRead) isWhole = false
  })
  return { values: found.all(), bytes: 64 + found.bytes(), isWhole: isWhole && !found.isFull() }
}

async function scanGroup(
  {
    file,
    group,
    end,
  }: { readonly file: OpenFile; readonly group: OpenGroup; readonly end: FileEnd | undefined },
  { scan, range, reading: { runtime, cost } }: Asked,
  found: DistinctSet,
): Promise<void> {
  const { fields, condition, read } = scan
  const isAllInRange = group.starts !== undefined && isWithin(group.starts, range)
  const named = [...fields, ...fieldsOfCondition(condition)].flatMap((field) =>
    columnPaths(field, file),
  )
  const paths = new Set(isAllInRange ? named : [...named, c.start])
  const lists = [...paths].filter((path) => path.endsWith('.'))
  const isNamed = (path: string) => paths.has(path) || lists.some((list) => path.startsWith(list))
  const places = [...group.chunks.values()].filter(({ path }) => isNamed(path))
  cost.groupsRead++
  const chunks = await readChunks(file.key, places, runtime, end)
  const table = groupTable(file, group, chunks, runtime.codec)
  const [isAsked, values] = [spanTest(condition, table), read(table)]
  for (let row = 0; row < group.rows; row++) {
    if (found.isFull()) return
    if (!isAllInRange && !isInRange(table.startNs(row), range)) continue
    if (isAsked(row)) values(row, found.add)
  }
}

function isWithin(
  { startMinNs, startMaxNs }: { readonly startMinNs: bigint; readonly startMaxNs: bigint },
  range: TimeRange | undefined,
): boolean {
  return range === undefined || (startMinNs >= range.fromNs && startMaxNs < range.toNs)
}

function isInRange(startNs: bigint, range: TimeRange | undefined): boolean {
  return range === undefined || (startNs >= range.fromNs && startNs < range.toNs)
}
