import { fixedColumns as c } from '../../src/layout/columns.ts'
import { searchTablesHeld } from '../../src/limits.ts'
import { corrupt } from '../../src/parquet/byte-reader.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { ReadCache } from '../../src/snapshot/read-cache.ts'
import type { Field } from '../traceql/ast.ts'
import type { GroupTable } from './group-table.ts'
import { openFile } from './open-file.ts'
import { pathsOf, readColumns } from './read-table.ts'

/** Row groups read by the same columns, those used last kept: traces of one time are often neighbours in a file. */
export interface TableMemory {
  /** The row group at `offset` of a file. Throws `MissingObject`, or kind `corrupt`. */
  get(key: string, offset: number): Promise<GroupTable>
}

export interface TableMemoryOptions {
  readonly isEveryAttribute?: boolean
  readonly tablesMax?: number
}

export function tableMemory(
  fields: readonly Field[],
  runtime: Pick<Runtime, 'store' | 'codec'>,
  cache: ReadCache,
  { isEveryAttribute = false, tablesMax = searchTablesHeld }: TableMemoryOptions = {},
): TableMemory {
  const columns = { fields, also: [c.envelope], isEveryAttribute }
  const held = new Map<string, Promise<GroupTable>>()

  async function read(key: string, offset: number): Promise<GroupTable> {
    const { file, end } = await openFile(key, runtime, cache.index)
    const group = file.groups.find((one) => one.offset === offset)
    if (group === undefined) throw corrupt(`file ${key}`, `must have a row group at ${offset}`)
    const paths = [c.traceId, c.start, ...pathsOf(columns, file)]
    return readColumns(file, group, paths, { runtime, cache }, end)
  }

  return {
    // Within one answer, a table that is on its way is waited for.
    async get(key, offset) {
      const name = `${offset} ${key}`
      const table = held.get(name) ?? read(key, offset)
      held.delete(name)
      held.set(name, table)
      const [oldest] = held.keys()
      if (held.size > tablesMax && oldest !== undefined) held.delete(oldest)
      return table
    },
  }
}
