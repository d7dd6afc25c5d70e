import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { nodeCodec } from '../../../src/adapters/node/codec.ts'
import { decodeDayList, encodeDayList } from '../../../src/index/day-list-format.ts'
import {
  blockBytesRange,
  blocksOf,
  decodeFileList,
  decodeLocatorBlocks,
  encodeLocatorBucket,
  fileListRange,
} from '../../../src/index/locator-bucket.ts'
import { readLocator } from '../../../src/index/locator-records.ts'
import { decodeManifest, encodeManifest } from '../../../src/index/manifest-format.ts'
import {
  decodeReceipts,
  decodeReceiptsFilter,
  encodeReceipts,
  mightHoldEnvelope,
} from '../../../src/index/receipts.ts'
import { recordsOf } from './records-of.ts'
import {
  sampleDayList,
  sampleFiles,
  sampleLocators,
  sampleManifest,
  sampleReceipts,
} from './sample-index.ts'

/** A file of `test/golden/compat`: what it holds, how it is read, how it was written. */
interface Golden {
  readonly content: unknown
  readonly encode: () => Uint8Array
  readonly decode: (bytes: Uint8Array) => unknown
  /** Of the zstd library that made its frames: another may make others, which read the same. */
  readonly zstd?: string
}

const zstd = '1.5.7'

const goldens: Record<string, Golden> = {
  'manifest-v1': {
    content: sampleManifest,
    encode: () => encodeManifest(sampleManifest, nodeCodec),
    decode: (bytes) => decodeManifest(bytes, 'golden', nodeCodec),
    zstd,
  },
  'day-list-v1': {
    content: sampleDayList,
    encode: () => encodeDayList(sampleDayList, nodeCodec),
    decode: (bytes) => decodeDayList(bytes, 'golden', nodeCodec),
    zstd,
  },
  'locators-v1': {
    content: { locators: sampleLocators, files: sampleFiles },
    encode: () => encodeLocatorBucket(recordsOf(sampleLocators), sampleFiles, nodeCodec).bytes,
    decode: decodeBucket,
    zstd,
  },
  'receipts-v1': {
    content: { receipts: sampleReceipts, mightHold: sampleReceipts.map(() => true) },
    encode: () => encodeReceipts(sampleReceipts).bytes,
    decode(bytes) {
      const filter = decodeReceiptsFilter(bytes, 'golden')
      const receipts = Array.from(decodeReceipts(bytes, 'golden').all())
      return { receipts, mightHold: receipts.map(({ id }) => mightHoldEnvelope(filter, id)) }
    },
  },
}

/** The manifest knows how many entries a bucket has. */
function decodeBucket(bytes: Uint8Array): unknown {
  const entries = sampleLocators.length
  const read = ({ offset, length }: { offset: number; length: number }) =>
    bytes.subarray(offset, offset + length)
  const all = { from: 0, to: blocksOf(entries) }
  const blocks = read(blockBytesRange(all, entries))
  const records = decodeLocatorBlocks(blocks, all, entries, 'golden')
  const list = read(fileListRange({ bytes: bytes.length, entries }))
  return {
    locators: sampleLocators.map((_, i) => readLocator(records, i)),
    files: decodeFileList(list, 'golden', nodeCodec),
  }
}

describe.each(Object.entries(goldens))('%s', (name, golden) => {
  const path = new URL(`../../golden/compat/${name}.bin`, import.meta.url)
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(path, golden.encode())

  test('reads as it always did (UPDATE_GOLDEN=1 writes a new one: never after a release)', () => {
    expect(golden.decode(new Uint8Array(readFileSync(path)))).toEqual(golden.content)
  })

  test.runIf(golden.zstd === undefined || golden.zstd === process.versions.zstd)(
    'is written as it always was',
    () => {
      expect(Buffer.from(golden.encode()).equals(readFileSync(path))).toBe(true)
    },
  )
})
