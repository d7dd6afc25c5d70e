import type { CountedAttribute } from '../../src/index/day-list.ts'
import type { AttributeScope } from '../../src/layout/columns.ts'
import { storeReadsAtOnce } from '../../src/limits.ts'
import { readColumn } from '../../src/parquet/read-column.ts'
import { leavesByPath } from '../../src/press/read-group.ts'
import { restMembers } from '../../src/press/rest-members.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { IndexCache } from '../../src/snapshot/index-cache.ts'
import { mapAtOnce } from '../../src/snapshot/map-at-once.ts'
import { restColumns } from '../search/column-paths.ts'
import { textEntry } from '../search/flat-values.ts'
import type { OpenFile, OpenGroup } from '../search/open-file.ts'
import { readChunks } from '../search/read-chunks.ts'
import type { ListedColumns } from './known-keys.ts'

/**
 * The attributes that a file's rows have. One with too many rare keys does not name them: they are read from its rest
 * columns, and remembered. Throws `MissingObject`, kind `corrupt`.
 */
export async function listedColumns(
  { file, groups }: { readonly file: OpenFile; readonly groups: readonly OpenGroup[] },
  runtime: Pick<Runtime, 'store' | 'codec'>,
  cache: IndexCache,
): Promise<ListedColumns> {
  const { own, rest } = file.columns
  if (rest !== 'any') return { own, rest }
  const read = await mapAtOnce(groups, storeReadsAtOnce, (group) =>
    cache.get(`${file.key} ${group.offset} keys in rest`, async () => {
      const value = await keysInRest(file, group, runtime)
      return { value, bytes: value.reduce((sum, { key }) => sum + 128 + 2 * key.length, 64) }
    }),
  )
  return { own, rest: read.flat() }
}

async function keysInRest(
  { key: fileKey, attributes }: OpenFile,
  { chunks, rows }: OpenGroup,
  runtime: Pick<Runtime, 'store' | 'codec'>,
): Promise<CountedAttribute[]> {
  const scopes = Object.entries(restColumns) as [AttributeScope, string][]
  const places = scopes.flatMap(([, path]) => chunks.get(path) ?? [])
  const read = await readChunks(fileKey, places, runtime)
  const leaves = leavesByPath(attributes)
  const found = new Map<string, CountedAttribute>()
  for (const [scope, path] of scopes) {
    const [place, leaf, bytes] = [chunks.get(path), leaves.get(path), read.get(path)]
    if (place === undefined || leaf === undefined || bytes === undefined) continue
    const { table, ids, count } = readColumn(bytes, place, leaf, rows, runtime.codec)
    for (let entry = 0; entry < (ids === undefined ? count : table.entries); entry++) {
      for (const { key, type } of restMembers(textEntry(table, entry))) {
        const id = `${scope} ${type} ${key}`
        found.set(id, { scope, key, type, count: (found.get(id)?.count ?? 0) + 1 })
      }
    }
  }
  return [...found.values()]
}
