import { readEnvelopeSpans, writeEnvelopeSpans } from '../index/envelope-spans.ts'
import { readTraceFilter, type TraceFilter, traceFilterBytes } from '../index/trace-filter.ts'
import { ByteReader, corrupt } from '../parquet/byte-reader.ts'
import { ByteWriter } from '../parquet/byte-writer.ts'
import { crc32 } from '../span/crc32.ts'
import type { FreshFileContents } from './fresh-file.ts'

/** The version of fresh files that is written. Readers take this one and all before it. */
export const freshFileVersion = 1

/**
 * What a lookup needs of a fresh file, in front of the Parquet footer, so that one read of the file's end gives it
 * without parsing that footer:
 *
 *     contents · row groups · trace filter · summaries
 *     4 lengths · CRC-32 of all before · version · magic        (u32 each; magic 8 bytes)
 *     Parquet footer · its length · PAR1
 */
export interface FreshTail {
  readonly version: number
  readonly contents: FreshFileContents
  readonly rows: number
  readonly traces: number
  /** Bounds in nanoseconds, signed as they are stored; all 0 in a file without rows. */
  readonly startMinNs: bigint
  readonly startMaxNs: bigint
  readonly endMaxNs: bigint
  readonly rowGroups: readonly FreshRowGroup[]
  readonly filter: TraceFilter
  /** For `findTraceRows` and `decodeSummaries`. */
  readonly summaries: Uint8Array
}

export interface FreshRowGroup {
  /** The chunks and the group's own footer behind them, one range of the file. */
  readonly offset: number
  readonly bytes: number
  readonly footerOffset: number
  readonly footerBytes: number
  /** Rows of the file, of which this group has `rows` from `firstRow` on. */
  readonly firstRow: number
  readonly rows: number
  readonly minTraceId: Uint8Array
  readonly maxTraceId: Uint8Array
}

/** `SPLKTAIL`. */
const magic = new TextEncoder().encode('SPLKTAIL')
const trailerBytes = 4 * 4 + 4 + 4 + 8
const name = 'fresh file tail'

export function writeFreshTail(file: ByteWriter, tail: Omit<FreshTail, 'version'>): void {
  const sections = [
    contentsSection(tail),
    groupsSection(tail.rowGroups),
    traceFilterBytes(tail.filter),
    tail.summaries,
  ]
  const start = file.length
  for (const section of sections) file.append(section)
  for (const section of sections) file.u32(section.length)
  file.u32(crc32(file.view().subarray(start)))
  file.u32(freshFileVersion)
  file.append(magic)
}

function contentsSection({ contents, ...tail }: Omit<FreshTail, 'version'>): Uint8Array {
  const out = new ByteWriter()
  writeText(out, contents.tenant)
  writeText(out, contents.region)
  out.u8(contents.stray ? 1 : 0)
  out.varint(contents.receivedFromMs)
  out.varint(contents.receivedToMs)
  writeEnvelopeSpans(out, contents.envelopes, contents.receivedFromMs)
  out.varint(tail.rows)
  out.varint(tail.traces)
  out.i64(tail.startMinNs)
  out.i64(tail.startMaxNs)
  out.i64(tail.endMaxNs)
  return out.view()
}

function writeText(out: ByteWriter, text: string): void {
  const bytes = new TextEncoder().encode(text)
  out.varint(bytes.length)
  out.append(bytes)
}

function groupsSection(groups: readonly FreshRowGroup[]): Uint8Array {
  const out = new ByteWriter()
  out.varint(groups.length)
  for (const group of groups) {
    out.varint(group.offset)
    out.varint(group.bytes)
    out.varint(group.footerBytes)
    out.varint(group.rows)
    out.append(group.minTraceId)
    out.append(group.maxTraceId)
  }
  return out.view()
}

export type NeedsMore = { readonly kind: 'needs-more'; readonly suffixBytes: number }

/**
 * Reads the tail from the last bytes of a file of `fileBytes`; when they do not reach far enough, says how many last
 * bytes do. Throws kind `corrupt` for what is no fresh file, or a broken one.
 */
export function decodeFreshTail(suffix: Uint8Array, fileBytes: number): FreshTail | NeedsMore {
  if (suffix.length > fileBytes) throw corrupt(name, `must be within ${fileBytes} bytes`)
  if (suffix.length < 8) return needsMore(8, fileBytes)
  const parquetEnd = new ByteReader(suffix, name, suffix.length - 8)
  const footerBytes = parquetEnd.u32()
  if (String.fromCharCode(...parquetEnd.take(4)) !== 'PAR1') throw corrupt(name, 'must end in PAR1')
  const behind = footerBytes + 8
  if (suffix.length < behind + trailerBytes) return needsMore(behind + trailerBytes, fileBytes)
  const trailer = new ByteReader(suffix, name, suffix.length - behind - trailerBytes)
  const lengths = [trailer.u32(), trailer.u32(), trailer.u32(), trailer.u32()]
  const checksum = trailer.u32()
  const version = trailer.u32()
  if (!trailer.take(8).every((byte, i) => byte === magic[i]))
    throw corrupt(name, 'must carry SPLKTAIL')
  if (version < 1 || version > freshFileVersion) throw corrupt(name, `is of version ${version}`)
  const sectionBytes = lengths.reduce((sum, length) => sum + length, 0)
  const whole = behind + trailerBytes + sectionBytes
  if (suffix.length < whole) return needsMore(whole, fileBytes)
  const start = suffix.length - whole
  const checked = suffix.subarray(start, suffix.length - behind - trailerBytes + 16)
  if (crc32(checked) !== checksum) throw corrupt(name, 'does not have its checksum')
  return readSections(suffix.subarray(start, start + sectionBytes), lengths, version)
}

function needsMore(suffixBytes: number, fileBytes: number): NeedsMore {
  if (suffixBytes > fileBytes) throw corrupt(name, `claims ${suffixBytes} bytes of ${fileBytes}`)
  return { kind: 'needs-more', suffixBytes }
}

function readSections(bytes: Uint8Array, lengths: readonly number[], version: number): FreshTail {
  const all = new ByteReader(bytes, name)
  const [contents, groups, filter, summaries] = lengths.map((length) => all.take(length))
  const reader = new ByteReader(contents!, name)
  const fileContents = readContents(reader)
  return {
    version,
    contents: fileContents,
    rows: reader.varint(),
    traces: reader.varint(),
    startMinNs: reader.i64(),
    startMaxNs: reader.i64(),
    endMaxNs: reader.i64(),
    rowGroups: readGroups(new ByteReader(groups!, name)),
    filter: readTraceFilter(filter!, name),
    summaries: summaries!.slice(),
  }
}

function readContents(reader: ByteReader): FreshFileContents {
  const tenant = readText(reader)
  const region = readText(reader)
  const stray = reader.u8() === 1
  const receivedFromMs = reader.varint()
  const receivedToMs = reader.varint()
  const envelopes = readEnvelopeSpans(reader, receivedFromMs)
  return { tenant, region, stray, envelopes, receivedFromMs, receivedToMs }
}

function readText(reader: ByteReader): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(reader.take(reader.varint()))
}

function readGroups(reader: ByteReader): FreshRowGroup[] {
  const count = reader.varint()
  reader.need(count * 36)
  let firstRow = 0
  return Array.from({ length: count }, () => {
    const offset = reader.varint()
    const bytes = reader.varint()
    const footerBytes = reader.varint()
    const rows = reader.varint()
    const minTraceId = reader.take(16).slice()
    const maxTraceId = reader.take(16).slice()
    const footerOffset = offset + bytes - footerBytes
    if (footerOffset < offset) throw corrupt(name, `places a footer at ${footerOffset}`)
    firstRow += rows
    return {
      offset,
      bytes,
      footerOffset,
      footerBytes,
      firstRow: firstRow - rows,
      rows,
      minTraceId,
      maxTraceId,
    }
  })
}
