import { bucketsFor, findLocators, searchFor } from '../index/find-locators.ts'
import {
  type BlockRange,
  blockBytesRange,
  decodeFileList,
  decodeLocatorBlocks,
  fileListRange,
  type SpanFileName,
} from '../index/locator-bucket.ts'
import type { Locator, LocatorRecords } from '../index/locator-records.ts'
import type { LocatorBucketRef, LocatorSet, Manifest } from '../index/manifest.ts'
import { type IndexRef, indexObjectKey, spanFileKey } from '../layout/keys.ts'
import { storeReadsAtOnce } from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import type { IndexCache } from './index-cache.ts'
import { mapAtOnce } from './map-at-once.ts'
import { MissingObject } from './missing-object.ts'

/** Rows of a trace in one row group of a span file. */
export interface LocatedRows {
  readonly key: string
  /** The row group. */
  readonly offset: number
  readonly bytes: number
  /** Within the row group, [from, to). */
  readonly from: number
  readonly to: number
}

/**
 * Where a manifest's span files hold a trace: one read of 16 KiB a locator set, a second where ids are not evenly
 * spread, and one more for the names of files where something is found; none where the set's ids do not enclose it.
 * Throws `MissingObject` when a part of the index is gone, kind `corrupt` when one is broken.
 */
export async function locateTrace(
  manifest: Manifest,
  traceId: Uint8Array,
  runtime: Pick<Runtime, 'store' | 'codec'>,
  cache: IndexCache,
): Promise<LocatedRows[]> {
  const found = await mapAtOnce(manifest.locators, storeReadsAtOnce, async (set) => {
    const live = await searchSet(manifest, set, traceId, runtime)
    if (live.length === 0) return []
    const files = await readLocatorFiles(manifest, set, runtime, cache)
    return live.map(({ file, offset, bytes, firstRow, rows }) => ({
      key: spanFileKey({ tenant: manifest.tenant, ...(files[file] as SpanFileName) }),
      offset,
      bytes,
      from: firstRow,
      to: firstRow + rows,
    }))
  })
  return found.flat()
}

/**
 * Names of the span files that hold rows of a trace, of those sets alone that point into a file of `among` (names).
 * Throws as `locateTrace`.
 */
export async function locateFiles(
  manifest: Manifest,
  traceId: Uint8Array,
  among: ReadonlySet<string>,
  runtime: Pick<Runtime, 'store' | 'codec'>,
  cache: IndexCache,
): Promise<ReadonlySet<string>> {
  const found = await mapAtOnce(manifest.locators, storeReadsAtOnce, async (set) => {
    const files = await readLocatorFiles(manifest, set, runtime, cache)
    if (!files.some(({ name }) => among.has(name))) return []
    const live = await searchSet(manifest, set, traceId, runtime)
    return live.flatMap(({ file }) => files[file]?.name ?? [])
  })
  return new Set(found.flat())
}

/** The set's locators of a trace that point into files which are still live. */
async function searchSet(
  index: IndexRef,
  { buckets, dropped }: LocatorSet,
  traceId: Uint8Array,
  runtime: Pick<Runtime, 'store'>,
): Promise<Locator[]> {
  const locators: Locator[] = []
  for (const bucket of bucketsFor(buckets, traceId)) {
    locators.push(...(await searchBucket(index, bucket, traceId, runtime)))
  }
  const gone = new Set(dropped)
  return locators.filter(({ file }) => !gone.has(file))
}

async function searchBucket(
  index: IndexRef,
  bucket: LocatorBucketRef,
  traceId: Uint8Array,
  runtime: Pick<Runtime, 'store'>,
): Promise<Locator[]> {
  const search = searchFor(bucket, traceId)
  for (const range of [search.first, search.whole]) {
    const records = await readLocatorBlocks(index, bucket, range, runtime)
    const locators = findLocators(records, range, search, traceId)
    if (locators) return locators
  }
  return []
}

/** Throws `MissingObject`, or kind `corrupt`. */
export async function readLocatorBlocks(
  { tenant, region }: IndexRef,
  { name, entries }: LocatorBucketRef,
  range: BlockRange,
  { store }: Pick<Runtime, 'store'>,
): Promise<LocatorRecords> {
  const key = indexObjectKey({ tenant, region, kind: 'locators', name })
  const stored = await store.get(key, blockBytesRange(range, entries))
  if (stored === undefined) throw new MissingObject(key)
  const known = decodedBlocks.get(stored.body)
  const records = known ?? decodeLocatorBlocks(stored.body, range, entries, `locators ${key}`)
  if (known === undefined) decodedBlocks.set(stored.body, records)
  return records
}

/** Of blocks that somebody still holds: who asks for trace after trace remembers what it read (`rangeMemory`). */
const decodedBlocks = new WeakMap<Uint8Array, LocatorRecords>()

/** The span files that a set's locators point into, by number. */
export async function readLocatorFiles(
  { tenant, region }: IndexRef,
  { buckets }: LocatorSet,
  { store, codec }: Pick<Runtime, 'store' | 'codec'>,
  cache: IndexCache,
): Promise<readonly SpanFileName[]> {
  const [bucket] = buckets as readonly [LocatorBucketRef]
  const key = indexObjectKey({ tenant, region, kind: 'locators', name: bucket.name })
  return cache.get(`${key} files`, async () => {
    const stored = await store.get(key, fileListRange(bucket))
    if (stored === undefined) throw new MissingObject(key)
    const files = decodeFileList(stored.body, `locators ${key}`, codec)
    return { value: files, bytes: files.length * 200 }
  })
}
