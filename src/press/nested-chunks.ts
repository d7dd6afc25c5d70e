import type { Leaf } from '../parquet/schema.ts'
import type { ChunkInput, ChunkValues } from '../parquet/write-chunk.ts'
import {
  attributeTypes,
  type NestedAttributes,
  type SpanBatch,
  type Strings,
} from '../span/span-batch.ts'
import { idValues, makeScratch, type Scratch } from './id-chunk.ts'
import type { SpanColumn } from './span-columns.ts'
import { bytesOf, type ValueTable } from './value-table.ts'

/** The leaves of `events`, in the order of the schema. */
export function eventChunks(
  batch: Pick<SpanBatch, 'events' | 'strings'>,
  order: Uint32Array,
  scratch: Scratch,
): SpanColumn[] {
  const { events } = batch
  const lists = nestedLists(order, events.firstOfRow, events.attributes)
  const strings: ValueTable = { kind: 'strings', strings: batch.strings }
  return [
    lists.items((items) => ({
      kind: 'fixed',
      width: 8,
      bytes: gatherTimes(events.timeNs, items),
    })),
    lists.items((items) => idValues(gather(events.names, items), strings, scratch).values),
    lists.items((items) => countValues(events.droppedAttributesCounts, items)),
    ...attributeChunks(lists, events.attributes, strings, scratch),
  ]
}

/** The leaves of `links`, in the order of the schema. */
export function linkChunks(
  batch: Pick<SpanBatch, 'links' | 'strings'>,
  order: Uint32Array,
  scratch: Scratch,
): SpanColumn[] {
  const { links } = batch
  const lists = nestedLists(order, links.firstOfRow, links.attributes)
  const strings: ValueTable = { kind: 'strings', strings: batch.strings }
  return [
    lists.items((items) => gatherFixed(links.traceIds, items, 16)),
    lists.items((items) => gatherFixed(links.spanIds, items, 8)),
    lists.items((items) => idValues(gather(links.traceStates, items), strings, scratch).values),
    lists.items((items) => countValues(links.flags, items)),
    lists.items((items) => countValues(links.droppedAttributesCounts, items)),
    ...attributeChunks(lists, links.attributes, strings, scratch),
  ]
}

function attributeChunks(
  lists: NestedLists,
  attributes: NestedAttributes,
  strings: ValueTable,
  scratch: Scratch,
): SpanColumn[] {
  const types: ValueTable = { kind: 'strings', strings: typeNames }
  const typeScratch = makeScratch(attributeTypes.length + 1)
  return [
    lists.attributes((items) => idValues(gather(attributes.keys, items), strings, scratch).values),
    lists.attributes(
      (items) => idValues(gather(attributes.types, items), types, typeScratch).values,
    ),
    lists.attributes((items) => idValues(gather(attributes.texts, items), strings, scratch).values),
  ]
}

/** The names of `attributeTypes` as a table. */
const typeNames: Strings = (() => {
  const bytes = new TextEncoder().encode(attributeTypes.join(''))
  const starts = new Uint32Array(attributeTypes.length + 1)
  let at = 0
  for (const [i, type] of attributeTypes.entries()) {
    starts[i] = at
    at += type.length
  }
  starts[attributeTypes.length] = at
  return { count: attributeTypes.length, starts, bytes }
})()

type NestedLists = ReturnType<typeof nestedLists>

/** Levels of a group's lists, shared by all leaves of a list, and the items they stand for. */
interface Levels {
  readonly definition: Uint8Array
  readonly repetition: Uint8Array
  readonly items: Uint32Array
}

function nestedLists(order: Uint32Array, firstOfRow: Uint32Array, attributes: NestedAttributes) {
  const remember = (make: (from: number, to: number) => Levels) => {
    const made = new Map<number, Levels>()
    return (from: number, to: number): Levels => {
      // Group bounds never overlap within one pass, and a pass with other bounds gets other columns.
      const key = from * 2 ** 26 + to
      const levels = made.get(key) ?? make(from, to)
      made.set(key, levels)
      return levels
    }
  }
  const itemLevels = remember((from, to) => levelsOfItems(order.subarray(from, to), firstOfRow))
  const attributeLevels = remember((from, to) =>
    levelsOfAttributes(itemLevels(from, to), attributes),
  )
  const column = (
    levelsOf: typeof itemLevels,
    valuesOf: (items: Uint32Array) => ChunkValues,
  ): SpanColumn => ({
    gather: () => (leaf, from, to) => chunkOf(leaf, to - from, levelsOf(from, to), valuesOf),
  })
  return {
    items: (valuesOf: (items: Uint32Array) => ChunkValues) => column(itemLevels, valuesOf),
    attributes: (valuesOf: (items: Uint32Array) => ChunkValues) =>
      column(attributeLevels, valuesOf),
  }
}

function chunkOf(
  leaf: Leaf,
  rows: number,
  { definition, repetition, items }: Levels,
  valuesOf: (items: Uint32Array) => ChunkValues,
): ChunkInput {
  const values = valuesOf(items)
  const entries = definition.length
  return {
    leaf,
    rows,
    entries,
    count: items.length,
    definition,
    repetition,
    values,
    statistics: undefined,
  }
}

/** An entry per item, or one that says there is none. */
function levelsOfItems(rows: Uint32Array, firstOfRow: Uint32Array): Levels {
  let entries = 0
  let count = 0
  for (const row of rows) {
    const items = firstOfRow[row + 1]! - firstOfRow[row]!
    entries += Math.max(items, 1)
    count += items
  }
  const definition = new Uint8Array(entries)
  const repetition = new Uint8Array(entries)
  const items = new Uint32Array(count)
  let entry = 0
  let at = 0
  for (const row of rows) {
    const first = firstOfRow[row]!
    const end = firstOfRow[row + 1]!
    if (first === end) entry++
    for (let item = first; item < end; item++) {
      definition[entry] = 1
      repetition[entry++] = item === first ? 0 : 1
      items[at++] = item
    }
  }
  return { definition, repetition, items }
}

/** One level deeper: an entry per attribute, one for an item without, one for a row without items. */
function levelsOfAttributes(owners: Levels, { firstOfOwner }: NestedAttributes): Levels {
  let entries = owners.definition.length - owners.items.length
  let count = 0
  for (const owner of owners.items) {
    const attributes = firstOfOwner[owner + 1]! - firstOfOwner[owner]!
    entries += Math.max(attributes, 1)
    count += attributes
  }
  const definition = new Uint8Array(entries)
  const repetition = new Uint8Array(entries)
  const items = new Uint32Array(count)
  let [entry, at, ownerAt] = [0, 0, 0]
  for (let outer = 0; outer < owners.definition.length; outer++) {
    repetition[entry] = owners.repetition[outer]!
    if (owners.definition[outer] === 0) {
      entry++
      continue
    }
    const owner = owners.items[ownerAt++]!
    const first = firstOfOwner[owner]!
    const end = firstOfOwner[owner + 1]!
    if (first === end) definition[entry++] = 1
    for (let item = first; item < end; item++) {
      if (item > first) repetition[entry] = 2
      definition[entry++] = 2
      items[at++] = item
    }
  }
  return { definition, repetition, items }
}

function gather(values: Uint32Array | Uint8Array, items: Uint32Array): Uint32Array {
  const out = new Uint32Array(items.length)
  for (let i = 0; i < items.length; i++) out[i] = values[items[i]!]!
  return out
}

function gatherTimes(times: BigInt64Array, items: Uint32Array): Uint8Array {
  const halves = new Uint32Array(times.buffer, times.byteOffset, times.length * 2)
  const out = new Uint32Array(items.length * 2)
  for (let i = 0; i < items.length; i++) {
    out[i * 2] = halves[items[i]! * 2]!
    out[i * 2 + 1] = halves[items[i]! * 2 + 1]!
  }
  return new Uint8Array(out.buffer)
}

function gatherFixed(ids: Uint8Array, items: Uint32Array, width: number): ChunkValues {
  const bytes = new Uint8Array(items.length * width)
  for (let i = 0; i < items.length; i++) {
    for (let byte = 0; byte < width; byte++)
      bytes[i * width + byte] = ids[items[i]! * width + byte]!
  }
  return { kind: 'fixed', width, bytes }
}

/** Counts and flags are nearly always all the same: a dictionary of their own values. */
function countValues(values: Uint32Array, items: Uint32Array): ChunkValues {
  const gathered = gather(values, items)
  const distinct = new Map<number, number>()
  for (const value of gathered) if (!distinct.has(value)) distinct.set(value, distinct.size)
  const ids = gathered.map((value) => distinct.get(value)!)
  return {
    kind: 'dictionary',
    entries: distinct.size,
    plain: bytesOf(Int32Array.from(distinct.keys())),
    ids,
  }
}
