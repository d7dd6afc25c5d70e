import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '../../../src/adapters/memory/random.ts'
import { bucketsFor, findLocators, searchFor } from '../../../src/index/find-locators.ts'
import { type BlockRange, blocksOf } from '../../../src/index/locator-bucket.ts'
import { marksOf } from '../../../src/index/locator-marks.ts'
import {
  compareId,
  type Locator,
  type LocatorRecords,
  readLocator,
  sortLocators,
  writeLocator,
} from '../../../src/index/locator-records.ts'
import {
  locatorBlockEntries,
  locatorBlocksRead,
  locatorBytes,
  locatorMarkEntries,
} from '../../../src/limits.ts'

interface Bucket {
  readonly records: LocatorRecords
  readonly entries: number
  readonly marks: Uint8Array
}

function bucketOf(records: LocatorRecords): Bucket {
  return { records, entries: records.length / locatorBytes, marks: marksOf(records) }
}

/** As a lookup does: around the computed place, then all that may hold it. */
function search(buckets: readonly Bucket[], traceId: Uint8Array): Locator[] {
  return bucketsFor(buckets, traceId).flatMap((bucket) => {
    const plan = searchFor(bucket, traceId)
    expect(plan.first.to - plan.first.from).toBeLessThanOrEqual(locatorBlocksRead)
    for (const range of [plan.first, plan.whole]) {
      expect(range.from).toBeGreaterThanOrEqual(0)
      expect(range.to).toBeGreaterThan(range.from)
      expect(range.to).toBeLessThanOrEqual(blocksOf(bucket.entries))
      const found = findLocators(blocks(bucket, range), range, plan, traceId)
      if (found) return found
    }
    throw new Error('the whole range must be enough')
  })
}

function blocks({ records }: Bucket, { from, to }: BlockRange): LocatorRecords {
  const blockBytes = locatorBlockEntries * locatorBytes
  return records.slice(from * blockBytes, to * blockBytes)
}

function scan(records: LocatorRecords, traceId: Uint8Array): Locator[] {
  return Array.from({ length: records.length / locatorBytes }, (_, i) => i)
    .filter((i) => compareId(records, i, traceId) === 0)
    .map((i) => readLocator(records, i))
}

/** Ids as tracers make them, and as nobody should: by number i of them. */
const makers: Record<string, (i: number) => Uint8Array> = {
  random: (i) => idOf(Math.imul(i, 0x9e3779b1), Math.imul(i, 0x85ebca6b)),
  'counted from the low end': (i) => idOf(0, 0, 0, i),
  'counted from the high end': (i) => idOf(0xffff_ffff, 0xffff_ffff, 0xffff_ffff, -1 - i),
  'alike in their first 8 bytes': (i) => idOf(0x80000000, 0, Math.imul(i, 0x9e3779b1)),
  'of 64 bits behind zeros': (i) => idOf(0, 0, Math.imul(i, 0x9e3779b1), Math.imul(i, 0x85ebca6b)),
  'of 64 bits behind zeros, among others': (i) =>
    idOf(i % 3 === 0 ? Math.imul(i, 0x85ebca6b) : 0, 0, Math.imul(i, 0x9e3779b1), i),
  'that begin with a time': (i) =>
    idOf(0x691f_5b40 + Math.floor(i / 50), Math.imul(i, 0x9e3779b1), Math.imul(i, 0x85ebca6b)),
  'counted behind a name': (i) => idOf(0x1234_5678, 0x9abc_def0, 0xffff_ffff, i),
  'in few clusters': (i) => idOf((i % 3) * 0x55555555, i >> 2),
}

function idOf(...words: readonly number[]): Uint8Array {
  const id = new Uint8Array(16)
  const view = new DataView(id.buffer)
  for (const [i, word] of words.entries()) view.setUint32(i * 4, word)
  return id
}

const entriesMax = 3 * locatorMarkEntries

test.each(Object.keys(makers))('a search finds what a scan finds, with ids %s', (name) => {
  const make = makers[name]!
  const sizes = fc.oneof(
    fc.integer({ min: 1, max: 1_000 }),
    fc.integer({ min: 1, max: entriesMax }),
    fc.constantFrom(locatorMarkEntries - 1, locatorMarkEntries, locatorMarkEntries + 1),
  )
  fc.assert(
    fc.property(
      sizes,
      // How many locators of one id there are: in a few blocks, or from mark to mark.
      fc.integer({ min: 0, max: entriesMax }),
      fc.array(fc.nat({ max: entriesMax }), { maxLength: 3 }),
      fc.array(fc.nat({ max: entriesMax + 100 }), { minLength: 5, maxLength: 20 }),
      (entries, repeats, cuts, asked) => {
        const records = new Uint8Array(entries * locatorBytes)
        const view = new DataView(records.buffer)
        const place = { startSeconds: 0, bytes: 1, firstRow: 0, rows: 1 }
        for (let i = 0; i < entries; i++) {
          const traceId = make(i < repeats ? 7 : i)
          writeLocator(view, i * locatorBytes, { traceId, file: i % 2, offset: i, ...place })
        }
        const sorted = sortLocators(records)
        const ends = [...new Set([0, ...cuts.map((cut) => cut % entries), entries])]
        const buckets = ends
          .sort((a, b) => a - b)
          .slice(1)
          .map((end, i) =>
            bucketOf(sorted.subarray((ends[i] ?? 0) * locatorBytes, end * locatorBytes)),
          )
        for (const number of [7, ...asked]) {
          const traceId = make(number)
          expect(search(buckets, traceId)).toEqual(scan(sorted, traceId))
        }
      },
    ),
    { numRuns: 15 },
  )
})

/** Ids whose place can be computed, each by its number and by chance. */
const even: Record<string, (random: Uint8Array, i: number) => Uint8Array> = {
  'a random id': (random) => random,
  'a random id of 64 bits behind zeros, as Zipkin and Jaeger send them': (random) =>
    random.fill(0, 0, 8),
  'a random id of 63 bits': (random) =>
    random.fill(0, 0, 8).map((byte, i) => (i === 8 ? byte & 0x7f : byte)),
  'a random id that begins with a time, as X-Ray wants them': (random, i) =>
    withWord(random, 0x691f_5b40 + Math.floor(i / 50)),
  'a counted id': (_, i) => idOf(0, 0, 0, i),
  'a counted id behind others': (_, i) => idOf(0xffff_ffff, 0xffff_ffff, 0xffff_ffff, i),
}

function withWord(id: Uint8Array, word: number): Uint8Array {
  new DataView(id.buffer).setUint32(0, word)
  return id
}

function bucketWith(ids: readonly Uint8Array[]): Bucket {
  const records = new Uint8Array(ids.length * locatorBytes)
  const view = new DataView(records.buffer)
  for (const [i, traceId] of ids.entries()) {
    const place = { startSeconds: 0, file: 0, offset: i, bytes: 1, firstRow: 0, rows: 1 }
    writeLocator(view, i * locatorBytes, { traceId, ...place })
  }
  return bucketOf(sortLocators(records))
}

test.each(Object.keys(even))('%s is nearly always found around its computed place', (name) => {
  const random = seededRandom(7)
  // Fewer than lie between two marks, as a young set has them; and as many as several hours have.
  for (const entries of [3_000, 20_000]) {
    const ids = Array.from({ length: entries }, (_, i) => even[name]!(random.bytes(16), i))
    const bucket = bucketWith(ids)
    const step = Math.floor(entries / 1_000)
    const asked = ids.filter((_, i) => i % step === 0)
    const again = asked.filter((traceId) => {
      const plan = searchFor(bucket, traceId)
      return !findLocators(blocks(bucket, plan.first), plan.first, plan, traceId)
    })
    expect(again.length).toBeLessThan(10)
  }
})

test('an id among unevenly spread ones is found in one more read, of all between two marks', () => {
  const random = seededRandom(7)
  // Seconds of one trace, of two, of four: up to thousands, then of one again.
  const ids: Uint8Array[] = []
  for (let second = 0; ids.length < 40_000; second++) {
    for (let left = 2 ** (second % 14); left > 0; left--) {
      ids.push(withWord(random.bytes(16), 0x691f_5b40 + second))
    }
  }
  const bucket = bucketWith(ids)
  const markBlocks = locatorMarkEntries / locatorBlockEntries
  for (const [i, traceId] of ids.entries()) {
    if (i % 41 !== 0) continue
    const { whole } = searchFor(bucket, traceId)
    // One that a mark holds may lie on either side of it.
    expect(whole.to - whole.from).toBeLessThanOrEqual(
      isMark(bucket, traceId) ? 2 * markBlocks : markBlocks,
    )
    expect(search([bucket], traceId).map(({ offset }) => offset)).toEqual([i])
  }
})

test('nothing is read for an id before the first or behind the last of a bucket', () => {
  const ids = Array.from({ length: 300 }, (_, i) => idOf(0, 0, 1, i))
  const buckets = [ids.slice(0, 100), ids.slice(150)].map(bucketWith)
  const placesOf = (id: Uint8Array) => bucketsFor(buckets, id).map((each) => buckets.indexOf(each))
  expect(placesOf(idOf(0, 0, 0, 0xffff_ffff))).toEqual([])
  expect(placesOf(ids[0]!)).toEqual([0])
  expect(placesOf(ids[99]!)).toEqual([0])
  expect(placesOf(ids[120]!)).toEqual([])
  expect(placesOf(ids[150]!)).toEqual([1])
  expect(placesOf(ids[299]!)).toEqual([1])
  expect(placesOf(idOf(0, 0, 2))).toEqual([])
})

function isMark({ marks }: Bucket, traceId: Uint8Array): boolean {
  return Array.from({ length: marks.length / 16 }, (_, i) =>
    marks.subarray(i * 16, i * 16 + 16),
  ).some((mark) => mark.every((byte, i) => byte === traceId[i]))
}
