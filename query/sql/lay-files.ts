import { SpanlakeError } from '../../src/errors.ts'
import { fixedColumns as c } from '../../src/layout/columns.ts'
import {
  sqlFilesBytesMax,
  sqlLayBytesAtOnce,
  sqlLayGroupsAtOnce,
  storeReadsAtOnce,
} from '../../src/limits.ts'
import { parquetMagic } from '../../src/press/file-footer.ts'
import { type ProjectedFile, projectFile } from '../../src/press/projected-file.ts'
import type { TimeRange } from '../../src/prune/condition.ts'
import type { Runtime } from '../../src/runtime.ts'
import { mapAtOnce } from '../../src/snapshot/map-at-once.ts'
import { restColumns } from '../search/column-paths.ts'
import type { OpenGroup } from '../search/open-file.ts'
import { orTrouble } from '../search/or-trouble.ts'
import { readChunks } from '../search/read-chunks.ts'
import type { ChosenColumns } from './choose-columns.ts'
import type { FileToLay, SqlReading } from './files-to-lay.ts'
import type { RowsLeftOut } from './rows-left-out.ts'
import { fixed, nameInFile, type SourceColumn, sourceId } from './source-column.ts'
import type { SqlSession } from './sql-engine.ts'
import type { Branch } from './view-sql.ts'

/**
 * Lays the columns that a query names down as projected files, one for each file, and tells how to read them. Columns are
 * called by their place among the sources (`c0`, `c1`, …), alike in all files. Throws kind `too-large` before anything
 * is read when that would be more than `sqlFilesBytesMax`; and `MissingObject`.
 */
export async function layFiles(
  files: readonly FileToLay[],
  chosen: ChosenColumns,
  range: TimeRange,
  { session, prefix, ...reading }: LayReading,
): Promise<{ readonly branches: readonly Branch[]; readonly laid: ReadonlyMap<string, string> }> {
  const { troubles, runtime, cost } = reading
  const sources = distinct([...chosen.sources, fixed(c.start), fixed(c.kind), fixed(c.envelope)])
  const places = new Map(sources.map((source, i) => [sourceId(source), `c${i}`]))
  const plans = await mapAtOnce(files, storeReadsAtOnce, (file) =>
    orTrouble(troubles, file.file.key, async () =>
      planOf(file, { sources, places, chosen, range }),
    ),
  )
  const planned = plans.filter((plan) => plan !== undefined)
  checkBytes(planned)
  const laid = await mapAtOnce([...planned.entries()], storeReadsAtOnce, ([i, plan]) =>
    orTrouble(troubles, plan.key, async () => {
      const path = await session.lay(`${prefix}${i}.parquet`, projectedBytes(plan, runtime))
      return { ...plan, path }
    }),
  )
  const found = laid.filter((file) => file !== undefined)
  // At the end: of an attempt that fails, some may still be under way.
  for (const { projected } of found) {
    cost.groupsRead += projected.groups.length
    cost.bytesLaid += projected.bytes
  }
  const keys = new Map(found.map(({ path, key }) => [path, key]))
  return { branches: branchesOf(found, places), laid: keys }
}

export interface LayReading extends Omit<SqlReading, 'snapshot'> {
  readonly session: Pick<SqlSession, 'lay'>
  /** Of the names of the files. */
  readonly prefix: string
}

function distinct(sources: readonly SourceColumn[]): SourceColumn[] {
  return [...new Map(sources.map((source) => [sourceId(source), source])).values()]
}

interface LayPlan {
  readonly key: string
  readonly projected: ProjectedFile
  /** Ids of the sources that it has. */
  readonly has: ReadonlySet<string>
  /** Whether all its spans start in the range. */
  readonly isWithin: boolean
  readonly leftOut: RowsLeftOut | undefined
}

interface Projection {
  readonly sources: readonly SourceColumn[]
  /** What each source is called, by its id. */
  readonly places: ReadonlyMap<string, string>
  readonly chosen: ChosenColumns
  readonly range: TimeRange
}

function planOf(
  { file, groups, columns, leftOut }: FileToLay,
  { sources, places, chosen, range }: Projection,
): LayPlan {
  const isWithin = groups.every(({ starts }) => starts !== undefined && liesIn(starts, range))
  const named = new Set(chosen.sources.map(sourceId))
  const needed = (name: string) => {
    if (name === c.start) return !isWithin
    return name === c.envelope && (leftOut?.envelopes.length ?? 0) > 0
  }
  const { keys } = chosen
  const rest = new Set(
    columns.rest
      .filter((one) => keys.some(({ scope, key }) => scope === one.scope && key === one.key))
      .map(({ scope }): string => restColumns[scope]),
  )
  const isRest = (name: string) => Object.values<string>(restColumns).includes(name)
  const taken = sources.flatMap((source) => {
    const name = nameInFile(source, file.attributes)
    if (name === undefined || !hasValues(name, groups)) return []
    if (isRest(name) && !rest.has(name)) return []
    const id = sourceId(source)
    if (!named.has(id) && !needed(name)) return []
    return [{ id, name, as: places.get(id) ?? id }]
  })
  // A file without columns has no rows either: kinds take the fewest bytes.
  if (taken.length === 0) taken.push({ id: c.kind, name: c.kind, as: places.get(c.kind) ?? c.kind })
  return {
    key: file.key,
    projected: projectFile(file, groups, taken),
    has: new Set(taken.map(({ id }) => id)),
    isWithin,
    leftOut: leftOut && {
      envelopes: leftOut.envelopes,
      rows: numbersIn(leftOut.rows, file.groups, groups),
    },
  }
}

function liesIn(
  { startMinNs, startMaxNs }: NonNullable<OpenGroup['starts']>,
  { fromNs, toNs }: TimeRange,
): boolean {
  return startMinNs >= fromNs && startMaxNs < toNs
}

/** A column that is null in every row is as good as none; lists are never null. */
function hasValues(name: string, groups: readonly OpenGroup[]): boolean {
  return groups.some(({ chunks, rows }) => {
    const chunk = chunks.get(name)
    if (chunk !== undefined) return chunk.known?.nulls !== rows
    return [...chunks.keys()].some((path) => path.startsWith(`${name}.`))
  })
}

/** Numbers of rows in the file as numbers in some of its groups. */
function numbersIn(
  rows: readonly number[],
  all: readonly OpenGroup[],
  some: readonly OpenGroup[],
): number[] {
  const numbers: number[] = []
  let first = 0
  let kept = 0
  for (const group of all) {
    const end = first + group.rows
    if (some.includes(group)) {
      for (const row of rows) if (row >= first && row < end) numbers.push(row - first + kept)
      kept += group.rows
    }
    first = end
  }
  return numbers
}

function checkBytes(plans: readonly LayPlan[]): void {
  const bytes = plans.reduce((sum, { projected }) => sum + projected.bytes, 0)
  if (bytes <= sqlFilesBytesMax) return
  const most = `columns to read must have at most ${sqlFilesBytesMax} bytes`
  const what = 'ask for a shorter range or name fewer columns'
  throw new SpanlakeError('too-large', `${most}, ${what}, got ${bytes} in ${plans.length} files`)
}

async function* projectedBytes(
  { key, projected }: LayPlan,
  runtime: Pick<Runtime, 'store'>,
): AsyncGenerator<Uint8Array> {
  yield parquetMagic
  const { groups } = projected
  for (let from = 0; from < groups.length; ) {
    let [to, bytes] = [from, 0]
    while (to < groups.length && to < from + sqlLayGroupsAtOnce && bytes < sqlLayBytesAtOnce) {
      bytes += groups[to++]?.reduce((sum, place) => sum + place.bytes, 0) ?? 0
    }
    const places = groups
      .slice(from, to)
      .flat()
      .map((place, i) => ({ ...place, path: String(i) }))
    const chunks = await readChunks(key, places, runtime)
    for (const place of places) {
      const chunk = chunks.get(place.path)
      if (chunk?.length !== place.bytes) {
        throw new SpanlakeError('corrupt', `file ends within a column chunk, ${key}`)
      }
      yield chunk
    }
    from = to
  }
  yield projected.end
}

/** Files are read as one, but those that have to be asked for the range or for rows that do not count, apart. */
function branchesOf(
  files: readonly (LayPlan & { readonly path: string })[],
  places: ReadonlyMap<string, string>,
): Branch[] {
  const alike = Map.groupBy(files, ({ isWithin, leftOut }) => `${isWithin} ${!leftOut}`)
  return [...alike.values()].map((some) => {
    const all = new Set(some.flatMap(({ has }) => [...has]))
    return {
      paths: some.map(({ path }) => path),
      ref(source) {
        const id = sourceId(source)
        return all.has(id) ? places.get(id) : undefined
      },
      differ: some.some(({ has }) => has.size < all.size),
      isWithin: some.every(({ isWithin }) => isWithin),
      leftOut: some.flatMap(({ path, leftOut }) => (leftOut ? [{ path, ...leftOut }] : [])),
    }
  })
}
