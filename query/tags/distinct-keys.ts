import { tagGroupsAtOnce } from '../../src/limits.ts'
import { readColumn } from '../../src/parquet/read-column.ts'
import { leavesByPath } from '../../src/press/read-group.ts'
import { mapAtOnce } from '../../src/snapshot/map-at-once.ts'
import { textEntry } from '../search/flat-values.ts'
import type { OpenFile, OpenGroup } from '../search/open-file.ts'
import { readChunks } from '../search/read-chunks.ts'
import type { TagReading } from './tag-reading.ts'

/**
 * The texts of a column in some row groups of a file, and how often each stands there; what was read once is remembered.
 * Throws `MissingObject`.
 */
export async function distinctKeys(
  { file, groups }: { readonly file: OpenFile; readonly groups: readonly OpenGroup[] },
  path: string,
  reading: TagReading,
): Promise<ReadonlyMap<string, number>> {
  const { index } = reading.cache
  const counted = await mapAtOnce(groups, tagGroupsAtOnce, (group) =>
    index.get(`${file.key} ${group.offset} keys of ${path}`, async () => {
      const value = await keysOfGroup(file, group, path, reading)
      const chars = Array.from(value.keys()).reduce((sum, key) => sum + key.length, 0)
      return { value, bytes: 64 + value.size * 64 + 2 * chars }
    }),
  )
  const counts = new Map<string, number>()
  for (const keys of counted) {
    for (const [key, count] of keys) counts.set(key, (counts.get(key) ?? 0) + count)
  }
  return counts
}

async function keysOfGroup(
  file: OpenFile,
  { chunks, rows }: OpenGroup,
  path: string,
  { runtime, cost }: TagReading,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  const [place, leaf] = [chunks.get(path), leavesByPath(file.attributes).get(path)]
  if (place === undefined || leaf === undefined) return counts
  cost.groupsRead++
  const bytes = (await readChunks(file.key, [place], runtime)).get(path)
  if (bytes === undefined) return counts
  const { table, ids, count } = readColumn(bytes, place, leaf, rows, runtime.codec)
  const texts: string[] = []
  for (let i = 0; i < count; i++) {
    const entry = ids?.[i] ?? i
    const text = texts[entry] ?? textEntry(table, entry)
    texts[entry] = text
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  return counts
}
