import { tagGroupsAtOnce } from '../../src/limits.ts'
import { readColumn } from '../../src/parquet/read-column.ts'
import { leavesByPath } from '../../src/press/read-group.ts'
import { mapAtOnce } from '../../src/snapshot/map-at-once.ts'
import { textEntry } from '../search/flat-values.ts'
import type { OpenFile, OpenGroup } from '../search/open-file.ts'
import { readChunks } from '../search/read-chunks.ts'
import type { TagReading } from './tag-reading.ts'

/** The texts of a column in some row groups of a file, and how often each stands there. Throws `MissingObject`. */
export async function distinctKeys(
  { file, groups }: { readonly file: OpenFile; readonly groups: readonly OpenGroup[] },
  path: string,
  { runtime, cost }: TagReading,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  const leaf = leavesByPath(file.attributes).get(path)
  await mapAtOnce(groups, tagGroupsAtOnce, async ({ chunks, rows }) => {
    const place = chunks.get(path)
    if (place === undefined || leaf === undefined || place.known?.nulls === place.values) return
    cost.groupsRead++
    const bytes = (await readChunks(file.key, [place], runtime)).get(path)
    if (bytes === undefined) return
    const { table, ids, count } = readColumn(bytes, place, leaf, rows, runtime.codec)
    const texts: string[] = []
    for (let i = 0; i < count; i++) {
      const entry = ids?.[i] ?? i
      texts[entry] ??= textEntry(table, entry)
      const text = texts[entry]
      counts.set(text, (counts.get(text) ?? 0) + 1)
    }
  })
  return counts
}
