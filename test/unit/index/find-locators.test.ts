import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '../../../src/adapters/memory/random.ts'
import { bucketsFor, findLocators, searchFor } from '../../../src/index/find-locators.ts'
import { type BlockRange, blocksOf } from '../../../src/index/locator-bucket.ts'
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
  const entries = records.length / locatorBytes
  const marks = []
  for (let i = 0; i < entries; i += locatorMarkEntries) {
    marks.push(...records.subarray(i * locatorBytes, i * locatorBytes + 8))
  }
  return { records, entries, marks: Uint8Array.from(marks) }
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

test('a random id is nearly always found around its computed place', () => {
  const entries = 20_000
  const random = seededRandom(7)
  const ids = Array.from({ length: entries }, () => random.bytes(16))
  const records = new Uint8Array(entries * locatorBytes)
  const view = new DataView(records.buffer)
  for (const [i, traceId] of ids.entries()) {
    const place = { startSeconds: 0, file: 0, offset: i, bytes: 1, firstRow: 0, rows: 1 }
    writeLocator(view, i * locatorBytes, { traceId, ...place })
  }
  const bucket = bucketOf(sortLocators(records))
  const asked = ids.slice(0, 1_000)
  const again = asked.filter((traceId) => {
    const plan = searchFor(bucket, traceId)
    return !findLocators(blocks(bucket, plan.first), plan.first, plan, traceId)
  })
  expect(again.length).toBeLessThan(10)
})
