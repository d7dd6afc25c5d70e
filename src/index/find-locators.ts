import {
  locatorBlockEntries,
  locatorBlocksRead,
  locatorBytes,
  locatorMarkEntries,
} from '../limits.ts'
import { type BlockRange, blocksOf } from './locator-bucket.ts'
import { compareMark, lastMark, markPlace, shareBetween } from './locator-marks.ts'
import { compareId, type Locator, type LocatorRecords, readLocator } from './locator-records.ts'
import type { LocatorBucketRef } from './manifest.ts'

type Bucket = Pick<LocatorBucketRef, 'entries' | 'marks'>

/** The buckets of a set that may hold an id's locators: nearly always one; two where they lie across a border. */
export function bucketsFor<T extends Bucket>(buckets: readonly T[], traceId: Uint8Array): T[] {
  return buckets.filter(
    ({ marks }) =>
      compareMark(marks, 0, traceId) <= 0 && compareMark(marks, lastMark(marks), traceId) >= 0,
  )
}

/** What to read of a bucket for an id. */
export interface Search {
  /** Around the computed place. */
  readonly first: BlockRange
  /** What holds them whatever the ids are like, when the first read does not prove that it has them all. */
  readonly whole: BlockRange
}

/**
 * For an id of a bucket of `bucketsFor`. Ids are mostly random, in all of their bits or in the lower ones, so the place
 * of one between two marks can be computed: with 8,064 locators between them it is 45 off at one sigma, and `first`
 * reads 168 and more on either side.
 */
export function searchFor({ entries, marks }: Bucket, traceId: Uint8Array): Search {
  const last = lastMark(marks)
  let low = 0
  while (low + 1 < last && compareMark(marks, low + 1, traceId) < 0) low++
  let high = low + 1
  while (high < last && compareMark(marks, high, traceId) <= 0) high++
  const markBlocks = locatorMarkEntries / locatorBlockEntries
  const whole = { from: low * markBlocks, to: Math.min(high * markBlocks, blocksOf(entries)) }
  const lowPlace = markPlace(low, entries)
  const entriesWithin = markPlace(high, entries) - lowPlace
  const place = lowPlace + shareBetween(marks, low, high, traceId) * entriesWithin
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
