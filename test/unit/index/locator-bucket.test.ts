import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeCodec } from '../../../src/adapters/node/codec.ts'
import {
  type BlockRange,
  blockBytesRange,
  blocksOf,
  decodeFileList,
  decodeLocatorBlocks,
  encodeLocatorBucket,
  fileListRange,
  type SpanFileName,
} from '../../../src/index/locator-bucket.ts'
import { type LocatorRecords, readLocator } from '../../../src/index/locator-records.ts'
import { hourOf, objectName } from '../../../src/layout/keys.ts'
import {
  locatorBlockEntries,
  locatorBlocksRead,
  locatorBucketEntriesMax,
  locatorBytes,
  locatorMarkEntries,
} from '../../../src/limits.ts'
import { crc32 } from '../../../src/span/crc32.ts'
import { expectCutsRefused, expectFlipsRefused } from './broken-bytes.ts'
import { recordsOf } from './records-of.ts'
import { sampleFiles, sampleLocators } from './sample-index.ts'

const encode = (records: LocatorRecords, files = sampleFiles) =>
  encodeLocatorBucket(records, files, nodeCodec)
const name = 'locators of a test'

function within(bytes: Uint8Array, { offset, length }: { offset: number; length: number }) {
  return bytes.slice(offset, offset + length)
}

const filesOf = (bucket: { bytes: Uint8Array; entries: number }) => {
  const range = fileListRange({ bytes: bucket.bytes.length, entries: bucket.entries })
  return decodeFileList(within(bucket.bytes, range), name, nodeCodec)
}

/** Ascending by their first bytes, in blocks that do not share their content. */
function manyRecords(entries: number): LocatorRecords {
  const records = new Uint8Array(entries * locatorBytes)
  const view = new DataView(records.buffer)
  for (let i = 0; i < entries; i++) {
    view.setUint32(i * locatorBytes + 2, i)
    view.setUint32(i * locatorBytes + 12, ~i)
    view.setUint32(i * locatorBytes + 24, i * 7, true)
  }
  return records
}

/** Around the ends of blocks and of marks. */
const sizes = fc.oneof(
  fc.integer({ min: 1, max: 5 * locatorBlockEntries }),
  fc
    .tuple(
      fc.constantFrom(1, 2, 5).map((blocks) => blocks * locatorBlockEntries),
      fc.integer({ min: -1, max: 1 }),
    )
    .map(([entries, more]) => entries + more),
)

test('any range of blocks comes back as it was', () => {
  fc.assert(
    fc.property(sizes, fc.nat(), fc.nat(), (entries, a, b) => {
      const records = manyRecords(entries)
      const bucket = encode(records)
      expect(bucket.entries).toBe(entries)
      const blocks = blocksOf(entries)
      const from = Math.min(a % blocks, b % blocks)
      const to = Math.max(a % blocks, b % blocks) + 1
      const bytes = within(bucket.bytes, blockBytesRange({ from, to }, entries))
      expect(decodeLocatorBlocks(bytes, { from, to }, entries, name)).toEqual(
        records.subarray(
          from * locatorBlockEntries * locatorBytes,
          to * locatorBlockEntries * locatorBytes,
        ),
      )
      expect(filesOf(bucket)).toEqual(sampleFiles)
    }),
    { numRuns: 60 },
  )
})

const fileNames: fc.Arbitrary<SpanFileName> = fc
  .tuple(
    fc.nat({ max: 4_000_000_000_000 }).map(hourOf),
    fc.nat(),
    fc.uint8Array({ minLength: 8, maxLength: 8 }),
  )
  .map(([hour, base, random]) => ({ ...hour, name: objectName(base, random) }))

test('the list of files comes back as it was', () => {
  fc.assert(
    fc.property(fc.array(fileNames, { minLength: 3, maxLength: 20 }), (files) => {
      expect(filesOf(encode(recordsOf(sampleLocators), files))).toEqual(files)
    }),
  )
})

test('a block of a lookup is read without those before it', () => {
  const bucket = encode(recordsOf(sampleLocators))
  const range = { from: 1, to: 2 }
  const bytes = within(bucket.bytes, blockBytesRange(range, bucket.entries))
  const records = decodeLocatorBlocks(bytes, range, bucket.entries, name)
  expect(readLocator(records, 0)).toEqual(sampleLocators[locatorBlockEntries])
  expect(readLocator(records, records.length / locatorBytes - 1)).toEqual(sampleLocators.at(-1))
})

test.each([
  [1, [0, 0]],
  [2, [0, 1]],
  [locatorMarkEntries, [0, locatorMarkEntries - 1]],
  [locatorMarkEntries + 1, [0, locatorMarkEntries, locatorMarkEntries]],
  [2 * locatorMarkEntries, [0, locatorMarkEntries, 2 * locatorMarkEntries - 1]],
])('%i locators are marked by the whole ids of entries %j', (entries, places) => {
  const records = manyRecords(entries)
  const ids = places.map((place) => [
    ...records.subarray(place * locatorBytes, place * locatorBytes + 16),
  ])
  expect([...encode(records).marks]).toEqual(ids.flat())
})

test('a bucket is full at its bound, and refused one above', () => {
  const records = manyRecords(locatorBucketEntriesMax + 1)
  expect(encode(records.subarray(0, -locatorBytes)).entries).toBe(locatorBucketEntriesMax)
  expect(() => encode(records)).toThrow(
    `locators must be from 1 to ${locatorBucketEntriesMax}, got ${locatorBucketEntriesMax + 1}`,
  )
})

test.each<[what: string, records: LocatorRecords, complaint: string]>([
  ['none', new Uint8Array(), 'must be from 1 to'],
  ['half of one', new Uint8Array(locatorBytes / 2), 'must be from 1 to'],
  ['one and a half', new Uint8Array(locatorBytes * 1.5), 'must be from 1 to'],
  ['one twice', recordsOf([sampleLocators[1]!, sampleLocators[1]!]), 'must ascend, got 1'],
  ['some in another order', recordsOf([sampleLocators[2]!, sampleLocators[1]!]), 'must ascend'],
  [
    'some of a trace by offset before file',
    recordsOf([
      { ...sampleLocators[1]!, file: 1, offset: 4 },
      { ...sampleLocators[1]!, file: 0, offset: 8 },
    ]),
    'must ascend, got 1',
  ],
  [
    'one of a file behind the list',
    recordsOf([{ ...sampleLocators[1]!, file: sampleFiles.length }]),
    `must be of a listed file, got ${sampleFiles.length}`,
  ],
])('locators that are %s are not written', (_, records, complaint) => {
  expect(() => encode(records)).toThrow(
    expect.objectContaining({ kind: 'corrupt', message: expect.stringContaining(complaint) }),
  )
})

test('blocks cut short, too long or changed are corrupt', () => {
  const { bytes, entries } = encode(recordsOf(sampleLocators))
  const range = { from: 0, to: 2 }
  const both = within(bytes, blockBytesRange(range, entries))
  const decode = (blocks: Uint8Array) => decodeLocatorBlocks(blocks, range, entries, name)
  expectCutsRefused(both, decode)
  expect(() => decode(Uint8Array.of(...both, 0))).toThrow(`${name} must have ${both.length} bytes`)
  const last = { from: 1, to: 2 }
  expectFlipsRefused(within(bytes, blockBytesRange(last, entries)), (block) =>
    decodeLocatorBlocks(block, last, entries, name),
  )
  both[16]! ^= 1
  expect(() => decode(both)).toThrow(`${name} does not have its checksum`)
})

test.each<[what: string, at: number, complaint: string]>([
  ['another magic', 0, 'must begin with SPLKLOCS'],
  ['version 0', 8, 'is of version 0'],
  ['another count', 12, 'must have 122 locators, has 123'],
])('the head is read with the first block: %s is corrupt', (_, at, complaint) => {
  const { bytes, entries } = encode(recordsOf(sampleLocators))
  bytes[at]! ^= 1
  const read = (range: BlockRange) =>
    decodeLocatorBlocks(within(bytes, blockBytesRange(range, entries)), range, entries, name)
  expect(() => read({ from: 0, to: 1 })).toThrow(
    expect.objectContaining({ kind: 'corrupt', message: `${name} ${complaint}` }),
  )
  expect(read({ from: 1, to: 2 }).length).toBe((entries - locatorBlockEntries) * locatorBytes)
})

test('a lookup that begins at the head reads no more than 16 KiB', () => {
  const range = { from: 0, to: locatorBlocksRead }
  expect(blockBytesRange(range, locatorMarkEntries)).toEqual({ offset: 0, length: 16_160 })
})

test('a list of files cut short or changed is corrupt', () => {
  const { bytes, entries } = encode(recordsOf(sampleLocators))
  const list = within(bytes, fileListRange({ bytes: bytes.length, entries }))
  const decode = (some: Uint8Array) => decodeFileList(some, name, nodeCodec)
  expectCutsRefused(list, decode)
  expectFlipsRefused(list, decode)
})

/** A list as a writer with a bug would have written it: its checksum is right. */
function listOf(json: unknown, claimedBytes?: number): Uint8Array {
  return listOfText(JSON.stringify(json), claimedBytes)
}

function listOfText(json: string, claimedBytes?: number): Uint8Array {
  const text = new TextEncoder().encode(json)
  const frame = nodeCodec.zstd(text)
  const bytes = new Uint8Array(frame.length + 8)
  bytes.set(frame)
  const view = new DataView(bytes.buffer)
  view.setUint32(frame.length, claimedBytes ?? text.length, true)
  view.setUint32(frame.length + 4, crc32(frame), true)
  return bytes
}

test.each([
  { json: {}, complaint: 'must have a list of files' },
  { json: [null], complaint: 'must list files by date, hour and name' },
  { json: [['2026-11-20', '17']], complaint: 'must list files by date, hour and name' },
  { json: [['2026-11-20', 17, 'x']], complaint: 'must list files by date, hour and name' },
  { json: [['2026-11-20', '17', '../x']], complaint: 'must list object names, got ../x' },
])('a list $json is corrupt', ({ json, complaint }) => {
  expect(() => decodeFileList(listOf(json), name, nodeCodec)).toThrow(
    expect.objectContaining({ kind: 'corrupt', message: `${name} ${complaint}` }),
  )
})

test('a list that is no json is corrupt', () => {
  expect(() => decodeFileList(listOfText('no json'), name, nodeCodec)).toThrow(
    expect.objectContaining({
      kind: 'corrupt',
      message: `${name} must hold 7 bytes of json in a zstd frame`,
    }),
  )
})

test('a list of what is no object name is not written', () => {
  const files = [...sampleFiles, { date: '2026-11-20', hour: '17', name: '../x' }]
  expect(() => encode(recordsOf(sampleLocators), files)).toThrow(
    expect.objectContaining({
      kind: 'corrupt',
      message: 'locators must list object names, got ../x',
    }),
  )
})

test('nothing is believed of a list that claims more than lists have', () => {
  const bound = 256 * 1024 * 1024
  expect(() => decodeFileList(listOf([], bound + 1), name, nodeCodec)).toThrow(
    `${name} claims a list of ${bound + 1} bytes`,
  )
  expect(() => decodeFileList(listOf([], 3), name, nodeCodec)).toThrow(
    expect.objectContaining({ kind: 'corrupt' }),
  )
  expect(decodeFileList(listOf([]), name, nodeCodec)).toEqual([])
})
