import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  compareId,
  compareRecords,
  type Locator,
  readLocator,
  sortLocators,
  sortLocatorsMax,
  writeLocator,
} from '../../../src/index/locator-records.ts'
import { locatorBytes } from '../../../src/limits.ts'
import { recordsOf } from './records-of.ts'
import { sampleLocators } from './sample-index.ts'

const u32 = fc.oneof(fc.constantFrom(0, 255, 256, 0xffff_ffff), fc.nat({ max: 0xffff_ffff }))
const u16 = fc.oneof(fc.constantFrom(0, 255, 256, 0xffff), fc.nat({ max: 0xffff }))

const few = fc.oneof(fc.nat({ max: 1 }), u32)

/** Ids that have much in common: all but the first bits, all but the last, everything. */
const traceIds = fc
  .tuple(fc.constantFrom(0, 0x80), fc.constantFrom(0, 3, 4, 15), fc.constantFrom(0, 1, 0xff))
  .map(([fill, at, byte]) => new Uint8Array(16).fill(fill).fill(byte, at, at + 1))

const locators = fc.record<Locator>({
  traceId: traceIds,
  startSeconds: u32,
  file: few,
  offset: few,
  bytes: u32,
  firstRow: u16,
  rows: u16,
})

function locatorsOf(records: Uint8Array): Locator[] {
  return Array.from({ length: records.length / locatorBytes }, (_, i) => readLocator(records, i))
}

test('locators come back as they are, at any place in memory', () => {
  fc.assert(
    fc.property(fc.array(locators, { maxLength: 9 }), fc.nat({ max: 7 }), (some, offset) => {
      const memory = new Uint8Array(offset + some.length * locatorBytes)
      const records = memory.subarray(offset)
      const view = new DataView(memory.buffer, offset)
      for (const [i, locator] of some.entries()) writeLocator(view, i * locatorBytes, locator)
      expect(locatorsOf(records)).toEqual(some)
    }),
  )
})

test.each<Partial<Locator>>([
  { traceId: new Uint8Array(15) },
  { startSeconds: -1 },
  { startSeconds: 2 ** 32 },
  { file: 2 ** 32 },
  { offset: 2 ** 32 },
  { offset: 0.5 },
  { bytes: -1 },
  { bytes: Number.NaN },
  { firstRow: 65_536 },
  { rows: 65_536 },
])('a locator with %o is not written', (odd) => {
  const view = new DataView(new ArrayBuffer(locatorBytes))
  expect(() => writeLocator(view, 0, { ...sampleLocators[1]!, ...odd })).toThrow(
    /^locator must fit its fields/,
  )
})

test('a locator lies as its format says', () => {
  const [first] = locatorsOf(
    Uint8Array.of(...sampleLocators[1]!.traceId, ...Array.from({ length: 20 }, (_, i) => i + 1)),
  )
  expect(first).toEqual({
    traceId: sampleLocators[1]!.traceId,
    startSeconds: 0x04030201,
    file: 0x08070605,
    offset: 0x0c0b0a09,
    bytes: 0x100f0e0d,
    firstRow: 0x1211,
    rows: 0x1413,
  })
})

function compare(a: Locator, b: Locator): number {
  return Buffer.compare(a.traceId, b.traceId) || a.file - b.file || a.offset - b.offset
}

test('sorting is by trace id, then file, then offset, and leaves equals in their order', () => {
  fc.assert(
    fc.property(fc.array(locators, { maxLength: 40 }), (some) => {
      const records = recordsOf(some)
      const before = records.slice()
      expect(locatorsOf(sortLocators(records))).toEqual(some.toSorted(compare))
      expect(records).toEqual(before)
    }),
    { numRuns: 200 },
  )
})

test('more than can be sorted are refused', () => {
  expect(() => sortLocators(new Uint8Array((sortLocatorsMax + 1) * locatorBytes))).toThrow(
    `locators to sort must be at most ${sortLocatorsMax}, got ${sortLocatorsMax + 1}`,
  )
})

test('two records, or a record and an id, compare as their fields do', () => {
  fc.assert(
    fc.property(locators, locators, (a, b) => {
      const records = recordsOf([a, b])
      expect(Math.sign(compareRecords(records, 0, records, 1))).toBe(Math.sign(compare(a, b)))
      expect(Math.sign(compareId(records, 1, a.traceId))).toBe(Buffer.compare(b.traceId, a.traceId))
    }),
    { numRuns: 200 },
  )
})
