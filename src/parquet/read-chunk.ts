import type { Codec } from '../ports/codec.ts'
import { ByteReader, corrupt } from './byte-reader.ts'
import type { ChunkPlace } from './footer.ts'
import { pageBody, readLevels, widthOf } from './page-body.ts'
import {
  encodingPlain,
  encodingRleDictionary,
  type PageHeader,
  readPageHeader,
} from './page-header.ts'
import { readHybrid } from './rle.ts'
import { physicalTypes } from './schema.ts'

/** Level entries of some rows of a chunk, and the values of those that are not null. */
export interface ChunkSlice {
  readonly entries: number
  /** One a level entry; undefined where the column's maximum is 0. */
  readonly definition: Uint8Array | undefined
  readonly repetition: Uint8Array | undefined
  /** Bytes of byte arrays share memory with what was read. */
  readonly values: ColumnValue[]
}

/** INT32 and DOUBLE are numbers, INT64 is a bigint, byte arrays of both kinds are bytes. */
export type ColumnValue = number | bigint | boolean | Uint8Array

export interface ChunkShape {
  readonly definitionMax: number
  readonly repetitionMax: number
  readonly typeLength: number
}

/** Rows [from, to) of a chunk that has `of`. */
export interface RowRange {
  readonly from: number
  readonly to: number
  readonly of: number
}

/**
 * Reads some rows of a chunk: only the pages that hold them are decompressed, and of a dictionary only the entries they
 * name are looked up. `bytes` is the chunk. Throws kind `corrupt`.
 */
export function readChunkRows(
  bytes: Uint8Array,
  place: ChunkPlace,
  shape: ChunkShape,
  rows: RowRange,
  codec: Codec,
): ChunkSlice {
  const reader = new ByteReader(bytes, `column ${place.path}`)
  let dictionary: Dictionary | undefined
  const slices: ChunkSlice[] = []
  let [row, entries] = [0, 0]
  // To the end, past the rows asked for: a header that miscounts its page would shift the rows behind it.
  while (reader.left > 0) {
    const header = readPageHeader(reader)
    const body = reader.take(header.bytes)
    if (header.kind === 'dictionary') {
      if (dictionary !== undefined || row > 0) throw corrupt(reader.name, 'has a second dictionary')
      dictionary = {
        bytes: pageBody(header, body, place, codec, reader.name),
        entries: header.values,
      }
      continue
    }
    const pageRows = header.kind === 'nested' ? header.rows : header.values
    if (pageRows === 0) throw corrupt(reader.name, 'holds an empty page')
    const from = Math.max(rows.from - row, 0)
    const to = Math.min(rows.to - row, pageRows)
    if (from < to) {
      const page = {
        header,
        body: pageBody(header, body, place, codec, reader.name),
        name: reader.name,
      }
      slices.push(readPageRows(page, place, shape, { from, to }, dictionary))
    }
    row += pageRows
    entries += header.values
  }
  if (row !== rows.of || entries !== place.values) {
    throw corrupt(reader.name, `must have ${rows.of} rows in ${place.values} entries, has ${row}`)
  }
  return joinSlices(slices)
}

interface Dictionary {
  readonly bytes: Uint8Array
  readonly entries: number
}

interface Page {
  readonly header: PageHeader
  readonly body: Uint8Array
  readonly name: string
}

function readPageRows(
  page: Page,
  place: ChunkPlace,
  shape: ChunkShape,
  rows: { from: number; to: number },
  dictionary: Dictionary | undefined,
): ChunkSlice {
  const reader = new ByteReader(page.body, page.name)
  const { header } = page
  let { from, to } = rows
  let repetition: Uint8Array | undefined
  if (header.kind === 'nested' && shape.repetitionMax > 0) {
    const { repetitionBytes, values } = header
    const levels = readLevels(reader, repetitionBytes, shape.repetitionMax, values, { isAll: true })
    ;({ from, to } = entriesOfRows(levels, rows, page.name))
    repetition = levels.subarray(from, to)
  } else if (shape.repetitionMax > 0) throw corrupt(page.name, 'must say where its rows begin')
  let definition: Uint8Array | undefined
  let firstValue = from
  let count = to - from
  if (shape.definitionMax > 0) {
    const isAll = header.kind === 'nested'
    const bytes = isAll ? header.definitionBytes : reader.u32()
    const read = isAll ? header.values : to
    const levels = readLevels(reader, bytes, shape.definitionMax, read, { isAll })
    firstValue = countOf(levels, shape.definitionMax, 0, from)
    count = countOf(levels, shape.definitionMax, from, to)
    definition = levels.subarray(from, to)
  }
  const values = readValues(
    reader,
    header,
    place.type,
    shape.typeLength,
    firstValue,
    count,
    dictionary,
  )
  return { entries: to - from, definition, repetition, values }
}

function entriesOfRows(
  repetition: Uint8Array,
  rows: { from: number; to: number },
  name: string,
): { from: number; to: number } {
  let row = -1
  let from = -1
  for (let i = 0; i < repetition.length; i++) {
    if (repetition[i] !== 0) continue
    row++
    if (row === rows.from) from = i
    if (row === rows.to) return { from, to: i }
  }
  if (from < 0 || row + 1 < rows.to) throw corrupt(name, `holds ${row + 1} rows in a page`)
  return { from, to: repetition.length }
}

function countOf(levels: Uint8Array, level: number, from: number, to: number): number {
  let count = 0
  for (let i = from; i < to; i++) if (levels[i] === level) count++
  return count
}

function readValues(
  reader: ByteReader,
  header: PageHeader,
  type: number,
  typeLength: number,
  first: number,
  count: number,
  dictionary: Dictionary | undefined,
): ColumnValue[] {
  if (count === 0) return []
  if (header.encoding === encodingRleDictionary) {
    if (dictionary === undefined) throw corrupt(reader.name, 'has ids but no dictionary')
    const ids = new Uint32Array(count)
    readHybrid(reader, reader.u8(), first, first + count, ids)
    return lookUp(dictionary, ids, type, typeLength, reader.name)
  }
  if (header.encoding !== encodingPlain) {
    throw corrupt(reader.name, `is encoded by encoding ${header.encoding}`)
  }
  // We never write both. One bit makes ids of values, and few rows of many would not show that they are too short.
  if (dictionary !== undefined) throw corrupt(reader.name, 'has values beside its dictionary')
  const bytes = reader.take(reader.left)
  if (type === physicalTypes.BYTE_ARRAY) return readByteArrays(bytes, first, count, reader.name)
  if (type === physicalTypes.BOOLEAN) return readBits(bytes, first, count, reader.name)
  return readFixed(bytes, first, count, type, typeLength, reader.name)
}

function readBits(bytes: Uint8Array, first: number, count: number, name: string): ColumnValue[] {
  if (first + count > bytes.length * 8) throw corrupt(name, 'is cut short')
  return Array.from(
    { length: count },
    (_, i) => ((bytes[(first + i) >> 3]! >> ((first + i) & 7)) & 1) === 1,
  )
}

function readFixed(
  bytes: Uint8Array,
  first: number,
  count: number,
  type: number,
  typeLength: number,
  name: string,
): ColumnValue[] {
  const width = widthOf(type, typeLength, name)
  if ((first + count) * width > bytes.length) throw corrupt(name, 'is cut short')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const values: ColumnValue[] = []
  for (let at = first * width; values.length < count; at += width) {
    if (type === physicalTypes.INT32) values.push(view.getInt32(at, true))
    else if (type === physicalTypes.INT64) values.push(view.getBigInt64(at, true))
    else if (type === physicalTypes.DOUBLE) values.push(view.getFloat64(at, true))
    else values.push(bytes.subarray(at, at + width))
  }
  return values
}

function readByteArrays(
  bytes: Uint8Array,
  first: number,
  count: number,
  name: string,
): Uint8Array[] {
  const reader = new ByteReader(bytes, name)
  for (let i = 0; i < first; i++) reader.take(reader.u32())
  return Array.from({ length: count }, () => reader.take(reader.u32()))
}

/** The entries that `ids` name; entries that nobody names are passed over, not built. */
function lookUp(
  dictionary: Dictionary,
  ids: Uint32Array,
  type: number,
  typeLength: number,
  name: string,
): ColumnValue[] {
  const max = ids.reduce((greatest, id) => Math.max(greatest, id), 0)
  if (max >= dictionary.entries) throw corrupt(name, `has no dictionary entry ${max}`)
  if (type !== physicalTypes.BYTE_ARRAY) {
    return Array.from(ids, (id) => readFixed(dictionary.bytes, id, 1, type, typeLength, name)[0]!)
  }
  const reader = new ByteReader(dictionary.bytes, name)
  // Entries begin where the one before ends: walk to the last that is named, no further. Each takes 4 bytes or more.
  reader.need((max + 1) * 4)
  const starts = new Uint32Array(max + 1)
  for (let id = 0; id <= max; id++) {
    starts[id] = reader.offset
    reader.take(reader.u32())
  }
  return Array.from(ids, (id) => {
    const entry = new ByteReader(dictionary.bytes, name, starts[id]!)
    return entry.take(entry.u32())
  })
}

function joinSlices(slices: readonly ChunkSlice[]): ChunkSlice {
  const [first] = slices
  if (first !== undefined && slices.length === 1) return first
  return {
    entries: slices.reduce((sum, slice) => sum + slice.entries, 0),
    definition: joinLevels(slices.map((slice) => slice.definition)),
    repetition: joinLevels(slices.map((slice) => slice.repetition)),
    values: slices.flatMap((slice) => slice.values),
  }
}

function joinLevels(parts: readonly (Uint8Array | undefined)[]): Uint8Array | undefined {
  if (parts.some((part) => part === undefined)) return undefined
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + (part?.length ?? 0), 0))
  let offset = 0
  for (const part of parts) {
    if (part === undefined) continue
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}
