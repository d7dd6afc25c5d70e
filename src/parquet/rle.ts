// Parquet's hybrid of run lengths and bit packing:
// https://parquet.apache.org/docs/file-format/data-pages/encodings/#run-length-encoding--bit-packing-hybrid-rle--3
import { type ByteReader, corrupt } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'

/** Shorter repeats stay among the bit-packed values: a run costs two or more bytes and cuts a packed stretch in two. */
const runValuesMin = 16

/** Bits that hold every value up to `max`. */
export function bitWidthOf(max: number): number {
  return 32 - Math.clz32(max)
}

/** Appends the values in [from, to), each of at most `bitWidth` bits. */
export function writeHybrid(
  out: ByteWriter,
  values: Uint32Array | Uint8Array,
  from: number,
  to: number,
  bitWidth: number,
): void {
  let packedFrom = from
  let at = from
  while (at < to) {
    let end = at + 1
    const value = values[at]!
    while (end < to && values[end] === value) end++
    // Packed stretches hold multiples of 8 values unless they are the last: the run gives up its first few to fill one.
    const start = packedFrom + Math.ceil((at - packedFrom) / 8) * 8
    if (end - start >= runValuesMin || (end === to && start <= at && packedFrom === at)) {
      writePacked(out, values, packedFrom, start, bitWidth)
      writeRun(out, value, end - start, bitWidth)
      packedFrom = end
    }
    at = end
  }
  if (packedFrom < to) writePacked(out, values, packedFrom, to, bitWidth)
}

/** One value, `count` times. */
export function writeRun(out: ByteWriter, value: number, count: number, bitWidth: number): void {
  if (count === 0) return
  out.varint(count * 2)
  for (let bits = 0; bits < bitWidth; bits += 8) out.u8((value >>> bits) & 0xff)
}

function writePacked(
  out: ByteWriter,
  values: Uint32Array | Uint8Array,
  from: number,
  to: number,
  bitWidth: number,
): void {
  if (from === to) return
  const groups = Math.ceil((to - from) / 8)
  out.varint(groups * 2 + 1)
  packBits(out, values, from, to, groups * 8, bitWidth)
}

/** Packs [from, to) and zeros after them up to `count` values, lowest bits first. */
function packBits(
  out: ByteWriter,
  values: Uint32Array | Uint8Array,
  from: number,
  to: number,
  count: number,
  bitWidth: number,
): void {
  const byteCount = (count * bitWidth) >>> 3
  out.reserve(byteCount)
  const { bytes } = out
  let at = out.length
  out.length += byteCount
  if (bitWidth === 8) {
    for (let i = from; i < to; i++) bytes[at++] = values[i]!
  } else if (bitWidth === 16) {
    for (let i = from; i < to; i++) {
      bytes[at++] = values[i]!
      bytes[at++] = values[i]! >>> 8
    }
  } else {
    // Up to 7 bits are waiting when up to 24 come: wider values are handed over in two parts.
    let waiting = 0
    let bits = 0
    for (let i = from; i < to; i++) {
      let value = values[i]!
      let width = bitWidth
      if (width > 24) {
        waiting |= (value & 0xffff) << bits
        bits += 16
        while (bits >= 8) {
          bytes[at++] = waiting
          waiting >>>= 8
          bits -= 8
        }
        value >>>= 16
        width -= 16
      }
      waiting |= value << bits
      bits += width
      while (bits >= 8) {
        bytes[at++] = waiting
        waiting >>>= 8
        bits -= 8
      }
    }
    if (bits > 0) bytes[at++] = waiting
  }
  bytes.fill(0, at, out.length)
}

/**
 * Reads values [from, to) of a stretch that begins at the cursor, without unpacking those before. `out` begins at 0.
 * Throws kind `corrupt` when the stretch ends early.
 */
export function readHybrid(
  reader: ByteReader,
  bitWidth: number,
  from: number,
  to: number,
  out: Uint32Array | Uint8Array,
): void {
  if (bitWidth > 32) throw corrupt(reader.name, `holds values of ${bitWidth} bits`)
  let at = 0
  while (at < to) {
    const head = reader.varint()
    if (head % 2 === 0) {
      const count = head / 2
      if (count === 0) throw corrupt(reader.name, 'holds an empty run')
      let value = 0
      for (let bits = 0; bits < bitWidth; bits += 8) value |= reader.u8() << bits
      const first = Math.max(at, from)
      const last = Math.min(at + count, to)
      if (first < last) out.fill(value >>> 0, first - from, last - from)
      at += count
    } else {
      const count = ((head - 1) / 2) * 8
      if (count === 0) throw corrupt(reader.name, 'holds an empty stretch')
      const packed = reader.take((count / 8) * bitWidth)
      const first = Math.max(at, from)
      const last = Math.min(at + count, to)
      if (first < last) unpackBits(packed, first - at, last - at, bitWidth, out, first - from)
      at += count
    }
  }
}

function unpackBits(
  packed: Uint8Array,
  from: number,
  to: number,
  bitWidth: number,
  out: Uint32Array | Uint8Array,
  outFrom: number,
): void {
  if (bitWidth === 0) {
    out.fill(0, outFrom, outFrom + to - from)
  } else if (bitWidth === 8) {
    out.set(packed.subarray(from, to), outFrom)
  } else if (bitWidth <= 24) {
    unpackNarrow(packed, from, to, bitWidth, out, outFrom)
  } else {
    unpackWide(packed, from, to, bitWidth, out, outFrom)
  }
}

/** Up to 24 bits and 7 before them fit an integer of 32. */
function unpackNarrow(
  packed: Uint8Array,
  from: number,
  to: number,
  bitWidth: number,
  out: Uint32Array | Uint8Array,
  outFrom: number,
): void {
  const mask = (1 << bitWidth) - 1
  let bit = from * bitWidth
  for (let i = 0; i < to - from; i++) {
    const byte = bit >>> 3
    let value = packed[byte]!
    // Bytes past the end are undefined, which `<<` takes for 0: their bits belong to nobody.
    if (bitWidth > 1) value |= packed[byte + 1]! << 8
    if (bitWidth > 9) value |= (packed[byte + 2]! << 16) | (packed[byte + 3]! << 24)
    out[outFrom + i] = (value >>> (bit & 7)) & mask
    bit += bitWidth
  }
}

/** In doubles, since 32 bits and 7 before them are more than an integer has. */
function unpackWide(
  packed: Uint8Array,
  from: number,
  to: number,
  bitWidth: number,
  out: Uint32Array | Uint8Array,
  outFrom: number,
): void {
  for (let i = from; i < to; i++) {
    const bit = i * bitWidth
    const byte = Math.floor(bit / 8)
    let value = 0
    for (let part = 4; part >= 0; part--) value = value * 0x100 + (packed[byte + part] ?? 0)
    out[outFrom + i - from] = Math.floor(value / 2 ** (bit & 7)) % 2 ** bitWidth
  }
}
