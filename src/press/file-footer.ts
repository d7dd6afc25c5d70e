import { ByteReader, corrupt } from '../parquet/byte-reader.ts'
import type { ByteWriter } from '../parquet/byte-writer.ts'
import { type Footer, readFooter } from '../parquet/footer.ts'
import type { NeedsMore } from './fresh-tail.ts'

/** `PAR1` in front and at the end of a Parquet file. */
export const parquetMagic = new TextEncoder().encode('PAR1')
const name = 'parquet footer'

/** Ends a file: its footer, the footer's length, the magic. */
export function writeFileEnd(file: ByteWriter, footer: Uint8Array): void {
  file.append(footer)
  file.u32(footer.length)
  file.append(parquetMagic)
}

/**
 * The Parquet footer of a file of `fileBytes` from its last bytes; when they do not reach far enough, says how many
 * last bytes do. Throws kind `corrupt`.
 */
export function decodeFooterSuffix(
  suffix: Uint8Array,
  fileBytes: number,
  options: { readonly knowledge?: boolean } = {},
): Footer | NeedsMore {
  if (suffix.length > fileBytes) throw corrupt(name, `must be within ${fileBytes} bytes`)
  if (suffix.length < 8) return needsMore(8, fileBytes)
  const end = new ByteReader(suffix, name, suffix.length - 8)
  const footerBytes = end.u32()
  if (!end.take(4).every((byte, i) => byte === parquetMagic[i])) {
    throw corrupt(name, 'must end in PAR1')
  }
  const whole = footerBytes + 8
  if (suffix.length < whole) return needsMore(whole, fileBytes)
  return readFooter(suffix.subarray(suffix.length - whole, suffix.length - 8), name, options)
}

function needsMore(suffixBytes: number, fileBytes: number): NeedsMore {
  if (suffixBytes > fileBytes) throw corrupt(name, `claims ${suffixBytes} bytes of ${fileBytes}`)
  return { kind: 'needs-more', suffixBytes }
}
