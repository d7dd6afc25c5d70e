import type { Runtime } from '../../src/runtime.ts'
import type { ReadCache } from '../../src/snapshot/read-cache.ts'
import type { Field } from '../traceql/ast.ts'
import { columnPaths, restColumns } from './column-paths.ts'
import { type Chunk, type GroupTable, groupTable } from './group-table.ts'
import type { FileEnd, OpenFile, OpenGroup } from './open-file.ts'
import { readChunks } from './read-chunks.ts'

export interface TableColumns {
  readonly fields: readonly Field[]
  /** Paths of columns that tell no field. */
  readonly also?: readonly string[]
  /** All attributes of spans, resources and scopes. */
  readonly isEveryAttribute?: boolean
}

/** What reading columns takes. */
export interface ColumnReading {
  readonly runtime: Pick<Runtime, 'store' | 'codec'>
  readonly cache: Pick<ReadCache, 'columns'>
}

/** A row group of which some columns are there to be asked for, and more can be added. */
export interface OpenTable {
  readonly table: GroupTable
  /** Reads the columns of these paths too, before they are asked for. Throws `MissingObject`. */
  add(named: readonly string[]): Promise<void>
}

/** The paths of the columns; what ends with a dot is all that begins so. */
export function pathsOf(
  { fields, also = [], isEveryAttribute = false }: TableColumns,
  file: OpenFile,
): readonly string[] {
  const named = fields.flatMap((field) => columnPaths(field, file))
  const every = isEveryAttribute
    ? [...file.attributes.map(({ name }) => name), ...Object.values(restColumns)]
    : []
  return [...also, ...named, ...every]
}

/** Reads a row group by these columns alone. Throws `MissingObject`. */
export async function readColumns(
  file: OpenFile,
  group: OpenGroup,
  named: readonly string[],
  reading: ColumnReading,
  end?: FileEnd,
): Promise<GroupTable> {
  const { table, add } = openTable(file, group, reading, end)
  await add(named)
  return table
}

/** A row group of which nothing is read yet. Chunks that are remembered are not read again. */
export function openTable(
  file: OpenFile,
  group: OpenGroup,
  { runtime, cache: { columns } }: ColumnReading,
  end?: FileEnd,
): OpenTable {
  const chunks = new Map<string, Chunk>()
  return {
    table: groupTable(file, group, chunks, runtime.codec, columns),
    async add(named) {
      const paths = new Set(named)
      const lists = [...paths].filter((path) => path.endsWith('.'))
      const missing = [...group.chunks.values()].filter(({ path, offset }) => {
        const isNamed = paths.has(path) || lists.some((list) => path.startsWith(list))
        if (!isNamed || chunks.has(path)) return false
        const known = columns.get(file.key, offset)
        if (known !== undefined) chunks.set(path, known)
        return known === undefined
      })
      const read = await readChunks(file.key, missing, runtime, end)
      for (const [path, bytes] of read) chunks.set(path, bytes)
    },
  }
}
