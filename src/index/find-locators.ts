import {
  locatorBlockEntries,
  locatorBlocksRead,
  locatorBytes,
  locatorMarkEntries,
} from '../limits.ts'
import { type BlockRange, blocksOf } from './locator-bucket.ts'
import { compareId, type Locator, type LocatorRecords, readLocator } from './locator-records.ts'
import type { LocatorBucketRef } from './manifest.ts'

type Bucket = Pick<LocatorBucketRef, 'entries' | 'marks'>

/** The buckets of a set that may hold an id's locators: nearly always one; two where they lie across a border. */
export function bucketsFor<T extends Bucket>(buckets: readonly T[], traceId: Uint8Array): T[] {
  return buckets.filter((bucket, i) => {
    if (compareMark(bucket, 0, traceId) > 0) return false
    const next = buckets[i + 1]
    return next === undefined || compareMark(next, 0, traceId) >= 0
  })
}

/** What to read of a bucket for an id. */
export interface Search {
  /** Around the computed place. */
  readonly first: BlockRange
  /** What holds them whatever the ids are like, when the first read does not prove that it has them all. */
  readonly whole: BlockRange
}

/**
 * Ids are mostly random, so the place of one between two marks can be computed: with 8,064 locators between them it is
 * 45 off at one sigma, and `first` reads 168 and more on either side.
 */
export function searchFor(bucket: Bucket, traceId: Uint8Array): Search {
  const marks = bucket.marks.length / 8
  let low = 0
  while (low + 1 < marks && compareMark(bucket, low + 1, traceId) < 0) low++
  let high = low + 1
  while (high < marks && compareMark(bucket, high, traceId) <= 0) high++
  const blocks = blocksOf(bucket.entries)
  const markBlocks = locatorMarkEntries / locatorBlockEntries
  const whole = { from: low * markBlocks, to: Math.min(high * markBlocks, blocks) }
  const from = numberOf(bucket.marks, low * 8)
  const to = high < marks ? numberOf(bucket.marks, high * 8) : 2 ** 64
  const share = to > from ? (numberOf(traceId, 0) - from) / (to - from) : 0
  const entriesWithin =
    Math.min(high * locatorMarkEntries, bucket.entries) - low * locatorMarkEntries
  const place = low * locatorMarkEntries + Math.min(Math.max(share, 0), 1) * entriesWithin
  const begin = Math.round(place / locatorBlockEntries) - locatorBlocksRead / 2
  const first = Math.max(whole.from, Math.min(begin, whole.to - locatorBlocksRead))
  return { first: { from: first, to: Math.min(first + locatorBlocksRead, whole.to) }, whole }
}

/**
 * The id's locators among records that were read from `range`; undefined when there may be more of them outside it.
 */
export function findLocators(
  records: LocatorRecords,
  range: BlockRange,
  { whole }: Search,
  traceId: Uint8Array,
): Locator[] | undefined {
  const count = records.length / locatorBytes
  let [low, high] = [0, count]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareId(records, middle, traceId) < 0) low = middle + 1
    else high = middle
  }
  let end = low
  while (end < count && compareId(records, end, traceId) === 0) end++
  if ((low === 0 && range.from > whole.from) || (end === count && range.to < whole.to)) {
    return undefined
  }
  return Array.from({ length: end - low }, (_, i) => readLocator(records, low + i))
}

/** The mark against the id's first 8 bytes. */
function compareMark({ marks }: Bucket, mark: number, traceId: Uint8Array): number {
  for (let i = 0; i < 8; i++) {
    const difference = marks[mark * 8 + i]! - traceId[i]!
    if (difference !== 0) return difference
  }
  return 0
}

/** 8 bytes as a number, big end first; its last bits are lost, which a computed place does not miss. */
function numberOf(bytes: Uint8Array, at: number): number {
  let value = 0
  for (let i = 0; i < 8; i++) value = value * 256 + bytes[at + i]!
  return value
}
