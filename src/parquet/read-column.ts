import type { Codec } from '../ports/codec.ts'
import { ByteReader, corrupt } from './byte-reader.ts'
import type { ChunkPlace } from './footer.ts'
import { levelOfAll, pageBody, pageEntriesMax, readLevels, widthOf } from './page-body.ts'
import {
  encodingPlain,
  encodingRleDictionary,
  type PageHeader,
  readPageHeader,
} from './page-header.ts'
import type { ChunkShape } from './read-chunk.ts'
import { readHybrid } from './rle.ts'
import { physicalTypes } from './schema.ts'

/** A whole chunk as it lies in the file: levels, and values that are not null as indexes into a table. */
export interface ColumnData {
  readonly entries: number
  /** One a level entry; undefined where the column's maximum is 0, and where a flat column is all null or never null. */
  readonly definition: Uint8Array | undefined
  readonly repetition: Uint8Array | undefined
  /** Values that are not null. */
  readonly count: number
  /** Their indexes into the table; undefined where value i is entry i. Booleans: 0 and 1, without a table. */
  readonly ids: Uint32Array | undefined
  readonly table: ColumnTable
}

/** The dictionary, or all values of a column that has none. It may share memory with what was read. */
export interface ColumnTable {
  readonly entries: number
  readonly bytes: Uint8Array
  /** Bytes an entry; undefined for byte arrays, where entry i is `bytes[starts[i], starts[i + 1] - 4)`. */
  readonly width: number | undefined
  readonly starts: Uint32Array
}

/** Memory that the next column is read into again: what was read with it holds until then. */
export interface ColumnScratch {
  ids: Uint32Array
  levels: Uint8Array
}

/** Reads all `rows` rows of a chunk without making an object of any. Throws kind `corrupt`. */
export function readColumn(
  bytes: Uint8Array,
  place: ChunkPlace,
  shape: ChunkShape,
  rows: number,
  codec: Codec,
  scratch?: ColumnScratch,
): ColumnData {
  const reader = new ByteReader(bytes, `column ${place.path}`)
  const open = openColumn(reader.name, place, shape, scratch)
  while (open.rows < rows) {
    if (reader.left === 0) throw corrupt(reader.name, `holds ${open.rows} rows, must have ${rows}`)
    const header = readPageHeader(reader)
    const body = pageBody(header, reader.take(header.bytes), place, codec, reader.name)
    if (header.kind === 'dictionary') {
      if (open.parts.length > 0) throw corrupt(reader.name, 'has a dictionary behind its values')
      open.parts.push(body)
      open.dictionary = header.values
    } else readPage(open, header, new ByteReader(body, reader.name))
  }
  if (open.rows !== rows || open.entries !== place.values) {
    throw corrupt(reader.name, `must have ${rows} rows in ${place.values} entries`)
  }
  return {
    entries: open.entries,
    definition: open.definition,
    repetition: open.repetition,
    count: open.count,
    ids: idsOf(open),
    table: tableOf(open),
  }
}

/** A chunk of which some pages are read. */
interface OpenColumn {
  readonly name: string
  readonly type: number
  readonly shape: ChunkShape
  readonly scratch: ColumnScratch | undefined
  /** Level entries of all pages. */
  readonly entriesMax: number
  definition: Uint8Array | undefined
  repetition: Uint8Array | undefined
  /** Undefined until there is a value. */
  ids: Uint32Array | undefined
  readonly parts: Uint8Array[]
  rows: number
  entries: number
  count: number
  /** Entries of the dictionary; -1 without one. */
  dictionary: number
  /** Values that stand in the pages themselves. */
  plain: number
}

function openColumn(
  name: string,
  { type, values }: ChunkPlace,
  shape: ChunkShape,
  scratch: ColumnScratch | undefined,
): OpenColumn {
  if (values > pageEntriesMax) throw corrupt(name, `claims ${values} entries`)
  if (scratch !== undefined && scratch.ids.length < values) {
    scratch.ids = new Uint32Array(values)
    scratch.levels = new Uint8Array(values)
  }
  return {
    name,
    type,
    shape,
    scratch,
    entriesMax: values,
    definition: undefined,
    repetition: undefined,
    ids: undefined,
    parts: [],
    rows: 0,
    entries: 0,
    count: 0,
    dictionary: -1,
    plain: 0,
  }
}

const all = { isAll: true } as const

function readPage(open: OpenColumn, header: PageHeader, page: ByteReader): void {
  const { shape, name } = open
  const from = open.entries
  const to = from + header.values
  if (header.values === 0 || to > open.entriesMax) {
    throw corrupt(name, 'holds more or less than it says')
  }
  const nested = header.kind === 'nested' ? header : undefined
  if (shape.repetitionMax > 0) {
    if (nested === undefined) throw corrupt(name, 'must say where its rows begin')
    const { repetitionBytes } = nested
    const levels = readLevels(page, repetitionBytes, shape.repetitionMax, header.values, all)
    open.repetition = withLevels(open.repetition, levels, from, open.entriesMax)
  }
  const count = shape.definitionMax > 0 ? readDefinition(open, header, page) : header.values
  if (count > 0) readPageValues(open, header, page, count)
  open.entries = to
  open.count += count
  open.rows += nested === undefined ? header.values : nested.rows
}

/** How many values of the page are not null. */
function readDefinition(open: OpenColumn, header: PageHeader, page: ByteReader): number {
  const { shape, entries: from, entriesMax } = open
  const { definitionMax } = shape
  const bytes = header.kind === 'nested' ? header.definitionBytes : page.u32()
  if (shape.repetitionMax === 0) {
    const level = levelOfAll(page, bytes, definitionMax, header.values)
    if (level !== undefined) {
      if (header.values < entriesMax) {
        open.definition ??= levelsFor(open)
        open.definition.fill(level, from, from + header.values)
      }
      return level === definitionMax ? header.values : 0
    }
  }
  if (open.scratch !== undefined) {
    open.definition ??= levelsFor(open)
    const levels = open.definition.subarray(from, from + header.values)
    readLevels(page, bytes, definitionMax, header.values, { ...all, into: levels })
    return countOf(levels, definitionMax)
  }
  const levels = readLevels(page, bytes, definitionMax, header.values, all)
  open.definition = withLevels(open.definition, levels, from, entriesMax)
  return countOf(levels, definitionMax)
}

function countOf(levels: Uint8Array, level: number): number {
  let count = 0
  for (let i = 0; i < levels.length; i++) if (levels[i] === level) count++
  return count
}

/** Zeros, an entry each. */
function levelsFor({ scratch, entriesMax }: OpenColumn): Uint8Array {
  return scratch?.levels.subarray(0, entriesMax).fill(0) ?? new Uint8Array(entriesMax)
}

/** The levels of one page more: those of an only page are all there are, and need no copy. */
function withLevels(
  before: Uint8Array | undefined,
  levels: Uint8Array,
  from: number,
  entries: number,
): Uint8Array {
  if (levels.length === entries) return levels
  const all = before ?? new Uint8Array(entries)
  all.set(levels, from)
  return all
}

function readPageValues(
  open: OpenColumn,
  header: PageHeader,
  page: ByteReader,
  count: number,
): void {
  const { name, count: from, entriesMax } = open
  open.ids ??=
    open.scratch?.ids ??
    new Uint32Array(entriesMax === open.entries + header.values ? from + count : entriesMax)
  const ids = open.ids.subarray(from, from + count)
  if (header.encoding === encodingRleDictionary) {
    if (open.dictionary < 0) throw corrupt(name, 'has ids but no dictionary')
    readHybrid(page, page.u8(), 0, count, ids)
    for (let i = 0; i < count; i++) {
      if (ids[i]! >= open.dictionary) throw corrupt(name, `has no dictionary entry ${ids[i]}`)
    }
    return
  }
  if (header.encoding !== encodingPlain) throw corrupt(name, `is of encoding ${header.encoding}`)
  const bytes = page.take(page.left)
  if (open.type === physicalTypes.BOOLEAN) {
    if (count > bytes.length * 8) throw corrupt(name, 'is cut short')
    for (let i = 0; i < count; i++) ids[i] = (bytes[i >> 3]! >> (i & 7)) & 1
    return
  }
  const first = Math.max(open.dictionary, 0) + open.plain
  for (let i = 0; i < count; i++) ids[i] = first + i
  open.parts.push(bytes)
  open.plain += count
}

/** None where the values are the table, in their order. */
function idsOf({ ids, count, plain, dictionary, type }: OpenColumn): Uint32Array | undefined {
  const own = dictionary < 1 && plain === count && type !== physicalTypes.BOOLEAN
  return own ? undefined : (ids?.subarray(0, count) ?? noIds)
}

const noIds = new Uint32Array(0)
const noStarts = new Uint32Array(0)

function tableOf({ parts, dictionary, plain, type, shape, name }: OpenColumn): ColumnTable {
  const entries = Math.max(dictionary, 0) + plain
  const bytes = joined(parts)
  if (type === physicalTypes.BOOLEAN) return { entries, bytes, width: 0, starts: noStarts }
  if (type !== physicalTypes.BYTE_ARRAY) {
    const width = widthOf(type, shape.typeLength, name)
    if (bytes.length < entries * width) throw corrupt(name, 'is cut short')
    return { entries, bytes, width, starts: noStarts }
  }
  if (bytes.length < entries * 4) throw corrupt(name, 'is cut short')
  const starts = new Uint32Array(entries + 1)
  let at = 4
  for (let i = 0; i < entries; i++) {
    starts[i] = at
    if (at > bytes.length) throw corrupt(name, 'is cut short')
    const length =
      bytes[at - 4]! | (bytes[at - 3]! << 8) | (bytes[at - 2]! << 16) | (bytes[at - 1]! << 24)
    if (length < 0 || at + length > bytes.length) throw corrupt(name, 'is cut short')
    at += length + 4
  }
  starts[entries] = at
  return { entries, bytes, width: undefined, starts }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
