import { fixedColumns as c } from '../../src/layout/columns.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { Field } from '../traceql/ast.ts'
import { columnPaths, restColumns } from './column-paths.ts'
import { type GroupTable, groupTable } from './group-table.ts'
import type { FileEnd, OpenFile, OpenGroup } from './open-file.ts'
import { readChunks } from './read-chunks.ts'

export interface TableColumns {
  readonly fields: readonly Field[]
  /** Paths of columns that tell no field. */
  readonly also?: readonly string[]
  /** All attributes of spans, resources and scopes. */
  readonly isEveryAttribute?: boolean
}

/** Reads a row group by the columns that tell these fields, and trace ids and starts. Throws `MissingObject`. */
export async function readTable(
  file: OpenFile,
  group: OpenGroup,
  columns: TableColumns,
  runtime: Pick<Runtime, 'store' | 'codec'>,
  end?: FileEnd,
): Promise<GroupTable> {
  const paths = [c.traceId, c.start, ...pathsOf(columns, file)]
  return readColumns(file, group, paths, runtime, end)
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
  runtime: Pick<Runtime, 'store' | 'codec'>,
  end?: FileEnd,
): Promise<GroupTable> {
  const paths = new Set(named)
  const lists = [...paths].filter((path) => path.endsWith('.'))
  const isNamed = (path: string) => paths.has(path) || lists.some((list) => path.startsWith(list))
  const places = [...group.chunks.values()].filter(({ path }) => isNamed(path))
  return groupTable(file, group, await readChunks(file.key, places, runtime, end), runtime.codec)
}
