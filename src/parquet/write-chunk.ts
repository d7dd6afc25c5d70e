import { pageValueBytes } from '../limits.ts'
import type { Codec } from '../ports/codec.ts'
import { crc32 } from '../span/crc32.ts'
import { ByteWriter } from './byte-writer.ts'
import { codecUncompressed, codecZstd, type Statistics } from './footer.ts'
import {
  encodingPlain,
  encodingRle,
  encodingRleDictionary,
  type PageHeader,
  writePageHeader,
} from './page-header.ts'
import { bitWidthOf, writeHybrid } from './rle.ts'
import type { Leaf } from './schema.ts'

/** One column of one row group, ready to be laid into pages. */
export interface ChunkInput {
  readonly leaf: Leaf
  readonly rows: number
  /** Level entries: rows, where nothing repeats. */
  readonly entries: number
  /** Values that are not null. */
  readonly count: number
  /** One a level entry; undefined where the column's maximum is 0. */
  readonly definition: Uint8Array | undefined
  readonly repetition: Uint8Array | undefined
  readonly values: ChunkValues
  readonly statistics: Statistics | undefined
}

/** The values that are not null. */
export type ChunkValues =
  /** `plain` holds the distinct values, PLAIN-encoded; `ids` name them. */
  | {
      readonly kind: 'dictionary'
      readonly entries: number
      readonly plain: Uint8Array
      readonly ids: Uint32Array
    }
  /** `width` bytes a value, PLAIN. (BYTE_STREAM_SPLIT is smaller; DuckDB 1.5.5 reads no integers in it.) */
  | {
      readonly kind: 'fixed'
      readonly width: number
      readonly bytes: Uint8Array
    }
  /** PLAIN byte arrays with their lengths; value i begins at `starts[i]`. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly starts: Uint32Array }
  /** Booleans, 0 or 1. */
  | { readonly kind: 'bits'; readonly bits: Uint8Array }

export interface EncodedChunk {
  /** Dictionary page and data pages. */
  readonly bytes: Uint8Array
  /** 0 without a dictionary. */
  readonly dictionaryPageBytes: number
  /** Pages before compression, with their headers. */
  readonly rawBytes: number
  readonly values: number
  readonly codec: number
  readonly encodings: readonly number[]
  readonly statistics: Statistics | undefined
}

/** A zstd frame costs 17 bytes and 15 µs at each reading: chunks up to this size stay as they are. */
const rawBytesUncompressedMax = 160

/** Ids in fewer bytes than this take as few bits as they can; more of them take whole bytes, for zstd to see patterns. */
const packedIdBytesMax = 64

/** Room for a page's header. */
const pageHeaderBytesMax = 56

/** Level entries a page has at least, however large its values are. */
const pageEntriesMin = 64

interface RawPage {
  readonly header: PageHeader
  /** Levels that stay uncompressed (nested pages), then the rest. */
  readonly levels: Uint8Array
  readonly body: Uint8Array
}

/**
 * What one chunk is made in and the next one again: a merge makes thousands, and the collector lets tens of megabytes of
 * such memory gather before it looks. Nothing outlives `encodeChunk` in it.
 */
let scratch = { pages: new ByteWriter(), chunk: new ByteWriter() }
const scratchBytesMax = 4 * 1024 * 1024

export function encodeChunk(input: ChunkInput, codec: Codec): EncodedChunk {
  clearScratch()
  const pages = rawPages(input)
  const rawBytes = pages.reduce((sum, page) => sum + page.header.rawBytes, 0)
  const packed =
    rawBytes > rawBytesUncompressedMax ? pages.map((page) => codec.zstd(page.body)) : []
  const packedBytes = packed.reduce((sum, bytes) => sum + bytes.length, 0)
  // Random ids do not shrink: their readers are spared the attempt.
  const useZstd = packed.length > 0 && packedBytes < rawBytes * 0.95
  return layPages(input, pages, useZstd ? packed : undefined)
}

function clearScratch(): void {
  const { pages, chunk } = scratch
  if (pages.bytes.length + chunk.bytes.length > scratchBytesMax) {
    scratch = { pages: new ByteWriter(), chunk: new ByteWriter() }
  }
  scratch.pages.length = 0
  scratch.chunk.length = 0
}

function layPages(
  input: ChunkInput,
  pages: readonly RawPage[],
  packed: readonly Uint8Array[] | undefined,
): EncodedChunk {
  const bodies = (packed ?? pages.map(({ body }) => body)).reduce(
    (sum, { length }) => sum + length,
    0,
  )
  const levels = pages.reduce((sum, page) => sum + page.levels.length, 0)
  const out = scratch.chunk
  out.reserve(bodies + levels + pages.length * pageHeaderBytesMax)
  let dictionaryPageBytes = 0
  let saved = 0
  for (const [i, page] of pages.entries()) {
    const body = packed?.[i] ?? page.body
    const bytes = page.levels.length + body.length
    // A zstd frame has a checksum of its own; levels, and pages that stay as they are, have none.
    const isBare = packed === undefined || page.levels.length > 0
    const crc = isBare ? crc32(body, crc32(page.levels)) | 0 : undefined
    const header =
      page.header.kind === 'nested'
        ? { ...page.header, bytes, crc, compressed: packed !== undefined }
        : { ...page.header, bytes, crc }
    writePageHeader(out, header)
    out.append(page.levels)
    out.append(body)
    saved += page.header.rawBytes - bytes
    if (page.header.kind === 'dictionary') dictionaryPageBytes = out.length
  }
  return {
    bytes: out.copy(),
    dictionaryPageBytes,
    rawBytes: out.length + saved,
    values: input.entries,
    codec: packed === undefined ? codecUncompressed : codecZstd,
    encodings: [...new Set(pages.flatMap(({ header }) => [header.encoding, encodingRle]))],
    statistics: input.statistics,
  }
}

function rawPages(input: ChunkInput): RawPage[] {
  const { values } = input
  const pages: RawPage[] = []
  if (values.kind === 'dictionary' && input.count > 0) {
    const rawBytes = values.plain.length
    const header = {
      kind: 'dictionary',
      bytes: 0,
      rawBytes,
      values: values.entries,
      encoding: encodingPlain,
    } as const
    pages.push({ header, levels: noBytes, body: values.plain })
  }
  const entriesPerPage = entriesPerPageOf(input)
  let valuesBefore = 0
  for (let from = 0; from < input.entries; ) {
    const to = pageEnd(input, from, entriesPerPage)
    const count = valuesWithin(input, from, to)
    pages.push(rawPage(input, { from, to, firstValue: valuesBefore, count }))
    valuesBefore += count
    from = to
  }
  return pages
}

/** Level entries [from, to) and the values they have. */
interface Slice {
  readonly from: number
  readonly to: number
  readonly firstValue: number
  readonly count: number
}

function rawPage(input: ChunkInput, slice: Slice): RawPage {
  const { leaf, repetition, definition, values } = input
  const { from, to, count } = slice
  const nested = leaf.repetitionMax > 0
  // Where the scratch grows, earlier pages stay whole in the memory that it had.
  const out = scratch.pages
  out.reserve(Math.min(Math.ceil(valueBytes(values, count)), pageValueBytes * 2) + 64)
  const pageStart = out.length
  if (repetition !== undefined)
    writeHybrid(out, repetition, from, to, bitWidthOf(leaf.repetitionMax))
  const repetitionBytes = out.length - pageStart
  if (definition !== undefined) {
    if (!nested) out.u32(0)
    const start = out.length
    writeHybrid(out, definition, from, to, bitWidthOf(leaf.definitionMax))
    if (!nested) new DataView(out.bytes.buffer).setUint32(pageStart, out.length - start, true)
  }
  const levelBytes = out.length - pageStart
  writeValues(out, values, slice.firstValue, slice.firstValue + count)
  const common = {
    bytes: 0,
    rawBytes: out.length - pageStart,
    values: to - from,
    encoding: encodingOf(values, count),
  }
  const page = out.view().subarray(pageStart)
  if (!nested) return { header: { kind: 'flat', ...common }, levels: noBytes, body: page }
  const header: PageHeader = {
    kind: 'nested',
    ...common,
    rows: rowsWithin(input, from, to),
    nulls: to - from - count,
    definitionBytes: levelBytes - repetitionBytes,
    repetitionBytes,
    compressed: false,
  }
  return {
    header,
    levels: page.subarray(0, levelBytes),
    body: page.subarray(levelBytes),
  }
}

const noBytes = new Uint8Array()

function encodingOf(values: ChunkValues, count: number): number {
  if (values.kind === 'dictionary' && count > 0) return encodingRleDictionary
  return encodingPlain
}

function idBitWidth(entries: number, count: number): number {
  const bits = bitWidthOf(entries - 1)
  return (bits * count) / 8 <= packedIdBytesMax ? bits : Math.ceil(bits / 8) * 8
}

function entriesPerPageOf(input: ChunkInput): number {
  const bytes = valueBytes(input.values, input.count)
  if (bytes <= pageValueBytes) return Math.max(input.entries, 1)
  return Math.max(pageEntriesMin, Math.floor((pageValueBytes * input.entries) / bytes))
}

function valueBytes(values: ChunkValues, count: number): number {
  switch (values.kind) {
    case 'dictionary':
      return (idBitWidth(values.entries, count) * count) / 8
    case 'fixed':
      return values.width * count
    case 'bytes':
      return values.bytes.length
    case 'bits':
      return count / 8
  }
}

/** Pages end between rows. */
function pageEnd(input: ChunkInput, from: number, entriesPerPage: number): number {
  const { entries, repetition } = input
  let to = Math.min(from + entriesPerPage, entries)
  while (repetition !== undefined && to < entries && repetition[to] !== 0) to++
  return to
}

function valuesWithin({ definition, leaf }: ChunkInput, from: number, to: number): number {
  if (definition === undefined) return to - from
  let count = 0
  for (let i = from; i < to; i++) if (definition[i] === leaf.definitionMax) count++
  return count
}

function rowsWithin({ repetition }: ChunkInput, from: number, to: number): number {
  if (repetition === undefined) return to - from
  let rows = 0
  for (let i = from; i < to; i++) if (repetition[i] === 0) rows++
  return rows
}

function writeValues(out: ByteWriter, values: ChunkValues, from: number, to: number): void {
  if (from === to) return
  if (values.kind === 'dictionary') {
    const bitWidth = idBitWidth(values.entries, values.ids.length)
    out.u8(bitWidth)
    writeHybrid(out, values.ids, from, to, bitWidth)
  } else if (values.kind === 'bytes') {
    out.append(values.bytes.subarray(values.starts[from]!, values.starts[to]!))
  } else if (values.kind === 'fixed') {
    out.append(values.bytes.subarray(from * values.width, to * values.width))
  } else {
    writeBits(out, values.bits, from, to)
  }
}

function writeBits(out: ByteWriter, bits: Uint8Array, from: number, to: number): void {
  for (let i = from; i < to; i += 8) {
    let byte = 0
    for (let bit = 0; bit < 8 && i + bit < to; bit++) byte |= bits[i + bit]! << bit
    out.u8(byte)
  }
}
