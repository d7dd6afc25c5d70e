import { fixedColumns as c, nestedColumns as n } from '../layout/columns.ts'
import { corrupt } from '../parquet/byte-reader.ts'
import type { ChunkPlace } from '../parquet/footer.ts'
import { type ColumnData, type ColumnScratch, readColumn } from '../parquet/read-column.ts'
import { type Leaf, leavesOf } from '../parquet/schema.ts'
import type { Codec } from '../ports/codec.ts'
import { type AttributeColumnInfo, readAttributeColumns } from './attribute-columns.ts'
import { type BufferPool, bufferPool } from './buffer-pool.ts'
import { type ArenaScratch, FlatArena, type FlatColumn } from './flat-arena.ts'
import { wideColumns } from './merge-plan.ts'
import { readMiniFooter } from './mini-footer.ts'
import type { RowGroupPlace } from './read-spans.ts'
import { attributeNode, spanSchema } from './span-schema.ts'

/**
 * A row group as columns, for whoever moves rows rather than looks at them: no object per span or attribute. Arrays are
 * by row.
 */
export interface GroupColumns {
  readonly rows: number
  /** 16, 8 and 8 bytes a row; a parent that is all zero is none. */
  readonly traceIds: Uint8Array
  readonly spanIds: Uint8Array
  readonly parentSpanIds: Uint8Array
  /** Low and high half of each row's 64 bits. */
  readonly starts: Uint32Array
  readonly durations: Uint32Array
  readonly ends: Uint32Array
  /** 1 where the end is not start + duration; undefined when it always is. */
  readonly ownEnds: Uint8Array | undefined
  /** All other flat columns, rest and attributes among them, by name; those without a value are left out. */
  readonly flat: ReadonlyMap<string, FlatColumn>
  readonly attributes: readonly AttributeColumnInfo[]
  /** Undefined when no row has any. */
  readonly events: NestedRows | undefined
  readonly links: NestedRows | undefined
  /** What ids, times and flat columns lie in: may be given back to the pool that it came from. */
  readonly memory: readonly ArrayBuffer[]
}

/** The items of row r are those from `firstOfRow[r]` to before `firstOfRow[r + 1]`. */
export interface NestedRows {
  readonly firstOfRow: Uint32Array
  /** One value an item, by the field's name. */
  readonly fields: ReadonlyMap<string, ColumnData>
  /** Attributes of item i are those from `firstAttribute[i]` to before `firstAttribute[i + 1]`. */
  readonly firstAttribute: Uint32Array
  readonly keys: ColumnData
  readonly types: ColumnData
  readonly texts: ColumnData
}

export interface ReadGroupOptions {
  readonly codec: Codec
  /** Columns that nobody asks for, by name. */
  readonly without?: ReadonlySet<string> | undefined
  /** Used again from group to group; what is read shares no memory with it. */
  readonly scratch?: GroupScratch
  /** Where the memory of what is read comes from. */
  readonly pool?: BufferPool
}

export interface GroupScratch extends ColumnScratch, ArenaScratch {}

export function groupScratch(): GroupScratch {
  return { ids: new Uint32Array(0), levels: new Uint8Array(0), arena: new Uint8Array(64 * 1024) }
}

/** Reads a whole row group; `bytes` is its range, its own footer included. Throws kind `corrupt`. */
export function readGroup(
  bytes: Uint8Array,
  group: RowGroupPlace,
  { codec, without, scratch = groupScratch(), pool = bufferPool() }: ReadGroupOptions,
): GroupColumns {
  if (bytes.length !== group.bytes) {
    throw corrupt('row group', `must have ${group.bytes} bytes, got ${bytes.length}`)
  }
  const footer = readMiniFooter(bytes, codec)
  const [only] = footer.groups
  if (only === undefined) throw corrupt('row group', 'must have a footer of its own')
  const { rows } = only
  const attributes = readAttributeColumns(footer.keyValues)
  const leaves = leavesByPath(attributes)
  const columns = new Map<string, ColumnData>()
  const flat = new FlatArena(rows, scratch)
  for (const place of only.chunks) {
    const { path } = place
    const leaf = leaves.get(path)
    if (leaf === undefined || without?.has(path)) continue
    const chunk = chunkOf(bytes, place, group.offset)
    if (wideColumns.has(path)) columns.set(path, readColumn(chunk, place, leaf, rows, codec))
    else if (leaf.repetitionMax > 0) {
      columns.set(path, withOwnTable(readColumn(chunk, place, leaf, rows, codec)))
    } else flat.add(path, readColumn(chunk, place, leaf, rows, codec, scratch))
  }
  const memory: ArrayBuffer[] = []
  const take = (bytes: number): ArrayBuffer => {
    const taken = pool.take(bytes)
    memory.push(taken)
    return taken
  }
  return {
    rows,
    ...idsAndTimes(columns, rows, take),
    flat: flat.finish(take(flat.bytesLength)),
    attributes,
    events: nestedRows(columns, c.events, n.time, rows),
    links: nestedRows(columns, c.links, n.traceId, rows),
    memory,
  }
}

/** A few entries must not hold on to the whole group as it was read. */
function withOwnTable(column: ColumnData): ColumnData {
  return { ...column, table: { ...column.table, bytes: column.table.bytes.slice() } }
}

function chunkOf(bytes: Uint8Array, place: ChunkPlace, groupOffset: number): Uint8Array {
  const start = place.offset - groupOffset
  if (start < 0 || start + place.bytes > bytes.length) {
    throw corrupt(`column ${place.path}`, `must lie in its row group, starts at ${place.offset}`)
  }
  return bytes.subarray(start, start + place.bytes)
}

const fixedLeaves = byPath(leavesOf(spanSchema([])))

/** Every column that this version knows in such a file. */
export function leavesByPath(attributes: readonly AttributeColumnInfo[]): Map<string, Leaf> {
  const leaves = new Map(fixedLeaves)
  for (const attribute of attributes) {
    const [leaf] = leavesOf([attributeNode(attribute.name, attribute.type)])
    leaves.set(attribute.name, leaf!)
  }
  return leaves
}

function byPath(leaves: readonly Leaf[]): ReadonlyMap<string, Leaf> {
  return new Map(leaves.map((leaf) => [leaf.path.join('.'), leaf]))
}

function idsAndTimes(
  columns: ReadonlyMap<string, ColumnData>,
  rows: number,
  take: (bytes: number) => ArrayBuffer,
) {
  const wide = (name: string, width: number) => {
    const out = new Uint8Array(take(rows * width), 0, rows * width)
    wideValues(columns.get(name), width, out)
    return out
  }
  const halves = (name: string) => new Uint32Array(wide(name, 8).buffer, 0, rows * 2)
  const traceIds = wide(c.traceId, 16)
  const spanIds = wide(c.spanId, 8)
  const parentSpanIds = wide(c.parentSpanId, 8)
  const starts = halves(c.start)
  const durations = halves(c.durationNs)
  const end = columns.get(c.end)
  const ownEnds =
    end !== undefined && end.count > 0
      ? (end.definition ?? new Uint8Array(rows).fill(1))
      : undefined
  const ends = ownEnds ? halves(c.end) : new Uint32Array(take(rows * 8), 0, rows * 2)
  for (let i = 0; i < rows; i++) {
    if (ownEnds?.[i] === 1) continue
    const low = starts[i * 2]! + durations[i * 2]!
    ends[i * 2] = low
    ends[i * 2 + 1] = starts[i * 2 + 1]! + durations[i * 2 + 1]! + (low > 0xffff_ffff ? 1 : 0)
  }
  return { traceIds, spanIds, parentSpanIds, starts, durations, ends, ownEnds }
}

/** Writes values of fixed width by row, zero where null. */
function wideValues(column: ColumnData | undefined, width: number, out: Uint8Array): void {
  const rows = out.length / width
  if (column === undefined || column.count < rows) out.fill(0)
  if (column === undefined || column.count === 0) return
  const { definition, ids, table, count } = column
  if (table.width !== width && count > 0) throw corrupt('row group', `must have ids of ${width}`)
  if (ids === undefined && count === rows) {
    out.set(table.bytes.subarray(0, out.length))
    return
  }
  let next = 0
  for (let row = 0; row < rows; row++) {
    if (definition !== undefined && definition[row] === 0) continue
    const from = (ids === undefined ? next : ids[next]!) * width
    next++
    for (let i = 0; i < width; i++) out[row * width + i] = table.bytes[from + i]!
  }
}

/** Lists by row, from the levels of the field that each item has. */
export function nestedRows(
  columns: ReadonlyMap<string, ColumnData>,
  list: string,
  field: string,
  rows: number,
): NestedRows | undefined {
  const prefix = `${list}.list.element.`
  const items = columns.get(`${prefix}${field}`)
  if (items === undefined || items.count === 0) return undefined
  const fields = new Map<string, ColumnData>()
  for (const [path, column] of columns) {
    const name = path.slice(prefix.length)
    if (!path.startsWith(prefix) || name.includes('.')) continue
    if (column.count !== items.count) throw corrupt(`column ${path}`, 'must have a value an item')
    fields.set(name, column)
  }
  const attribute = (name: string): ColumnData => {
    const column = columns.get(`${prefix}${n.attributes}.list.element.${name}`)
    if (column === undefined) throw corrupt(`column ${prefix}${n.attributes}`, `must have ${name}`)
    return column
  }
  const [keys, types, texts] = [attribute(n.key), attribute(n.type), attribute(n.value)]
  if (types.count !== keys.count || texts.count !== keys.count) {
    throw corrupt(`column ${prefix}${n.attributes}`, 'must have key, type and value alike')
  }
  return {
    firstOfRow: firstsOf(items, rows, 0),
    fields,
    firstAttribute: firstsOf(keys, items.count, 1),
    keys,
    types,
    texts,
  }
}

/**
 * Where each owner's values begin, and the end. `level` is the owners' depth: an entry with less repetition than one
 * deeper begins another owner, if its definition reaches that depth.
 */
function firstsOf(column: ColumnData, owners: number, level: number): Uint32Array {
  const { entries, definition, repetition } = column
  const firsts = new Uint32Array(owners + 1)
  let owner = -1
  let value = 0
  for (let entry = 0; entry < entries; entry++) {
    const depth = definition?.[entry] ?? 0
    if (depth >= level && (repetition?.[entry] ?? 0) <= level) {
      if (++owner < owners) firsts[owner] = value
    }
    if (depth > level) value++
  }
  if (owner + 1 !== owners)
    throw corrupt('row group', `must have ${owners} lists, has ${owner + 1}`)
  firsts[owners] = value
  return firsts
}
