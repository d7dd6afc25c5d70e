import { fixedColumns as c, nestedColumns as n } from '../layout/columns.ts'
import { corrupt } from '../parquet/byte-reader.ts'
import type { ColumnData, ColumnTable } from '../parquet/read-column.ts'
import { parseAnyValueText, parseAttributesText } from '../span/any-value-text.ts'
import type { AnyValue, KeyValue, Span } from '../span/span.ts'
import { type AttributeType, attributeTypes } from '../span/span-batch.ts'
import { valueOfText } from '../span/spans-of-batch.ts'
import type { GroupColumns, NestedRows } from './read-group.ts'

/** One row as an object: for the few that have to be looked at whole. */
export function spanOfRow(group: GroupColumns, row: number): Span {
  const text = (name: string) => textOfRow(group, name, row) ?? ''
  const int32 = (name: string) => int32OfRow(group, name, row)
  const parent = group.parentSpanIds.slice(row * 8, row * 8 + 8)
  return {
    traceId: group.traceIds.slice(row * 16, row * 16 + 16),
    spanId: group.spanIds.slice(row * 8, row * 8 + 8),
    parentSpanId: parent.some((byte) => byte !== 0) ? parent : undefined,
    traceState: text(c.traceState),
    name: text(c.name),
    kind: int32(c.kind),
    startNs: uint64At(group.starts, row),
    endNs: uint64At(group.ends, row),
    statusCode: int32(c.statusCode),
    statusMessage: text(c.statusMessage),
    flags: int32(c.flags) >>> 0,
    attributes: attributesOf(group, row, 'span', c.spanRest),
    droppedAttributesCount: int32(c.droppedAttributesCount) >>> 0,
    events: eventsOf(group.events, row),
    droppedEventsCount: int32(c.droppedEventsCount) >>> 0,
    links: linksOf(group.links, row),
    droppedLinksCount: int32(c.droppedLinksCount) >>> 0,
    resource: {
      attributes: attributesOf(group, row, 'resource', c.resourceRest),
      droppedAttributesCount: int32(c.resourceDroppedAttributesCount) >>> 0,
      schemaUrl: text(c.resourceSchemaUrl),
    },
    scope: {
      name: text(c.scopeName),
      version: text(c.scopeVersion),
      attributes: attributesOf(group, row, 'scope', c.scopeRest),
      droppedAttributesCount: int32(c.scopeDroppedAttributesCount) >>> 0,
      schemaUrl: text(c.scopeSchemaUrl),
    },
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Entry i of a table of byte arrays. */
export function entryText({ starts, bytes }: ColumnTable, entry: number): string {
  return decoder.decode(bytes.subarray(starts[entry]!, starts[entry + 1]! - 4))
}

/** The text of a flat column; undefined for null. */
export function textOfRow(group: GroupColumns, name: string, row: number): string | undefined {
  const column = group.flat.get(name)
  const id = column?.ids[row] ?? 0
  return column === undefined || id === 0 ? undefined : entryText(column.table, id - 1)
}

export function int32OfRow(group: GroupColumns, name: string, row: number): number {
  const column = group.flat.get(name)
  const id = column?.ids[row] ?? 0
  return column === undefined || id === 0 ? 0 : int32At(column.table, id - 1)
}

export function int32At({ bytes }: ColumnTable, entry: number): number {
  const at = entry * 4
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

function uint64At(halves: Uint32Array, row: number): bigint {
  return (BigInt(halves[row * 2 + 1]!) << 32n) | BigInt(halves[row * 2]!)
}

function uint64Entry(table: ColumnTable, entry: number): bigint {
  const high = int32At(table, entry * 2 + 1) >>> 0
  return (BigInt(high) << 32n) | BigInt(int32At(table, entry * 2) >>> 0)
}

function attributesOf(
  group: GroupColumns,
  row: number,
  scope: 'resource' | 'scope' | 'span',
  rest: string,
): KeyValue[] {
  const attributes: KeyValue[] = []
  for (const info of group.attributes) {
    const column = group.flat.get(info.name)
    const id = column?.ids[row] ?? 0
    if (info.scope !== scope || column === undefined || id === 0) continue
    attributes.push({ key: info.key, value: entryValue(column.table, info.type, id - 1) })
  }
  const others = textOfRow(group, rest, row)
  return others === undefined ? attributes : [...attributes, ...parseAttributesText(others)]
}

/** Entry i of an attribute column's table. */
export function entryValue(table: ColumnTable, type: AttributeType, entry: number): AnyValue {
  switch (type) {
    case 'string':
      return { kind: 'string', value: entryText(table, entry) }
    case 'json':
      return parseAnyValueText(entryText(table, entry))
    case 'bool':
      return { kind: 'bool', value: entry === 1 }
    case 'int':
      return { kind: 'int', value: BigInt.asIntN(64, uint64Entry(table, entry)) }
    case 'double': {
      const bits = BigUint64Array.of(uint64Entry(table, entry))
      return { kind: 'double', value: new Float64Array(bits.buffer)[0]! }
    }
  }
}

export function eventsOf(events: NestedRows | undefined, row: number): Span['events'] {
  return itemsOf(events, row, (rows, item) => ({
    timeNs: uint64Entry(...entryOf(rows.fields.get(n.time), item)),
    name: entryText(...entryOf(rows.fields.get(n.name), item)),
    attributes: nestedAttributes(rows, item),
    droppedAttributesCount:
      int32At(...entryOf(rows.fields.get(n.droppedAttributesCount), item)) >>> 0,
  }))
}

export function linksOf(links: NestedRows | undefined, row: number): Span['links'] {
  return itemsOf(links, row, (rows, item) => ({
    traceId: fixedEntry(...entryOf(rows.fields.get(n.traceId), item), 16),
    spanId: fixedEntry(...entryOf(rows.fields.get(n.spanId), item), 8),
    traceState: entryText(...entryOf(rows.fields.get(n.traceState), item)),
    flags: int32At(...entryOf(rows.fields.get(n.flags), item)) >>> 0,
    attributes: nestedAttributes(rows, item),
    droppedAttributesCount:
      int32At(...entryOf(rows.fields.get(n.droppedAttributesCount), item)) >>> 0,
  }))
}

function itemsOf<T>(
  rows: NestedRows | undefined,
  row: number,
  itemAt: (rows: NestedRows, item: number) => T,
): T[] {
  const items: T[] = []
  if (rows === undefined) return items
  for (let item = rows.firstOfRow[row]!; item < rows.firstOfRow[row + 1]!; item++) {
    items.push(itemAt(rows, item))
  }
  return items
}

function nestedAttributes(rows: NestedRows, item: number): KeyValue[] {
  const attributes: KeyValue[] = []
  for (let i = rows.firstAttribute[item]!; i < rows.firstAttribute[item + 1]!; i++) {
    const type = entryText(...entryOf(rows.types, i))
    const known = attributeTypes.find((one) => one === type)
    if (known === undefined)
      throw corrupt('nested attribute', `must be of a known type, got ${type}`)
    attributes.push({
      key: entryText(...entryOf(rows.keys, i)),
      value: valueOfText(known, entryText(...entryOf(rows.texts, i))),
    })
  }
  return attributes
}

/** The table and entry of value i. */
function entryOf(column: ColumnData | undefined, i: number): [table: ColumnTable, entry: number] {
  if (column === undefined) throw corrupt('row group', 'must have all fields of its lists')
  return [column.table, column.ids === undefined ? i : column.ids[i]!]
}

function fixedEntry({ bytes }: ColumnTable, entry: number, width: number): Uint8Array {
  return bytes.slice(entry * width, (entry + 1) * width)
}
