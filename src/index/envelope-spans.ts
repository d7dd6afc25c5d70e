import { type ByteReader, corrupt } from '../parquet/byte-reader.ts'
import { ByteWriter } from '../parquet/byte-writer.ts'
import type { Codec } from '../ports/codec.ts'

/** The spans of one envelope that a file holds. */
export interface EnvelopeSpans {
  /** 16 bytes. */
  readonly id: Uint8Array
  /** Places on the wire, as half-open ranges that ascend and do not touch; undefined: all spans on the wire. */
  readonly ordinals: readonly (readonly [from: number, to: number])[] | undefined
  /** When the door took it, in ms since 1970. */
  readonly receivedMs: number
}

/**
 * The id of the fresh file that holds exactly these spans, in whatever order they are listed: 32 hex digits, the first
 * 16 bytes of SHA-256 over the tenant and the sorted list. Times of receipt are no part of it: a redelivery is the same.
 */
export function freshFileId(tenant: string, list: readonly EnvelopeSpans[], codec: Codec): string {
  const out = new ByteWriter(64 + list.length * 20)
  const name = new TextEncoder().encode(tenant)
  out.varint(name.length)
  out.append(name)
  out.varint(list.length)
  for (const spans of sorted(list)) writeOne(out, spans)
  const hash = codec.sha256(out.view()).subarray(0, 16)
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Whether two lists name the same spans, in whatever order. */
export function sameEnvelopeSpans(
  a: readonly EnvelopeSpans[],
  b: readonly EnvelopeSpans[],
): boolean {
  if (a.length !== b.length) return false
  const right = sorted(b)
  return sorted(a).every((spans, i) => compareEnvelopes(spans, right[i]!) === 0)
}

function sorted(list: readonly EnvelopeSpans[]): EnvelopeSpans[] {
  return [...list].sort(compareEnvelopes)
}

/** By id, then by ordinals: one envelope may stand in a list twice with different spans. */
function compareEnvelopes(a: EnvelopeSpans, b: EnvelopeSpans): number {
  for (let i = 0; i < 16; i++) if (a.id[i] !== b.id[i]) return a.id[i]! - b.id[i]!
  const left = a.ordinals?.flat() ?? [-1]
  const right = b.ordinals?.flat() ?? [-1]
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    if (left[i] !== right[i]) return left[i]! - right[i]!
  }
  return left.length - right.length
}

/** 16 bytes of id, the number of ranges plus 1 (0: all spans), then gap and length of each. */
function writeOne(out: ByteWriter, { id, ordinals }: EnvelopeSpans): void {
  out.append(id)
  out.varint(ordinals === undefined ? 0 : ordinals.length + 1)
  let end = 0
  for (const [from, to] of ordinals ?? []) {
    out.varint(from - end)
    out.varint(to - from)
    end = to
  }
}

/** Writes a list as it is, with times of receipt relative to `receivedFromMs`, the least of them. */
export function writeEnvelopeSpans(
  out: ByteWriter,
  list: readonly EnvelopeSpans[],
  receivedFromMs: number,
): void {
  out.varint(list.length)
  for (const spans of list) {
    writeOne(out, spans)
    out.varint(spans.receivedMs - receivedFromMs)
  }
}

/** The inverse of `writeEnvelopeSpans`. Throws kind `corrupt`. */
export function readEnvelopeSpans(reader: ByteReader, receivedFromMs: number): EnvelopeSpans[] {
  const count = reader.varint()
  if (count * 18 > reader.left) throw corrupt(reader.name, `is too short for ${count} envelopes`)
  return Array.from({ length: count }, () => {
    const id = reader.take(16).slice()
    const ordinals = readOrdinals(reader)
    return { id, ordinals, receivedMs: receivedFromMs + reader.varint() }
  })
}

function readOrdinals(reader: ByteReader): [number, number][] | undefined {
  const count = reader.varint()
  if (count === 0) return undefined
  reader.need((count - 1) * 2)
  let end = 0
  return Array.from({ length: count - 1 }, () => {
    const from = end + reader.varint()
    end = from + reader.varint()
    return [from, end]
  })
}
