import type { SpanFile } from '../index/day-list.ts'
import type { Manifest } from '../index/manifest.ts'
import { spanFileKey } from '../layout/keys.ts'
import { spanFileBytesMax } from '../limits.ts'
import { type GroupRead, mergeSpans } from '../press/merge-spans.ts'
import type { Runtime } from '../runtime.ts'
import { commitManifest } from '../snapshot/commit-manifest.ts'
import { MissingObject } from '../snapshot/missing-object.ts'
import type { ReadCache } from '../snapshot/read-cache.ts'
import { changeDays } from './change-days.ts'
import { dropFromLocators } from './drop-from-locators.ts'
import type { MergeReport } from './merge-report.ts'
import { minutePartitions } from './minute-partitions.ts'
import type { SpanMerge } from './plan-spans.ts'
import { putMerged } from './put-merged.ts'
import { runMerge } from './run-merge.ts'

/**
 * Turns small span files of one hour into larger ones, a slice of minutes each where the plan says so. Undefined when
 * another compactor has replaced one of them meanwhile.
 */
export async function mergeSpanFiles(
  base: Manifest,
  { files, cutMinutes }: SpanMerge,
  runtime: Runtime,
  cache: ReadCache,
): Promise<MergeReport | undefined> {
  const { tenant } = base
  // What the commit will read: were a part of it missing, nobody should find that out behind a merge.
  await dropFromLocators(base, files, runtime, cache.index)
  const hour = files[0] as SpanFile
  const { partitions, partitionOf } = minutePartitions(hour, cutMinutes)
  const inputs = files.map(({ groups, columns }) => ({ groups, columns }))
  const merge = mergeSpans(inputs, {
    codec: runtime.codec,
    partitions,
    partitionOf,
    fileBytesMax: spanFileBytesMax,
    hashSeed: new DataView(runtime.random.bytes(4).slice().buffer).getInt32(0),
  })
  const keyOf = (input: number) => spanFileKey({ tenant, ...(files[input] as SpanFile) })
  const read = async ({ input, offset, length }: GroupRead) => {
    const stored = await runtime.store.get(keyOf(input), { offset, length })
    if (stored === undefined) throw new MissingObject(keyOf(input))
    return stored.body
  }
  const result = await runMerge(merge, { inputs, keyOf, read }, runtime.codec)
  const { date, hour: hourName } = hour
  const put = await putMerged(
    result.files,
    {
      hours: Array.from({ length: partitions }, () => ({ date, hour: hourName })),
      receivedFromMs: Math.min(...files.map(({ receivedFromMs }) => receivedFromMs)),
      receivedToMs: Math.max(...files.map(({ receivedToMs }) => receivedToMs)),
    },
    base,
    runtime,
  )
  const committed = await commitManifest(base, runtime, cache.index, async (on) => {
    const change = { added: put.files, removed: files }
    const days = await changeDays(on, change, base.number, runtime, cache.index)
    if (days === undefined) return undefined
    const kept = await dropFromLocators(on, files, runtime, cache.index)
    const locators = put.locators ? [{ ...put.locators, since: on.number + 1 }] : []
    return { ...on, days, locators: [...kept, ...locators] }
  })
  if (committed === undefined) return undefined
  return {
    kind: 'spans',
    filesBefore: files.length,
    filesAfter: put.files.length,
    rowsBefore: files.reduce((sum, { rows }) => sum + rows, 0),
    rowsAfter: put.files.reduce((sum, { rows }) => sum + rows, 0),
    bytesRead: files.reduce((sum, { bytes }) => sum + bytes, 0),
    bytesWritten: put.bytes,
    indexBytesWritten: put.indexBytes,
  }
}
