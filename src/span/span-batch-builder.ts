import { NumberTable } from './number-table.ts'
import type {
  AttributeColumn,
  AttributeType,
  BatchResource,
  BatchScope,
  EventColumns,
  LinkColumns,
  NestedAttributes,
  SpanBatch,
} from './span-batch.ts'
import { attributeTypes } from './span-batch.ts'
import { type GrowableArray, grown, StringTable } from './string-table.ts'

const firstRows = 1024
const firstKeys = 256
/** Few: a sender may come with a million keys that one span has. */
const firstColumnRows = 8
/** An event's or link's attributes are looked through one by one up to so many, then by a map. */
const fewAttributes = 16

/**
 * Grows a `SpanBatch` row by row. Writers set the fields of the current row directly in the arrays, after `addRow`; the
 * arrays are replaced when they grow, so they are read through the builder each time.
 */
export class SpanBatchBuilder {
  rows = 0
  traceIds = new Uint8Array(16 * firstRows)
  spanIds = new Uint8Array(8 * firstRows)
  parentSpanIds = new Uint8Array(8 * firstRows)
  /** Low and high half of each row's time: the memory behind `startNs` and `endNs`. */
  startHalves = new Uint32Array(2 * firstRows)
  endHalves = new Uint32Array(2 * firstRows)
  names = new Uint32Array(firstRows)
  statusMessages = new Uint32Array(firstRows)
  traceStates = new Uint32Array(firstRows)
  kinds = new Int32Array(firstRows)
  statusCodes = new Int32Array(firstRows)
  flags = new Uint32Array(firstRows)
  droppedAttributesCounts = new Uint32Array(firstRows)
  droppedEventsCounts = new Uint32Array(firstRows)
  droppedLinksCounts = new Uint32Array(firstRows)
  resourceOfRow = new Uint32Array(firstRows)
  scopeOfRow = new Uint32Array(firstRows)
  envelopeOfRow = new Uint32Array(firstRows)
  ordinals = new Uint32Array(firstRows)
  firstEventOfRow = new Uint32Array(firstRows + 1)
  firstLinkOfRow = new Uint32Array(firstRows + 1)
  readonly resources: BatchResource[] = []
  readonly scopes: BatchScope[] = []
  /** Distinct encoded resource and scope messages, so that a decoder decodes each once a batch. */
  readonly messages: StringTable
  /** From a message and its schema URL to its place in `resources` or `scopes`; spelt by the decoder. */
  readonly knownMessages = new Map<string, number>()
  readonly strings: StringTable
  readonly ints: NumberTable
  readonly doubles: NumberTable
  readonly attributes: AttributeColumns
  readonly events = new EventBuilder()
  readonly links = new LinkBuilder()

  /** `hashSeed` makes the tables' hashes unforeseeable to senders. */
  constructor(hashSeed = 0) {
    this.messages = new StringTable(hashSeed, { raw: true })
    this.strings = new StringTable(hashSeed)
    this.ints = new NumberTable(hashSeed)
    this.doubles = new NumberTable(hashSeed)
    this.attributes = new AttributeColumns(this.strings, hashSeed)
  }

  /** Begins a row, all zero, and returns its number. */
  addRow(): number {
    const row = this.rows++
    if (row >= this.names.length) this.#grow()
    this.firstEventOfRow[row] = this.events.length
    this.firstLinkOfRow[row] = this.links.length
    return row
  }

  /** The batch so far. It shares memory with the builder, which must not be used afterwards. */
  finish(): SpanBatch {
    this.firstEventOfRow[this.rows] = this.events.length
    this.firstLinkOfRow[this.rows] = this.links.length
    const { rows, traceIds, spanIds, parentSpanIds, names, statusMessages, traceStates } = this
    const { kinds, statusCodes, flags, resourceOfRow, scopeOfRow, envelopeOfRow, ordinals } = this
    const { droppedAttributesCounts, droppedEventsCounts, droppedLinksCounts } = this
    return {
      rows,
      traceIds,
      spanIds,
      parentSpanIds,
      startNs: new BigInt64Array(this.startHalves.buffer, 0, rows),
      endNs: new BigInt64Array(this.endHalves.buffer, 0, rows),
      names,
      statusMessages,
      traceStates,
      kinds,
      statusCodes,
      flags,
      droppedAttributesCounts,
      droppedEventsCounts,
      droppedLinksCounts,
      resourceOfRow,
      scopeOfRow,
      envelopeOfRow,
      ordinals,
      resources: this.resources,
      scopes: this.scopes,
      spanAttributes: this.attributes.finish(),
      events: this.events.finish(this.firstEventOfRow),
      links: this.links.finish(this.firstLinkOfRow),
      strings: this.strings.view(),
      ints: this.ints.ints(),
      doubles: this.doubles.doubles(),
    }
  }

  #grow(): void {
    const rows = this.names.length * 2
    this.traceIds = grown(this.traceIds, 16 * rows)
    this.spanIds = grown(this.spanIds, 8 * rows)
    this.parentSpanIds = grown(this.parentSpanIds, 8 * rows)
    this.startHalves = grown(this.startHalves, 2 * rows)
    this.endHalves = grown(this.endHalves, 2 * rows)
    this.names = grown(this.names, rows)
    this.statusMessages = grown(this.statusMessages, rows)
    this.traceStates = grown(this.traceStates, rows)
    this.kinds = grown(this.kinds, rows)
    this.statusCodes = grown(this.statusCodes, rows)
    this.flags = grown(this.flags, rows)
    this.droppedAttributesCounts = grown(this.droppedAttributesCounts, rows)
    this.droppedEventsCounts = grown(this.droppedEventsCounts, rows)
    this.droppedLinksCounts = grown(this.droppedLinksCounts, rows)
    this.resourceOfRow = grown(this.resourceOfRow, rows)
    this.scopeOfRow = grown(this.scopeOfRow, rows)
    this.envelopeOfRow = grown(this.envelopeOfRow, rows)
    this.ordinals = grown(this.ordinals, rows)
    this.firstEventOfRow = grown(this.firstEventOfRow, rows + 1)
    this.firstLinkOfRow = grown(this.firstLinkOfRow, rows + 1)
  }
}

interface OpenColumn {
  readonly key: number
  readonly type: AttributeType
  length: number
  rowsWithIt: Uint32Array
  values: Uint32Array
}

/** The sparse columns of span attributes: one per (key, type) met. Of a key that a span has twice, the last counts. */
class AttributeColumns {
  readonly #columns: OpenColumn[] = []
  /** Keys have a small dense table of their own, so that the way from key to column is an array index. */
  readonly #keys: StringTable
  readonly #strings: StringTable
  /** Column of key k and type t at `k * 5 + t`, plus one; 0 where there is none. */
  #columnOf = new Uint32Array(firstKeys * attributeTypes.length)
  /** The last row, plus one, that had key k. */
  #lastRow = new Uint32Array(firstKeys)

  constructor(strings: StringTable, hashSeed: number) {
    this.#strings = strings
    this.#keys = new StringTable(hashSeed)
  }

  /** The id of a key, for `set`. */
  keyId(bytes: Uint8Array, start: number, end: number): number {
    return this.#keys.intern(bytes, start, end)
  }

  isKey(keyId: number, bytes: Uint8Array, start: number, end: number): boolean {
    return this.#keys.is(keyId, bytes, start, end)
  }

  /** The value that was last set for the key in this type; 0 when there is none. */
  lastValue(keyId: number, type: number): number {
    const known = this.#columnOf[keyId * attributeTypes.length + type]
    const column = known ? this.#columns[known - 1] : undefined
    return column === undefined || column.length === 0
      ? 0
      : (column.values[column.length - 1] as number)
  }

  set(row: number, keyId: number, type: number, value: number): void {
    if (keyId >= this.#lastRow.length) this.#grow(keyId)
    if (this.#lastRow[keyId] === row + 1) this.#forget(row, keyId)
    this.#lastRow[keyId] = row + 1
    const known = this.#columnOf[keyId * attributeTypes.length + type] as number
    const column = known === 0 ? this.#add(keyId, type) : (this.#columns[known - 1] as OpenColumn)
    const at = column.length++
    if (at === column.values.length) {
      column.values = grown(column.values, at + 1)
      column.rowsWithIt = grown(column.rowsWithIt, at + 1)
    }
    column.rowsWithIt[at] = row
    column.values[at] = value
  }

  finish(): AttributeColumn[] {
    return this.#columns.filter((column) => column.length > 0)
  }

  #add(keyId: number, type: number): OpenColumn {
    const { starts, bytes } = this.#keys.view()
    const key = this.#strings.intern(bytes, starts[keyId] as number, starts[keyId + 1] as number)
    const column: OpenColumn = {
      key,
      type: attributeTypes[type] as AttributeType,
      length: 0,
      rowsWithIt: new Uint32Array(firstColumnRows),
      values: new Uint32Array(firstColumnRows),
    }
    this.#columns.push(column)
    this.#columnOf[keyId * attributeTypes.length + type] = this.#columns.length
    return column
  }

  /** Takes back the value that this row had for the key, in whichever type it came. */
  #forget(row: number, keyId: number): void {
    for (let type = 0; type < attributeTypes.length; type++) {
      const known = this.#columnOf[keyId * attributeTypes.length + type] as number
      const column = known === 0 ? undefined : this.#columns[known - 1]
      if (column && column.length > 0 && column.rowsWithIt[column.length - 1] === row)
        column.length--
    }
  }

  #grow(keyId: number): void {
    this.#lastRow = grown(this.#lastRow, keyId + 1)
    this.#columnOf = grown(this.#columnOf, this.#lastRow.length * attributeTypes.length)
  }
}

/** Attributes of events or links, in wire order; of a key that an owner has twice, the last counts. */
class NestedBuilder {
  length = 0
  #firstOfOwner = new Uint32Array(256)
  #keys = new Uint32Array(256)
  #types = new Uint8Array(256)
  #texts = new Uint32Array(256)
  /** Where the last owner with many attributes has which key. */
  readonly #placeOfKey = new Map<number, number>()
  #mappedOwner = -1

  beginOwner(owner: number): void {
    this.#firstOfOwner = roomFor(this.#firstOfOwner, owner + 2)
    this.#firstOfOwner[owner] = this.length
  }

  add(owner: number, key: number, type: number, text: number): void {
    const at = this.#placeOf(owner, key)
    if (at === this.length) {
      this.length++
      if (this.#mappedOwner === owner) this.#placeOfKey.set(key, at)
      this.#keys = roomFor(this.#keys, this.length)
      this.#types = roomFor(this.#types, this.length)
      this.#texts = roomFor(this.#texts, this.length)
    }
    this.#keys[at] = key
    this.#types[at] = type
    this.#texts[at] = text
  }

  /** Where the owner has the key, or where its next attribute goes. */
  #placeOf(owner: number, key: number): number {
    let at = this.#firstOfOwner[owner] as number
    if (this.length - at < fewAttributes) {
      while (at < this.length && this.#keys[at] !== key) at++
      return at
    }
    if (this.#mappedOwner !== owner) {
      this.#mappedOwner = owner
      this.#placeOfKey.clear()
      for (; at < this.length; at++) this.#placeOfKey.set(this.#keys[at] as number, at)
    }
    return this.#placeOfKey.get(key) ?? this.length
  }

  finish(owners: number): NestedAttributes {
    this.#firstOfOwner = roomFor(this.#firstOfOwner, owners + 1)
    this.#firstOfOwner[owners] = this.length
    return {
      length: this.length,
      firstOfOwner: this.#firstOfOwner,
      keys: this.#keys,
      types: this.#types,
      texts: this.#texts,
    }
  }
}

export class EventBuilder {
  length = 0
  readonly attributes = new NestedBuilder()
  #timeHalves = new Uint32Array(256)
  #names = new Uint32Array(128)
  #dropped = new Uint32Array(128)

  add(timeLow: number, timeHigh: number, name: number, droppedAttributesCount: number): void {
    const at = this.length++
    this.#timeHalves = roomFor(this.#timeHalves, 2 * at + 2)
    this.#names = roomFor(this.#names, at + 1)
    this.#dropped = roomFor(this.#dropped, at + 1)
    this.#timeHalves[2 * at] = timeLow
    this.#timeHalves[2 * at + 1] = timeHigh
    this.#names[at] = name
    this.#dropped[at] = droppedAttributesCount
    this.attributes.beginOwner(at)
  }

  finish(firstOfRow: Uint32Array): EventColumns {
    return {
      length: this.length,
      firstOfRow,
      timeNs: new BigInt64Array(this.#timeHalves.buffer, 0, this.length),
      names: this.#names,
      droppedAttributesCounts: this.#dropped,
      attributes: this.attributes.finish(this.length),
    }
  }
}

export class LinkBuilder {
  length = 0
  readonly attributes = new NestedBuilder()
  traceIds = new Uint8Array(16 * 64)
  spanIds = new Uint8Array(8 * 64)
  #states = new Uint32Array(64)
  #flags = new Uint32Array(64)
  #dropped = new Uint32Array(64)

  /** Returns the link's number; its ids are then written into `traceIds` and `spanIds`. */
  add(traceState: number, flags: number, droppedAttributesCount: number): number {
    const at = this.length++
    this.traceIds = roomFor(this.traceIds, 16 * (at + 1))
    this.spanIds = roomFor(this.spanIds, 8 * (at + 1))
    this.#states = roomFor(this.#states, at + 1)
    this.#flags = roomFor(this.#flags, at + 1)
    this.#dropped = roomFor(this.#dropped, at + 1)
    this.#states[at] = traceState
    this.#flags[at] = flags
    this.#dropped[at] = droppedAttributesCount
    this.attributes.beginOwner(at)
    return at
  }

  finish(firstOfRow: Uint32Array): LinkColumns {
    return {
      length: this.length,
      firstOfRow,
      traceIds: this.traceIds,
      spanIds: this.spanIds,
      traceStates: this.#states,
      flags: this.#flags,
      droppedAttributesCounts: this.#dropped,
      attributes: this.attributes.finish(this.length),
    }
  }
}

function roomFor<T extends GrowableArray>(array: T, length: number): T {
  return length > array.length ? grown(array, length) : array
}
