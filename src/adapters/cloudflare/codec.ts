import { hash } from 'node:crypto'
import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { SpanlakeError } from '../../errors.ts'
import type { Codec } from '../../ports/codec.ts'
import { rawZstdFrame } from './raw-zstd-frame.ts'

const zstdParams = {
  [constants.ZSTD_c_compressionLevel]: 1,
  [constants.ZSTD_c_checksumFlag]: 1,
}

/**
 * workerd fails with "Unexpected end of file" when a frame comes out longer than about 40 KB (cloudflare/workerd#6769);
 * an input of this size cannot.
 */
const zstdInputBytesMax = 32 * 1024

/**
 * workerd counts the buffers that it makes while inflating, not what comes out: a bound close to the size is met too
 * early ("Memory limit exceeded"). So it gets this much more, and we count ourselves.
 */
const inflateSlackBytes = 1024 * 1024

/**
 * node:zlib as workerd has it (decisions/006-zstd-in-workerd.md). Bodies travel as gzip, which has no such limits; what
 * is too large for one zstd frame of workerd's is kept in a frame that is not compressed, which every reader knows.
 */
export const workerdCodec: Codec = {
  bodyEncoding: 'gzip',

  zstd(bytes) {
    if (bytes.length > zstdInputBytesMax) return rawZstdFrame(bytes)
    return new Uint8Array(zstdCompressSync(bytes, { params: zstdParams }))
  },

  unzstd(frame, bytesOut) {
    const bytes = inflated(() =>
      zstdDecompressSync(frame, { maxOutputLength: 2 * bytesOut + inflateSlackBytes }),
    )
    if (bytes?.length === bytesOut) return bytes
    throw new SpanlakeError(
      'corrupt',
      `zstd frame must hold ${bytesOut} bytes, got ${bytes?.length}`,
    )
  },

  gunzip(gzipped, bytesMax) {
    const bytes = inflated(() =>
      gunzipSync(gzipped, { maxOutputLength: 2 * bytesMax + inflateSlackBytes }),
    )
    if (bytes === undefined) {
      throw new SpanlakeError('invalid', `gzip stream is broken, ${gzipped.length} bytes`)
    }
    if (bytes.length <= bytesMax) return bytes
    throw new SpanlakeError('too-large', `gzip stream must inflate to at most ${bytesMax} bytes`)
  },

  gzip: (bytes) => new Uint8Array(gzipSync(bytes, { level: 1 })),

  sha256(...parts) {
    const whole = new Uint8Array(parts.reduce((bytes, part) => bytes + part.length, 0))
    let at = 0
    for (const part of parts) {
      whole.set(part, at)
      at += part.length
    }
    return new Uint8Array(hash('sha256', whole, 'buffer'))
  },
}

function inflated(inflate: () => Uint8Array): Uint8Array | undefined {
  try {
    return new Uint8Array(inflate())
  } catch {
    return undefined
  }
}
