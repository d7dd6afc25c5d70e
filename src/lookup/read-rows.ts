import { SpanlakeError } from '../errors.ts'
import { decodeRowGroup, type ReadSpan } from '../press/read-spans.ts'
import type { Runtime } from '../runtime.ts'
import { MissingObject } from '../snapshot/missing-object.ts'
import type { FreshFile } from '../snapshot/with-snapshot.ts'

/** Rows [from, to) of a fresh file, one ranged read for each row group that holds some. */
export async function readRows(
  { key, tail }: FreshFile,
  rows: { readonly from: number; readonly to: number },
  { store, codec }: Pick<Runtime, 'store' | 'codec'>,
): Promise<ReadSpan[]> {
  const groups = tail.rowGroups.filter(
    ({ firstRow, rows: count }) => firstRow < rows.to && rows.from < firstRow + count,
  )
  const read = groups.map(async (group) => {
    const stored = await store.get(key, { offset: group.offset, length: group.bytes })
    if (stored === undefined) throw new MissingObject(key)
    const from = Math.max(0, rows.from - group.firstRow)
    const to = Math.min(group.rows, rows.to - group.firstRow)
    try {
      return decodeRowGroup(stored.body, group, { from, to }, codec)
    } catch (cause) {
      const why = (cause as Error).message
      throw new SpanlakeError('corrupt', `fresh file is broken, ${key}: ${why}`, { cause })
    }
  })
  return (await Promise.all(read)).flat()
}
