import type { Codec } from '../ports/codec.ts'
import { crc32 } from '../span/crc32.ts'
import { ByteReader, corrupt } from './byte-reader.ts'
import { type ChunkPlace, codecUncompressed, codecZstd } from './footer.ts'
import type { PageHeader } from './page-header.ts'
import { bitWidthOf, readHybrid } from './rle.ts'
import { physicalTypes } from './schema.ts'

/** A page that claims to be larger is broken: no allocation follows a claim beyond it. */
const pageBytesMax = 256 * 1024 * 1024
export const pageEntriesMax = 16 * 1024 * 1024

/**
 * The page after decompression; of a nested page with its levels, which stand uncompressed in front. Throws kind
 * `corrupt` when the page does not have its checksum. One that carries none and is not compressed is believed.
 */
export function pageBody(
  header: PageHeader,
  body: Uint8Array,
  place: ChunkPlace,
  codec: Codec,
  name: string,
): Uint8Array {
  if (header.rawBytes > pageBytesMax)
    throw corrupt(name, `holds a page of ${header.rawBytes} bytes`)
  const compressed = place.codec === codecZstd && (header.kind !== 'nested' || header.compressed)
  if (place.codec !== codecZstd && place.codec !== codecUncompressed) {
    throw corrupt(name, `is compressed by codec ${place.codec}`)
  }
  if (header.crc !== undefined && (crc32(body) | 0) !== header.crc) {
    throw corrupt(name, 'holds a page that does not have its checksum')
  }
  if (!compressed) {
    if (header.rawBytes !== header.bytes) throw corrupt(name, 'holds a page of two sizes')
    return body
  }
  if (header.kind !== 'nested') return codec.unzstd(body, header.rawBytes)
  const levelBytes = header.definitionBytes + header.repetitionBytes
  const values = codec.unzstd(body.subarray(levelBytes), header.rawBytes - levelBytes)
  const whole = new Uint8Array(header.rawBytes)
  whole.set(body.subarray(0, levelBytes))
  whole.set(values, levelBytes)
  return whole
}

/**
 * The level of a whole page, where one run says it, which leaves the cursor behind it; undefined, and the cursor where
 * it was, where levels differ. Most columns are all null or have no null.
 */
export function levelOfAll(
  reader: ByteReader,
  bytes: number,
  levelMax: number,
  count: number,
): number | undefined {
  reader.need(bytes)
  const { offset } = reader
  const within = new ByteReader(reader.bytes, reader.name, offset, offset + bytes)
  const head = within.varint()
  if (head % 2 === 1 || head / 2 < count) return undefined
  const level = within.u8()
  if (level > levelMax) throw corrupt(reader.name, `holds a level of ${level}`)
  reader.offset = offset + bytes
  return level
}

/**
 * The first `count` levels of a stretch of `bytes` bytes; the cursor ends behind the stretch. `isAll`: the stretch must
 * hold no more, since only the page's header says how long it is, which no checksum covers.
 */
export function readLevels(
  reader: ByteReader,
  bytes: number,
  levelMax: number,
  count: number,
  { isAll = false, into }: { readonly isAll?: boolean; readonly into?: Uint8Array } = {},
): Uint8Array {
  reader.need(bytes)
  if (count > pageEntriesMax) throw corrupt(reader.name, `holds a page of ${count} entries`)
  const within = new ByteReader(reader.bytes, reader.name, reader.offset, reader.offset + bytes)
  reader.offset += bytes
  const levels = into ?? new Uint8Array(count)
  readHybrid(within, bitWidthOf(levelMax), 0, count, levels)
  if (isAll && within.left > 0) throw corrupt(reader.name, 'holds more levels than entries')
  return levels
}

/** Bytes of a value of fixed width. */
export function widthOf(type: number, typeLength: number, name: string): number {
  if (type === physicalTypes.INT32) return 4
  if (type === physicalTypes.INT64 || type === physicalTypes.DOUBLE) return 8
  if (type === physicalTypes.FIXED_LEN_BYTE_ARRAY && typeLength > 0) return typeLength
  throw corrupt(name, `is of type ${type}`)
}
