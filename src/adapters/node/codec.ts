import { createHash, hash } from 'node:crypto'
import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { SpanlakeError } from '../../errors.ts'
import type { Codec } from '../../ports/codec.ts'

/** What zstd frames carry besides the bytes: their size and a checksum, which finds broken disks for 4 bytes a frame. */
const zstdParams = {
  [constants.ZSTD_c_compressionLevel]: 1,
  [constants.ZSTD_c_checksumFlag]: 1,
}

/** Level 1 costs half of level 6; bodies are compressed again, by column, within seconds. */
const gzipLevel = 1

/** node:zlib and node:crypto as a `Codec`. workerd has both modules too. */
export const nodeCodec: Codec = {
  bodyEncoding: 'zstd',
  zstd: (bytes) =>
    plainBytes(zstdCompressSync(bytes, { params: zstdParams, chunkSize: roomFor(bytes.length) })),
  unzstd,
  gunzip,
  gzip: (bytes) => plainBytes(gzipSync(bytes, { level: gzipLevel })),
  sha256,
}

function unzstd(frame: Uint8Array, bytesOut: number): Uint8Array {
  // `maxOutputLength` may not be 0, and one byte of room shows a frame that holds more than it should.
  const bytes = unzstdUpTo(frame, bytesOut + 1)
  if (bytes.length !== bytesOut) {
    throw new SpanlakeError(
      'corrupt',
      `zstd frame must hold ${bytesOut} bytes, got ${bytes.length}`,
    )
  }
  return bytes
}

function unzstdUpTo(frame: Uint8Array, bytesMax: number): Uint8Array {
  try {
    return plainBytes(
      zstdDecompressSync(frame, { maxOutputLength: bytesMax, chunkSize: roomFor(bytesMax) }),
    )
  } catch (cause) {
    throw new SpanlakeError('corrupt', `zstd frame is broken, ${frame.length} bytes`, { cause })
  }
}

/**
 * node:zlib makes buffers of `chunkSize` (16 KB unless told) and joins them: what is small gets one of its size. A claim
 * of megabytes is believed as it comes true.
 */
function roomFor(bytes: number): number {
  return Math.min(bytes + 64, 1024 * 1024)
}

function gunzip(bytes: Uint8Array, bytesMax: number): Uint8Array {
  try {
    // Concatenated members come out as one; `maxOutputLength` holds for all of them together.
    const out = gunzipSync(bytes, {
      maxOutputLength: Math.max(bytesMax, 1),
      chunkSize: roomFor(claimedBytes(bytes)),
    })
    if (out.length > bytesMax) throw tooLarge(bytesMax)
    return plainBytes(out)
  } catch (cause) {
    if (cause instanceof SpanlakeError) throw cause
    if (codeOf(cause) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(bytesMax)
    throw new SpanlakeError('invalid', `gzip stream is broken, ${bytes.length} bytes`, { cause })
  }
}

function tooLarge(bytesMax: number): SpanlakeError {
  return new SpanlakeError('too-large', `gzip stream must inflate to at most ${bytesMax} bytes`)
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

/** What the trailer says of the last member's size (RFC 1952, ISIZE): a first guess, never believed further. */
function claimedBytes(gzipped: Uint8Array): number {
  const end = gzipped.length
  if (end < 18) return 0
  return new DataView(gzipped.buffer, gzipped.byteOffset, end).getUint32(end - 4, true)
}

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return plainBytes(hash('sha256', only, 'buffer'))
  const hashing = createHash('sha256')
  for (const part of parts) hashing.update(part)
  return plainBytes(hashing.digest())
}

/** A Buffer's `slice` shares memory where a Uint8Array's copies: nobody outside gets to see one. */
function plainBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}
