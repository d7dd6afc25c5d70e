import { fixedColumns as c, nestedColumns as n } from '../layout/columns.ts'
import { corrupt } from '../parquet/byte-reader.ts'
import type { ChunkPlace, Footer } from '../parquet/footer.ts'
import { type ChunkSlice, type ColumnValue, readChunkRows } from '../parquet/read-chunk.ts'
import { leavesOf } from '../parquet/schema.ts'
import type { Codec } from '../ports/codec.ts'
import {
  intOf,
  parseAnyValueText,
  parseAttributesText,
  parseDoubleText,
} from '../span/any-value-text.ts'
import type { AnyValue, KeyValue, Span, SpanEvent, SpanLink } from '../span/span.ts'
import { type AttributeColumnInfo, readAttributeColumns } from './attribute-columns.ts'
import { readMiniFooter } from './mini-footer.ts'
import { spanSchema } from './span-schema.ts'

/** Where a row group lies: a `FreshRowGroup`, or what a locator says. */
export interface RowGroupPlace {
  /** Of the chunks and the footer behind them, from the first byte of the file. */
  readonly offset: number
  readonly bytes: number
}

export interface ReadSpan {
  readonly span: Span
  /** The place of its envelope in the file's list. */
  readonly envelope: number
}

/**
 * The spans of rows [from, to) of a row group, exactly as they were decoded from the wire (attributes in any order).
 * `bytes` is the group's range, its own footer included. Reads only the pages that hold the rows. Throws kind
 * `corrupt`.
 */
export function decodeRowGroup(
  bytes: Uint8Array,
  group: RowGroupPlace,
  rows: { from: number; to: number },
  codec: Codec,
): ReadSpan[] {
  if (bytes.length !== group.bytes) {
    throw corrupt('row group', `must have ${group.bytes} bytes, got ${bytes.length}`)
  }
  const footer = readMiniFooter(bytes, codec)
  const [only] = footer.groups
  if (only === undefined || rows.from < 0 || rows.from > rows.to || rows.to > only.rows) {
    throw corrupt('row group', `must have rows ${rows.from} to ${rows.to}, has ${only?.rows}`)
  }
  const columns = sliceColumns(bytes, group, footer, rows, codec)
  const attributes = readAttributeColumns(footer.keyValues).map((info) =>
    attributeReader(info, columns),
  )
  const readRow = spanReader(columns, attributes)
  return Array.from({ length: rows.to - rows.from }, (_, row) => readRow(row))
}

type Columns = ReadonlyMap<string, ChunkSlice>

/** The rows of every column that this version knows, by path. */
function sliceColumns(
  bytes: Uint8Array,
  group: RowGroupPlace,
  footer: Footer,
  rows: { from: number; to: number },
  codec: Codec,
): Columns {
  const infos = readAttributeColumns(footer.keyValues)
  const leaves = new Map(leavesOf(spanSchema(infos)).map((leaf) => [leaf.path.join('.'), leaf]))
  const columns = new Map<string, ChunkSlice>()
  const [only] = footer.groups
  if (rows.from === rows.to || only === undefined) return columns
  const { rows: of } = only
  for (const place of only.chunks) {
    const leaf = leaves.get(place.path)
    if (leaf === undefined) continue
    columns.set(
      place.path,
      readChunkRows(chunkBytes(bytes, group, place), place, leaf, { ...rows, of }, codec),
    )
  }
  return columns
}

function chunkBytes(bytes: Uint8Array, group: RowGroupPlace, place: ChunkPlace): Uint8Array {
  const start = place.offset - group.offset
  if (start < 0 || start + place.bytes > bytes.length) {
    throw corrupt(`column ${place.path}`, `must lie in its row group, starts at ${place.offset}`)
  }
  return bytes.subarray(start, start + place.bytes)
}

/** Values by row, undefined for null. */
type Values = (row: number) => ColumnValue | undefined

function valuesOf(columns: Columns, path: string): Values {
  const slice = columns.get(path)
  if (slice === undefined) return () => undefined
  const { definition, values } = slice
  if (definition === undefined) return (row) => values[row]
  const places = new Int32Array(definition.length)
  let next = 0
  for (let row = 0; row < definition.length; row++)
    places[row] = definition[row] === 0 ? -1 : next++
  return (row) => (places[row]! < 0 ? undefined : values[places[row]!])
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

function asText(value: ColumnValue | undefined): string {
  return value instanceof Uint8Array ? decoder.decode(value) : ''
}

function asNumber(value: ColumnValue | undefined): number {
  return typeof value === 'number' ? value : 0
}

function asInt64(value: ColumnValue | undefined): bigint {
  return typeof value === 'bigint' ? value : 0n
}

function asId(value: ColumnValue | undefined, width: number): Uint8Array {
  return value instanceof Uint8Array ? value.slice() : new Uint8Array(width)
}

interface AttributeReader extends AttributeColumnInfo {
  readonly value: (row: number) => AnyValue | undefined
}

function attributeReader(info: AttributeColumnInfo, columns: Columns): AttributeReader {
  const values = valuesOf(columns, info.name)
  const value = (row: number) => {
    const stored = values(row)
    return stored === undefined ? undefined : anyValueOf(info, stored)
  }
  return { ...info, value }
}

function anyValueOf({ type, name }: AttributeColumnInfo, stored: ColumnValue): AnyValue {
  if (type === 'string' && stored instanceof Uint8Array)
    return { kind: 'string', value: asText(stored) }
  if (type === 'json' && stored instanceof Uint8Array) return parseAnyValueText(asText(stored))
  if (type === 'int' && typeof stored === 'bigint') return { kind: 'int', value: stored }
  if (type === 'double' && typeof stored === 'number') return { kind: 'double', value: stored }
  if (type === 'bool' && typeof stored === 'boolean') return { kind: 'bool', value: stored }
  throw corrupt(`column ${name}`, `must hold values of type ${type}`)
}

function spanReader(
  columns: Columns,
  attributes: readonly AttributeReader[],
): (row: number) => ReadSpan {
  const column = (path: string) => valuesOf(columns, path)
  const [traceId, spanId, parent] = [column(c.traceId), column(c.spanId), column(c.parentSpanId)]
  const [start, duration, end] = [column(c.start), column(c.durationNs), column(c.end)]
  const [name, kind, flags, envelope] = [
    column(c.name),
    column(c.kind),
    column(c.flags),
    column(c.envelope),
  ]
  const [statusCode, statusMessage, traceState] = [
    column(c.statusCode),
    column(c.statusMessage),
    column(c.traceState),
  ]
  const droppedAttributes = column(c.droppedAttributesCount)
  const droppedEvents = column(c.droppedEventsCount)
  const droppedLinks = column(c.droppedLinksCount)
  const spanAttributes = attributesOf('span', attributes, column(c.spanRest))
  const resource = resourceReader(
    column,
    attributesOf('resource', attributes, column(c.resourceRest)),
  )
  const scope = scopeReader(column, attributesOf('scope', attributes, column(c.scopeRest)))
  const events = readEvents(columns)
  const links = readLinks(columns)
  return (row) => {
    const startNs = asInt64(start(row))
    const trueEnd = end(row)
    const endNs = trueEnd === undefined ? startNs + asInt64(duration(row)) : asInt64(trueEnd)
    const parentSpanId = parent(row)
    const span: Span = {
      traceId: asId(traceId(row), 16),
      spanId: asId(spanId(row), 8),
      parentSpanId: parentSpanId === undefined ? undefined : asId(parentSpanId, 8),
      traceState: asText(traceState(row)),
      name: asText(name(row)),
      kind: asNumber(kind(row)),
      startNs: BigInt.asUintN(64, startNs),
      endNs: BigInt.asUintN(64, endNs),
      statusCode: asNumber(statusCode(row)),
      statusMessage: asText(statusMessage(row)),
      flags: asNumber(flags(row)) >>> 0,
      attributes: spanAttributes(row),
      droppedAttributesCount: asNumber(droppedAttributes(row)) >>> 0,
      events: events[row] ?? [],
      droppedEventsCount: asNumber(droppedEvents(row)) >>> 0,
      links: links[row] ?? [],
      droppedLinksCount: asNumber(droppedLinks(row)) >>> 0,
      resource: resource(row),
      scope: scope(row),
    }
    return { span, envelope: asNumber(envelope(row)) }
  }
}

function attributesOf(
  scope: AttributeColumnInfo['scope'],
  all: readonly AttributeReader[],
  rest: Values,
): (row: number) => KeyValue[] {
  const readers = all.filter((reader) => reader.scope === scope)
  return (row) => {
    const attributes: KeyValue[] = []
    for (const { key, value } of readers) {
      const found = value(row)
      if (found !== undefined) attributes.push({ key, value: found })
    }
    const others = rest(row)
    return others === undefined
      ? attributes
      : [...attributes, ...parseAttributesText(asText(others))]
  }
}

function resourceReader(column: (path: string) => Values, attributes: (row: number) => KeyValue[]) {
  const dropped = column(c.resourceDroppedAttributesCount)
  const schemaUrl = column(c.resourceSchemaUrl)
  return (row: number): Span['resource'] => ({
    attributes: attributes(row),
    droppedAttributesCount: asNumber(dropped(row)) >>> 0,
    schemaUrl: asText(schemaUrl(row)),
  })
}

function scopeReader(column: (path: string) => Values, attributes: (row: number) => KeyValue[]) {
  const [name, version] = [column(c.scopeName), column(c.scopeVersion)]
  const dropped = column(c.scopeDroppedAttributesCount)
  const schemaUrl = column(c.scopeSchemaUrl)
  return (row: number): Span['scope'] => ({
    name: asText(name(row)),
    version: asText(version(row)),
    attributes: attributes(row),
    droppedAttributesCount: asNumber(dropped(row)) >>> 0,
    schemaUrl: asText(schemaUrl(row)),
  })
}

function readEvents(columns: Columns): SpanEvent[][] {
  const field = (name: string) => columns.get(`${c.events}.list.element.${name}`)?.values ?? []
  const [times, names, dropped] = [field(n.time), field(n.name), field(n.droppedAttributesCount)]
  const attributes = readNestedAttributes(columns, c.events)
  return readLists(columns.get(`${c.events}.list.element.${n.time}`), (item) => ({
    timeNs: BigInt.asUintN(64, asInt64(times[item])),
    name: asText(names[item]),
    attributes: attributes[item] ?? [],
    droppedAttributesCount: asNumber(dropped[item]) >>> 0,
  }))
}

function readLinks(columns: Columns): SpanLink[][] {
  const field = (name: string) => columns.get(`${c.links}.list.element.${name}`)?.values ?? []
  const [traceIds, spanIds, traceStates] = [field(n.traceId), field(n.spanId), field(n.traceState)]
  const [flags, dropped] = [field(n.flags), field(n.droppedAttributesCount)]
  const attributes = readNestedAttributes(columns, c.links)
  return readLists(columns.get(`${c.links}.list.element.${n.traceId}`), (item) => ({
    traceId: asId(traceIds[item], 16),
    spanId: asId(spanIds[item], 8),
    traceState: asText(traceStates[item]),
    flags: asNumber(flags[item]) >>> 0,
    attributes: attributes[item] ?? [],
    droppedAttributesCount: asNumber(dropped[item]) >>> 0,
  }))
}

/** Lists by row: a new row begins where nothing repeats; an entry below the deepest level says that a list is empty. */
function readLists<T>(slice: ChunkSlice | undefined, itemAt: (item: number) => T): T[][] {
  const lists: T[][] = []
  let item = 0
  for (let entry = 0; entry < (slice?.entries ?? 0); entry++) {
    if (slice?.repetition?.[entry] === 0) lists.push([])
    if (slice?.definition?.[entry] !== 0) lists.at(-1)?.push(itemAt(item++))
  }
  return lists
}

/** Attribute lists by item: levels as `levelsOfAttributes` writes them. */
function readNestedAttributes(columns: Columns, list: string): KeyValue[][] {
  const at = (field: string) =>
    columns.get(`${list}.list.element.${n.attributes}.list.element.${field}`)
  const keys = at(n.key)
  const types = at(n.type)?.values ?? []
  const texts = at(n.value)?.values ?? []
  const lists: KeyValue[][] = []
  let value = 0
  for (let entry = 0; entry < (keys?.entries ?? 0); entry++) {
    const definition = keys?.definition?.[entry] ?? 0
    if (definition > 0 && (keys?.repetition?.[entry] ?? 0) < 2) lists.push([])
    if (definition < 2) continue
    const key = asText(keys?.values[value])
    lists.at(-1)?.push({ key, value: valueOfText(asText(types[value]), asText(texts[value])) })
    value++
  }
  return lists
}

function valueOfText(type: string, text: string): AnyValue {
  if (type === 'string') return { kind: 'string', value: text }
  if (type === 'json') return parseAnyValueText(text)
  if (type === 'bool') return { kind: 'bool', value: text === 'true' }
  if (type === 'double') return { kind: 'double', value: parseDoubleText(text) }
  if (type === 'int') return { kind: 'int', value: intOf(text) }
  throw corrupt('nested attribute', `must be of a known type, got ${type}`)
}
