import { xxhash64 } from '../../parquet/xxhash64.ts'

// RFC 8878, sections 3.1.1 (frame) and 3.1.1.2 (blocks)
const magic = 0xfd2fb528
/** Single segment, content size in four bytes, a checksum behind the last block, no dictionary. */
const descriptor = 0b1010_0100
const headerBytes = 4 + 1 + 4
const blockHeaderBytes = 3
const blockBytesMax = 128 * 1024
const checksumBytes = 4
const lastBlock = 1

/** The bytes as a zstd frame of raw blocks: as long as they are, and read by every decoder. */
export function rawZstdFrame(bytes: Uint8Array): Uint8Array {
  const blocks = Math.max(1, Math.ceil(bytes.length / blockBytesMax))
  const length = headerBytes + blocks * blockHeaderBytes + bytes.length + checksumBytes
  const frame = new Uint8Array(length)
  const view = new DataView(frame.buffer)
  view.setUint32(0, magic, true)
  frame[4] = descriptor
  view.setUint32(5, bytes.length, true)
  let at = headerBytes
  for (let block = 0; block < blocks; block++) {
    const part = bytes.subarray(block * blockBytesMax, (block + 1) * blockBytesMax)
    const header = (part.length << 3) | (block === blocks - 1 ? lastBlock : 0)
    frame[at] = header & 0xff
    frame[at + 1] = (header >>> 8) & 0xff
    frame[at + 2] = header >>> 16
    frame.set(part, at + blockHeaderBytes)
    at += blockHeaderBytes + part.length
  }
  view.setUint32(at, xxhash64(bytes, 0, bytes.length).low, true)
  return frame
}
