import { ByteReader, corrupt } from '../parquet/byte-reader.ts'
import { ByteWriter } from '../parquet/byte-writer.ts'
import type { Codec } from '../ports/codec.ts'

/** What a list of traces says of one, as far as one file knows it. */
export interface TraceSummary {
  /** 16 bytes. */
  readonly traceId: Uint8Array
  /** The least start and the greatest end, signed as they are stored. */
  readonly startNs: bigint
  readonly endNs: bigint
  /** Of the root; all undefined when the file holds no span without a parent. See `isRootBefore`. */
  readonly rootStartNs: bigint | undefined
  readonly rootService: string | undefined
  readonly rootName: string | undefined
  readonly spans: number
  /** Spans with status code 2, ERROR. */
  readonly errors: number
  /** Distinct `service.name`s, sorted. */
  readonly services: readonly string[]
}

/** What decides between roots. */
export type TraceRoot = Pick<TraceSummary, 'rootStartNs' | 'rootService' | 'rootName'>

/**
 * Whether a's root is the trace's rather than b's: of several spans without a parent the one that starts first, then by
 * name and service. (Ids would decide ties as well, but 8 random bytes a trace are too much to keep for so little.) It
 * must be the same within a file, over files and after a merge, or a trace changes its name as it is compacted.
 */
export function isRootBefore(a: TraceRoot, b: TraceRoot): boolean {
  if (a.rootStartNs === undefined) return false
  if (b.rootStartNs === undefined) return true
  if (a.rootStartNs !== b.rootStartNs) return a.rootStartNs < b.rootStartNs
  return compareRootTexts(a.rootName, a.rootService, b.rootName, b.rootService) < 0
}

/** The order of roots that start together; no service stands before all others. */
export function compareRootTexts(
  name: string | undefined,
  service: string | undefined,
  otherName: string | undefined,
  otherService: string | undefined,
): number {
  return compareTexts(name, otherName) || compareTexts(service, otherService)
}

function compareTexts(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1
  return a < b ? -1 : 1
}

/** The same as columns over a dictionary of strings, in the order of trace ids: the order of the file's rows. */
export interface Summaries {
  /** 16 bytes a trace. */
  readonly traceIds: Uint8Array
  readonly spans: Uint32Array
  readonly errors: Uint32Array
  readonly startNs: BigInt64Array
  readonly endNs: BigInt64Array
  readonly strings: readonly string[]
  /** Where there is a root; elsewhere as `startNs`. */
  readonly rootStartNs: BigInt64Array
  /** Indexes into `strings` plus 1; 0: no root. */
  readonly rootServices: Uint32Array
  readonly rootNames: Uint32Array
  /** Services of trace i are those from `firstService[i]` to before `firstService[i + 1]`, indexes into `strings`. */
  readonly firstService: Uint32Array
  readonly services: Uint32Array
}

/** Summaries of a claimed size are believed up to here: a file has fewer spans, and a span's strings are bounded. */
const rawBytesMax = 256 * 1024 * 1024

/**
 * Two frames, since a lookup needs only the first: ids in planes of bytes (the high ones hardly change from id to id)
 * with span counts; then all the rest.
 */
export function encodeSummaries(summaries: Summaries, codec: Codec): Uint8Array {
  const count = summaries.spans.length
  const out = new ByteWriter(count * 32)
  out.varint(count)
  const places = new ByteWriter(count * 18)
  for (let byte = 0; byte < 16; byte++) {
    for (let i = 0; i < count; i++) places.u8(summaries.traceIds[i * 16 + byte]!)
  }
  for (const spans of summaries.spans) places.varint(spans)
  writeFrame(out, places, codec)
  writeFrame(out, writeRest(summaries), codec)
  return out.copy()
}

function writeFrame(out: ByteWriter, raw: ByteWriter, codec: Codec): void {
  const frame = codec.zstd(raw.view())
  out.varint(raw.length)
  out.varint(frame.length)
  out.append(frame)
}

function writeRest(summaries: Summaries): ByteWriter {
  const out = new ByteWriter(summaries.spans.length * 16)
  const encoder = new TextEncoder()
  out.varint(summaries.strings.length)
  for (const text of summaries.strings) {
    const bytes = encoder.encode(text)
    out.varint(bytes.length)
    out.append(bytes)
  }
  for (const errors of summaries.errors) out.varint(errors)
  for (const id of summaries.rootServices) out.varint(id)
  for (const id of summaries.rootNames) out.varint(id)
  const { firstService } = summaries
  for (let i = 0; i < summaries.spans.length; i++)
    out.varint(firstService[i + 1]! - firstService[i]!)
  for (const id of summaries.services) out.varint(id)
  // Starts as they are: neighbours by id are no neighbours in time. Ends as the distance, modulo 2^64.
  for (const start of summaries.startNs) out.i64(start)
  for (const [i, end] of summaries.endNs.entries()) out.varint64(end - summaries.startNs[i]!)
  // A root nearly always starts its trace: zeros.
  for (const [i, start] of summaries.rootStartNs.entries()) {
    out.varint64(start - summaries.startNs[i]!)
  }
  return out
}

/** Where the trace's rows lie in a file whose row order these summaries follow; undefined when it has none. */
export function findTraceRows(
  bytes: Uint8Array,
  traceId: Uint8Array,
  codec: Codec,
): { from: number; to: number } | undefined {
  const { count, places } = readPlaces(bytes, codec)
  const index = indexOfId(places, count, traceId)
  const spans = new ByteReader(places, name, count * 16)
  let from = 0
  for (let i = 0; i < count; i++) {
    const rows = spans.varint()
    if (i === index) return { from, to: from + rows }
    from += rows
  }
  return undefined
}

const name = 'trace summaries'

function readPlaces(
  bytes: Uint8Array,
  codec: Codec,
): { count: number; places: Uint8Array; rest: ByteReader } {
  const reader = new ByteReader(bytes, name)
  const count = reader.varint()
  const places = readFrame(reader, codec)
  if (places.length < count * 17) throw corrupt(name, `are too short for ${count} traces`)
  return { count, places, rest: reader }
}

function readFrame(reader: ByteReader, codec: Codec): Uint8Array {
  const rawBytes = reader.varint()
  if (rawBytes > rawBytesMax) throw corrupt(name, `claim ${rawBytes} bytes`)
  return codec.unzstd(reader.take(reader.varint()), rawBytes)
}

/** Binary search among ids in planes; -1 when it is not there. */
function indexOfId(planes: Uint8Array, count: number, id: Uint8Array): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    let order = 0
    for (let byte = 0; byte < 16 && order === 0; byte++)
      order = planes[byte * count + middle]! - id[byte]!
    if (order === 0) return middle
    if (order < 0) low = middle + 1
    else high = middle
  }
  return -1
}

/** Throws kind `corrupt`. */
export function decodeSummaries(bytes: Uint8Array, codec: Codec): TraceSummary[] {
  const { count, places, rest } = readPlaces(bytes, codec)
  const reader = new ByteReader(readFrame(rest, codec), name)
  const spans = readVarints(new ByteReader(places, name, count * 16), count)
  const strings = readStrings(reader)
  const errors = readVarints(reader, count)
  const rootServices = readVarints(reader, count)
  const rootNames = readVarints(reader, count)
  const serviceCounts = readVarints(reader, count)
  const services = serviceCounts.map((services) => readVarints(reader, services))
  const starts = Array.from({ length: count }, () => reader.i64())
  const text = (id: number) => {
    const found = strings[id]
    if (found === undefined) throw corrupt(name, `have no string ${id}`)
    return found
  }
  const after = (startNs: bigint) => BigInt.asIntN(64, startNs + reader.varint64())
  const ends = starts.map(after)
  const rootStarts = starts.map(after)
  return starts.map((startNs, i) => ({
    traceId: Uint8Array.from({ length: 16 }, (_, byte) => places[byte * count + i]!),
    startNs,
    endNs: ends[i]!,
    rootStartNs: rootNames[i] === 0 ? undefined : rootStarts[i]!,
    rootService: rootServices[i] === 0 ? undefined : text(rootServices[i]! - 1),
    rootName: rootNames[i] === 0 ? undefined : text(rootNames[i]! - 1),
    spans: spans[i]!,
    errors: errors[i]!,
    services: services[i]!.map(text),
  }))
}

function readVarints(reader: ByteReader, count: number): number[] {
  reader.need(count)
  return Array.from({ length: count }, () => reader.varint())
}

function readStrings(reader: ByteReader): string[] {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const count = reader.varint()
  reader.need(count)
  return Array.from({ length: count }, () => decoder.decode(reader.take(reader.varint())))
}
