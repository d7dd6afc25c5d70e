import type { SpanFile } from '../index/day-list.ts'
import { encodeLocatorBucket } from '../index/locator-bucket.ts'
import type { LocatorBucketRef, LocatorSet, Manifest } from '../index/manifest.ts'
import { indexObjectKey, objectName, spanFileKey } from '../layout/keys.ts'
import { locatorBucketEntriesMax, locatorBytes, storeReadsAtOnce } from '../limits.ts'
import type { MergedFile } from '../press/merge-spans.ts'
import { encodeSummaryFile } from '../press/summary-file.ts'
import type { Runtime } from '../runtime.ts'
import { mapAtOnce } from '../snapshot/map-at-once.ts'
import { locatorsOf } from './locators-of.ts'
import { minutesOf } from './minute-partitions.ts'

export interface PutMerged {
  readonly files: readonly SpanFile[]
  /** Undefined when nothing was left to write. */
  readonly locators: Omit<LocatorSet, 'since'> | undefined
  /** What was put, the index included. */
  readonly bytes: number
  readonly indexBytes: number
}

export interface MergedHours {
  /** By partition. */
  readonly hours: readonly { readonly date: string; readonly hour: string }[]
  readonly receivedFromMs: number
  readonly receivedToMs: number
}

/**
 * Puts what a merge made: span files, the summaries beside them, and one set of locators. Nothing names them until a
 * manifest does; their names carry the number of the manifest that the merge started from.
 */
export async function putMerged(
  merged: readonly MergedFile[],
  { hours, receivedFromMs, receivedToMs }: MergedHours,
  base: Manifest,
  runtime: Runtime,
): Promise<PutMerged> {
  const { tenant, region } = base
  const { store, codec, random } = runtime
  const put = async (key: string, body: Uint8Array): Promise<number> => {
    await store.put(key, body, { kind: 'overwrite' })
    return body.length
  }
  let indexBytes = 0
  const files = await mapAtOnce(merged, storeReadsAtOnce, async (file): Promise<SpanFile> => {
    const hour = hours[file.partition] as MergedHours['hours'][number]
    const name = objectName(base.number, random.bytes(8))
    await put(spanFileKey({ tenant, ...hour, name }), file.bytes)
    const summaries = encodeSummaryFile(file.summaries, codec)
    const key = indexObjectKey({ tenant, region, kind: 'summaries', ...hour, name })
    indexBytes += await put(key, summaries.bytes)
    const { rows, traces, startMinNs, startMaxNs, endMaxNs, groups, columns } = file
    return {
      ...hour,
      name,
      bytes: file.bytes.length,
      rows,
      traces,
      startMinNs,
      startMaxNs,
      endMaxNs,
      receivedFromMs,
      receivedToMs,
      ...minutesOf(hour, file.summaries.startNs),
      groups,
      columns,
      summaryBytes: summaries.bytes.length,
    }
  })
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  if (files.length === 0) return { files, locators: undefined, bytes, indexBytes }
  const buckets: LocatorBucketRef[] = []
  const records = locatorsOf(merged)
  const bucketBytes = locatorBucketEntriesMax * locatorBytes
  for (let from = 0; from < records.length; from += bucketBytes) {
    const part = records.subarray(from, from + bucketBytes)
    const { bytes: body, entries, marks } = encodeLocatorBucket(part, files, codec)
    const name = objectName(base.number, random.bytes(8))
    indexBytes += await put(indexObjectKey({ tenant, region, kind: 'locators', name }), body)
    buckets.push({ name, bytes: body.length, entries, marks })
  }
  return {
    files,
    locators: { buckets, dropped: [], files: files.length },
    bytes: bytes + indexBytes,
    indexBytes,
  }
}
