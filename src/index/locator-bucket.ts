import { isObjectName } from '../layout/keys.ts'
import { locatorBlockEntries, locatorBucketEntriesMax, locatorBytes } from '../limits.ts'
import { ByteReader, corrupt } from '../parquet/byte-reader.ts'
import { ByteWriter } from '../parquet/byte-writer.ts'
import type { Codec } from '../ports/codec.ts'
import { crc32 } from '../span/crc32.ts'
import { decodeJson } from './json-frame.ts'
import { type LocatorMarks, marksOf } from './locator-marks.ts'
import { compareRecords, type LocatorRecords } from './locator-records.ts'

/** A span file as a set's list names it. */
export interface SpanFileName {
  readonly date: string
  readonly hour: string
  readonly name: string
}

export interface EncodedBucket {
  readonly bytes: Uint8Array
  readonly entries: number
  readonly marks: LocatorMarks
}

/**
 * One object of a set:
 *
 *     magic (8 bytes) · version u32 · entries u32
 *     blocks of `locatorBlockEntries` locators, the last may have fewer, each followed by its CRC-32 u32
 *     the set's list of span files, JSON in a zstd frame · bytes of the JSON u32 · CRC-32 of the frame u32
 *
 * Blocks are found by their number, so a lookup reads some from the middle; each can be checked alone. Every bucket has
 * the whole list, so that a hit costs one more read.
 *
 * The head is read and checked with block 0: by merges, by fsck, by lookups that begin there. To a lookup that does not,
 * the manifest that named the bucket has told its version: a new one here comes with a new one there.
 */
const magic = 'SPLKLOCS'
const version = 1
const headBytes = 16
const blockBytes = locatorBlockEntries * locatorBytes + 4

/** The list of a set of some million traces; what claims more is broken. */
const listBytesMax = 256 * 1024 * 1024

/** `records`: sorted, at most `locatorBucketEntriesMax` and at least one. Throws kind `corrupt` for others. */
export function encodeLocatorBucket(
  records: LocatorRecords,
  files: readonly SpanFileName[],
  codec: Codec,
): EncodedBucket {
  const entries = records.length / locatorBytes
  checkRecords(records, files.length)
  const out = new ByteWriter(records.length + (entries / locatorBlockEntries) * 4 + 4_096)
  out.append(new TextEncoder().encode(magic))
  out.u32(version)
  out.u32(entries)
  for (let from = 0; from < entries; from += locatorBlockEntries) {
    const to = Math.min(from + locatorBlockEntries, entries)
    const block = records.subarray(from * locatorBytes, to * locatorBytes)
    out.append(block)
    out.u32(crc32(block))
  }
  const names = files.map(({ date, hour, name }) => [date, hour, name])
  readFileList(names, 'locators')
  const list = new TextEncoder().encode(JSON.stringify(names))
  checkListBytes(list.length, 'locators')
  const frame = codec.zstd(list)
  out.append(frame)
  out.u32(list.length)
  out.u32(crc32(frame))
  return { bytes: out.copy(), entries, marks: marksOf(records) }
}

function checkRecords(records: LocatorRecords, files: number): void {
  const entries = records.length / locatorBytes
  if (!Number.isInteger(entries) || entries < 1 || entries > locatorBucketEntriesMax) {
    throw corrupt('locators', `must be from 1 to ${locatorBucketEntriesMax}, got ${entries}`)
  }
  const view = new DataView(records.buffer, records.byteOffset, records.length)
  for (let i = 0; i < entries; i++) {
    if (i > 0 && compareRecords(records, i - 1, records, i) >= 0) {
      throw corrupt('locators', `must ascend, got ${i}`)
    }
    const file = view.getUint32(i * locatorBytes + 20, true)
    if (file >= files) throw corrupt('locators', `must be of a listed file, got ${file}`)
  }
}

export interface BlockRange {
  /** Numbers of blocks, [from, to). */
  readonly from: number
  readonly to: number
}

export function blocksOf(entries: number): number {
  return Math.ceil(entries / locatorBlockEntries)
}

/** Where blocks lie in the object; block 0 with the head in front of it. */
export function blockBytesRange(
  { from, to }: BlockRange,
  entries: number,
): { offset: number; length: number } {
  const end = headBytes + entries * locatorBytes + blocksOf(entries) * 4
  const offset = from === 0 ? 0 : headBytes + from * blockBytes
  return { offset, length: Math.min(headBytes + to * blockBytes, end) - offset }
}

/** The records of blocks that were read; each is checked, and the head with block 0. Throws kind `corrupt`. */
export function decodeLocatorBlocks(
  bytes: Uint8Array,
  range: BlockRange,
  entries: number,
  name: string,
): LocatorRecords {
  const { length } = blockBytesRange(range, entries)
  if (bytes.length !== length) throw corrupt(name, `must have ${length} bytes, got ${bytes.length}`)
  const first = range.from * locatorBlockEntries
  const last = Math.min(range.to * locatorBlockEntries, entries)
  const records = new Uint8Array((last - first) * locatorBytes)
  const reader = new ByteReader(bytes, name)
  if (range.from === 0) checkHead(reader, entries)
  for (let at = 0; at < records.length; at += locatorBlockEntries * locatorBytes) {
    const block = reader.take(Math.min(locatorBlockEntries * locatorBytes, records.length - at))
    if (crc32(block) !== reader.u32()) throw corrupt(name, 'does not have its checksum')
    records.set(block, at)
  }
  return records
}

function checkHead(reader: ByteReader, entries: number): void {
  const { name } = reader
  if (String.fromCharCode(...reader.take(8)) !== magic) {
    throw corrupt(name, `must begin with ${magic}`)
  }
  const found = reader.u32()
  if (found < 1 || found > version) throw corrupt(name, `is of version ${found}`)
  const own = reader.u32()
  if (own !== entries) throw corrupt(name, `must have ${entries} locators, has ${own}`)
}

/** Where the set's list of span files lies in a bucket. */
export function fileListRange(bucket: { entries: number; bytes: number }): {
  offset: number
  length: number
} {
  const blocks = { from: 0, to: blocksOf(bucket.entries) }
  const { offset, length } = blockBytesRange(blocks, bucket.entries)
  return { offset: offset + length, length: bucket.bytes - offset - length }
}

/** Throws kind `corrupt`. */
export function decodeFileList(bytes: Uint8Array, name: string, codec: Codec): SpanFileName[] {
  const reader = new ByteReader(bytes, name)
  const frame = reader.take(Math.max(reader.left - 8, 0))
  const listBytes = reader.u32()
  if (crc32(frame) !== reader.u32()) throw corrupt(name, 'does not have the checksum of its list')
  checkListBytes(listBytes, name)
  return readFileList(decodeJson(frame, listBytes, name, codec), name)
}

function checkListBytes(listBytes: number, name: string): void {
  if (listBytes > listBytesMax) throw corrupt(name, `claims a list of ${listBytes} bytes`)
}

/** Runs before encoding and after decoding. */
function readFileList(json: unknown, name: string): SpanFileName[] {
  if (!Array.isArray(json)) throw corrupt(name, 'must have a list of files')
  return json.map((item: unknown) => {
    const [date, hour, file]: unknown[] = Array.isArray(item) ? item : []
    if (typeof date !== 'string' || typeof hour !== 'string' || typeof file !== 'string') {
      throw corrupt(name, 'must list files by date, hour and name')
    }
    if (!isObjectName(file)) throw corrupt(name, `must list object names, got ${file}`)
    return { date, hour, name: file }
  })
}
