import { ByteReader, corrupt } from '../parquet/byte-reader.ts'
import type { ByteWriter } from '../parquet/byte-writer.ts'
import { type Footer, readFooter } from '../parquet/footer.ts'
import type { Codec } from '../ports/codec.ts'

/** Behind the frame: its size and that of the footer in it. */
const trailerBytes = 8

/** A footer that claims to be larger is broken: 400 columns take about 50 KB. */
const footerBytesMax = 16 * 1024 * 1024

/** The footer of one row group, compressed, right behind the group's chunks. */
export function writeMiniFooter(file: ByteWriter, footer: Uint8Array, codec: Codec): void {
  const frame = codec.zstd(footer)
  file.append(frame)
  file.u32(frame.length)
  file.u32(footer.length)
}

/** Reads the footer at the end of `bytes`, a row group's range. Throws kind `corrupt`. */
export function readMiniFooter(bytes: Uint8Array, codec: Codec): Footer {
  const name = 'row group footer'
  const trailer = new ByteReader(bytes, name, Math.max(bytes.length - trailerBytes, 0))
  const frameBytes = trailer.u32()
  const footerBytes = trailer.u32()
  if (frameBytes > bytes.length - trailerBytes || footerBytes > footerBytesMax) {
    throw corrupt(name, `claims ${footerBytes} bytes in a frame of ${frameBytes}`)
  }
  const frame = bytes.subarray(
    bytes.length - trailerBytes - frameBytes,
    bytes.length - trailerBytes,
  )
  return readFooter(codec.unzstd(frame, footerBytes), name)
}
