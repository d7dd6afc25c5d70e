import { fixedColumns as c } from '../../src/layout/columns.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { Field } from '../traceql/ast.ts'
import { columnPaths } from './column-paths.ts'
import { type GroupTable, groupTable } from './group-table.ts'
import type { FileEnd, OpenFile, OpenGroup } from './open-file.ts'
import { readChunks } from './read-chunks.ts'

export interface TableColumns {
  readonly fields: readonly Field[]
  /** Paths of columns that tell no field. */
  readonly also?: readonly string[]
}

/** Reads a row group by the columns that tell these fields, and trace ids and starts. Throws `MissingObject`. */
export async function readTable(
  file: OpenFile,
  group: OpenGroup,
  { fields, also = [] }: TableColumns,
  runtime: Pick<Runtime, 'store' | 'codec'>,
  end?: FileEnd,
): Promise<GroupTable> {
  const named = fields.flatMap((field) => columnPaths(field, file))
  const paths = new Set<string>([c.traceId, c.start, ...also, ...named])
  const lists = [...paths].filter((path) => path.endsWith('.'))
  const isNamed = (path: string) => paths.has(path) || lists.some((list) => path.startsWith(list))
  const places = [...group.chunks.values()].filter(({ path }) => isNamed(path))
  return groupTable(file, group, await readChunks(file.key, places, runtime, end), runtime.codec)
}
