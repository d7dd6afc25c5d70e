import { ByteReader, corrupt } from '../parquet/byte-reader.ts'
import { ByteWriter } from '../parquet/byte-writer.ts'
import { crc32 } from '../span/crc32.ts'
import { isCount } from './json-fields.ts'
import { addOrdinals, everyOrdinal, type Ordinals, sameOrdinals } from './ordinals.ts'
import {
  buildTraceFilter,
  mightHoldTrace,
  readTraceFilter,
  type TraceFilter,
  traceFilterBytes,
} from './trace-filter.ts'

/** One envelope whose spans compaction has absorbed: by 16 bytes of id, these of its ordinals. */
export interface Receipt {
  readonly id: Uint8Array
  readonly ordinals: Ordinals
}

/** The receipts of one object. */
export interface ReceiptTable {
  readonly count: number
  find(id: Uint8Array): Ordinals | undefined
  /** Sorted by id. */
  all(): Iterable<Receipt>
}

export interface EncodedReceipts {
  readonly bytes: Uint8Array
  /** The first bytes, which hold the filter. */
  readonly filterBytes: number
}

/**
 * Full ids behind a filter: a false hit would lose spans, so the filter alone decides nothing but that an id is absent.
 *
 *     magic (8 bytes) · version u32 · receipts u32 · filter bytes u32 · CRC-32 of the filter u32 · filter
 *     ids, 16 bytes each, sorted · ordinals of each: ranges plus 1 (0: all), then gap and length · CRC-32 of both u32
 */
const magic = 'SPLKRCPT'
const version = 1
const headBytes = 24

/** Receipts of one id are joined. Throws kind `corrupt` for what `decodeReceipts` would refuse. */
export function encodeReceipts(receipts: readonly Receipt[]): EncodedReceipts {
  for (const { id, ordinals } of receipts) {
    if (id.length !== 16) throw corrupt('receipts', `must have ids of 16 bytes, got ${id.length}`)
    checkOrdinals(ordinals, 'receipts')
  }
  const sorted = joined(receipts)
  const ids = new Uint8Array(sorted.length * 16)
  for (const [i, { id }] of sorted.entries()) ids.set(id, i * 16)
  // Envelope ids are hashes of 16 bytes: the filter over trace ids is the one they need.
  const filter = traceFilterBytes(buildTraceFilter(ids))
  const out = new ByteWriter(headBytes + filter.length + ids.length + sorted.length + 8)
  out.append(new TextEncoder().encode(magic))
  out.u32(version)
  out.u32(sorted.length)
  out.u32(filter.length)
  out.u32(crc32(filter))
  out.append(filter)
  const from = out.length
  out.append(ids)
  for (const { ordinals } of sorted) writeOrdinals(out, ordinals)
  out.u32(crc32(out.view().subarray(from)))
  return { bytes: out.copy(), filterBytes: from }
}

function joined(receipts: readonly Receipt[]): Receipt[] {
  const list: Receipt[] = []
  for (const receipt of receipts.toSorted((a, b) => compareIds(a.id, 0, b.id))) {
    const last = list.at(-1)
    if (last && compareIds(last.id, 0, receipt.id) === 0) {
      list[list.length - 1] = {
        id: last.id,
        ordinals: addOrdinals(last.ordinals, receipt.ordinals),
      }
    } else list.push(receipt)
  }
  return list
}

function writeOrdinals(out: ByteWriter, ordinals: Ordinals): void {
  if (sameOrdinals(ordinals, everyOrdinal)) {
    out.varint(0)
    return
  }
  out.varint(ordinals.length + 1)
  let end = 0
  for (const [from, to] of ordinals) {
    out.varint(from - end)
    out.varint(to - from)
    end = to
  }
}

/** From the object's first `filterBytes` bytes, or all of them. Throws kind `corrupt`. */
export function decodeReceiptsFilter(prefix: Uint8Array, key: string): TraceFilter {
  const reader = new ByteReader(prefix, `receipts ${key}`)
  return readHead(reader).filter
}

/** False is a proof that the envelope has no receipt here. */
export function mightHoldEnvelope(filter: TraceFilter, envelopeId: Uint8Array): boolean {
  return mightHoldTrace(filter, envelopeId)
}

function readHead(reader: ByteReader): { count: number; filter: TraceFilter } {
  const { name } = reader
  if (String.fromCharCode(...reader.take(8)) !== magic)
    throw corrupt(name, `must begin with ${magic}`)
  const found = reader.u32()
  if (found < 1 || found > version) throw corrupt(name, `is of version ${found}`)
  const count = reader.u32()
  const filterBytes = reader.u32()
  const checksum = reader.u32()
  const filter = reader.take(filterBytes)
  if (crc32(filter) !== checksum) throw corrupt(name, 'does not have the checksum of its filter')
  return { count, filter: readTraceFilter(filter, name) }
}

/** Throws kind `corrupt`. The table shares memory with `bytes`. */
export function decodeReceipts(bytes: Uint8Array, key: string): ReceiptTable {
  const name = `receipts ${key}`
  const reader = new ByteReader(bytes, name)
  const { count } = readHead(reader)
  const from = reader.offset
  const ids = reader.take(count * 16)
  reader.need(count)
  const ordinals = Array.from({ length: count }, () => readOrdinals(reader))
  const to = reader.offset
  if (crc32(bytes.subarray(from, to)) !== reader.u32())
    throw corrupt(name, 'does not have its checksum')
  // The count is under no checksum: another one hardly ever ends where the bytes do.
  if (reader.left > 0)
    throw corrupt(name, `must end behind ${count} receipts, has ${reader.left} more bytes`)
  for (let i = 1; i < count; i++) {
    if (compareIds(ids, (i - 1) * 16, ids.subarray(i * 16, i * 16 + 16)) >= 0) {
      throw corrupt(name, `must have ascending ids, got ${i}`)
    }
  }
  return {
    count,
    find(id) {
      let [low, high] = [0, count]
      while (low < high) {
        const middle = (low + high) >>> 1
        const order = compareIds(ids, middle * 16, id)
        if (order === 0) return ordinals[middle]
        if (order < 0) low = middle + 1
        else high = middle
      }
      return undefined
    },
    *all() {
      for (let i = 0; i < count; i++) {
        yield { id: ids.subarray(i * 16, i * 16 + 16), ordinals: ordinals[i] as Ordinals }
      }
    },
  }
}

function readOrdinals(reader: ByteReader): Ordinals {
  const count = reader.varint()
  if (count === 0) return everyOrdinal
  reader.need((count - 1) * 2)
  let end = 0
  const ordinals = Array.from({ length: count - 1 }, () => {
    const from = end + reader.varint()
    end = from + reader.varint()
    return [from, end] as const
  })
  checkOrdinals(ordinals, reader.name)
  return ordinals
}

/** Runs before encoding and after decoding. */
function checkOrdinals(ordinals: Ordinals, name: string): void {
  if (sameOrdinals(ordinals, everyOrdinal)) return
  let end = -1
  for (const [from, to] of ordinals) {
    if (!isCount(from) || !isCount(to) || from <= end || to <= from) {
      throw corrupt(name, `must have ordinals that ascend, got ${from} to ${to} after ${end}`)
    }
    end = to
  }
}

function compareIds(ids: Uint8Array, at: number, id: Uint8Array): number {
  for (let i = 0; i < 16; i++) {
    const difference = ids[at + i]! - id[i]!
    if (difference !== 0) return difference
  }
  return 0
}
