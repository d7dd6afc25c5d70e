import { fixedColumns as c } from '../layout/columns.ts'
import type { Leaf } from '../parquet/schema.ts'
import type { ChunkInput } from '../parquet/write-chunk.ts'
import type { AttributeType, SpanBatch } from '../span/span-batch.ts'
import { stringsOfTexts } from '../span/strings-of-texts.ts'
import { bitsChunk, idsChunk, numbersChunk, parentsChunk, traceIdsChunk } from './fixed-chunks.ts'
import { idChunk, makeScratch, type Scratch } from './id-chunk.ts'
import { eventChunks, linkChunks } from './nested-chunks.ts'
import type { AttributeSource, ColumnPlan, PlannedAttribute, PlannedRest } from './plan-columns.ts'
import type { ValueTable } from './value-table.ts'

/** Makes the chunk of places [from, to) in file order. */
export type ChunkMaker = (
  leaf: Leaf,
  from: number,
  to: number,
) => ChunkInput & { distinct?: Uint32Array }

/** A leaf's values, gathered once for the file when its turn comes, so that one column at a time is held. */
export interface SpanColumn {
  readonly gather: () => ChunkMaker
  /** The table of a column that may carry a bloom filter. */
  readonly bloomTable?: ValueTable
  /** Of an optional flat column: no row has a value. */
  readonly isEmpty?: boolean
}

/** The columns of `spanSchema(plan.attributes)`, leaf by leaf, for rows in the order given. */
export function spanColumns(
  batch: SpanBatch,
  order: Uint32Array,
  plan: ColumnPlan,
  envelopePlaces: Uint32Array | undefined,
): SpanColumn[] {
  const scratch = makeScratch(
    Math.max(batch.strings.count, batch.ints.length, batch.doubles.length, batch.rows) + 1,
  )
  const gather = gatherer(batch, order, scratch)
  return [
    ...fixedSpanColumns(batch, order, gather, envelopePlaces),
    gather.rest(plan.resourceRest),
    gather.rest(plan.scopeRest),
    gather.rest(plan.spanRest),
    ...plan.attributes.map((attribute) => gather.attribute(attribute)),
    ...eventChunks(batch, order, scratch),
    ...linkChunks(batch, order, scratch),
  ]
}

function fixedSpanColumns(
  batch: SpanBatch,
  order: Uint32Array,
  gather: Gatherer,
  envelopePlaces: Uint32Array | undefined,
): SpanColumn[] {
  const times = spanTimes(batch, order)
  const { resources, scopes, resourceOfRow, scopeOfRow } = batch
  const resourceValues = (values: number[]) => ({ ownerOfRow: resourceOfRow, values })
  const scopeValues = (values: number[]) => ({ ownerOfRow: scopeOfRow, values })
  const byName: Record<FlatColumn, SpanColumn> = {
    [c.traceId]: { gather: () => traceIdsChunk(batch.traceIds, order) },
    [c.spanId]: { gather: () => idsChunk(batch.spanIds, order, 8) },
    [c.parentSpanId]: { gather: () => parentsChunk(batch.parentSpanIds, order) },
    [c.name]: gather.strings(batch.names, 'required'),
    [c.kind]: gather.int32s(batch.kinds, false),
    [c.start]: { gather: () => numbersChunk(times().start) },
    [c.durationNs]: { gather: () => numbersChunk(times().duration) },
    [c.end]: { gather: () => numbersChunk(times().end, times().hasEnd) },
    [c.statusCode]: gather.int32s(batch.statusCodes, false),
    [c.statusMessage]: gather.strings(batch.statusMessages, 'optional'),
    [c.traceState]: gather.strings(batch.traceStates, 'optional'),
    [c.flags]: gather.int32s(batch.flags, true),
    [c.droppedAttributesCount]: gather.int32s(batch.droppedAttributesCounts, true),
    [c.droppedEventsCount]: gather.int32s(batch.droppedEventsCounts, true),
    [c.droppedLinksCount]: gather.int32s(batch.droppedLinksCounts, true),
    [c.scopeName]: gather.ownedStrings(scopeValues(scopes.map((scope) => scope.name))),
    [c.scopeVersion]: gather.ownedStrings(scopeValues(scopes.map((scope) => scope.version))),
    [c.scopeDroppedAttributesCount]: gather.ownedInts(
      scopeValues(scopes.map((scope) => scope.droppedAttributesCount)),
    ),
    [c.scopeSchemaUrl]: gather.ownedStrings(scopeValues(scopes.map((scope) => scope.schemaUrl))),
    [c.resourceDroppedAttributesCount]: gather.ownedInts(
      resourceValues(resources.map((resource) => resource.droppedAttributesCount)),
    ),
    [c.resourceSchemaUrl]: gather.ownedStrings(
      resourceValues(resources.map((resource) => resource.schemaUrl)),
    ),
    [c.envelope]:
      envelopePlaces === undefined
        ? gather.int32s(batch.envelopeOfRow, false)
        : gather.ownedInts({ ownerOfRow: batch.envelopeOfRow, values: envelopePlaces }),
  }
  return Object.values(byName)
}

type FlatColumn = Exclude<
  (typeof c)[keyof typeof c],
  typeof c.resourceRest | typeof c.scopeRest | typeof c.spanRest | typeof c.events | typeof c.links
>

/** Start, duration and, where the two do not give it, end; each as 8 bytes a place. */
function spanTimes(batch: SpanBatch, order: Uint32Array): () => Times {
  let times: Times | undefined
  return () => {
    times ??= gatherTimes(batch, order)
    return times
  }
}

interface Times {
  readonly start: BigInt64Array
  readonly duration: BigInt64Array
  readonly end: BigInt64Array
  readonly hasEnd: Uint8Array
}

function gatherTimes({ startNs, endNs, rows }: SpanBatch, order: Uint32Array): Times {
  const count = order.length
  const times = {
    start: new BigInt64Array(count),
    duration: new BigInt64Array(count),
    end: new BigInt64Array(count),
    hasEnd: new Uint8Array(count),
  }
  // In halves of 32 bits, low first: bigints would take as long as all the rest of the flush.
  const starts = new Uint32Array(startNs.buffer, startNs.byteOffset, rows * 2)
  const ends = new Uint32Array(endNs.buffer, endNs.byteOffset, rows * 2)
  const outStarts = new Uint32Array(times.start.buffer)
  const outDurations = new Uint32Array(times.duration.buffer)
  const outEnds = new Uint32Array(times.end.buffer)
  for (let place = 0; place < count; place++) {
    const from = order[place]! * 2
    const to = place * 2
    const [startLow, startHigh, endLow, endHigh] = [
      starts[from]!,
      starts[from + 1]!,
      ends[from]!,
      ends[from + 1]!,
    ]
    outStarts[to] = startLow
    outStarts[to + 1] = startHigh
    const low = endLow - startLow
    const high = endHigh - startHigh - (low < 0 ? 1 : 0)
    // As unsigned numbers: an end before the start, or 2^63 ns after it, is no duration.
    if (high >= 0 && high < 0x8000_0000) {
      outDurations[to] = low
      outDurations[to + 1] = high
    } else {
      times.hasEnd[place] = 1
      outEnds[to] = endLow
      outEnds[to + 1] = endHigh
    }
  }
  return times
}

type Gatherer = ReturnType<typeof gatherer>

interface Owned {
  readonly ownerOfRow: Uint32Array
  readonly values: readonly number[] | Uint32Array
}

function gatherer(batch: SpanBatch, order: Uint32Array, scratch: Scratch) {
  const count = order.length
  const strings: ValueTable = { kind: 'strings', strings: batch.strings }
  const ids = (table: ValueTable, dense: () => Uint32Array): SpanColumn => ({
    gather: () => {
      const values = dense()
      return (leaf, from, to) => idChunk(leaf, values, from, to, table, scratch)
    },
  })

  /** 0 for the empty string where the column may be null: the two mean the same, and nulls cost nothing. */
  const stringIds = (values: Uint32Array, repetition: 'required' | 'optional') => () => {
    const dense = new Uint32Array(count)
    const empty = repetition === 'optional' ? 0 : 1
    for (let place = 0; place < count; place++) {
      const value = values[order[place]!]!
      dense[place] = value === 0 ? empty : value + 1
    }
    return dense
  }

  const owned =
    ({ ownerOfRow, values }: Owned, add: number) =>
    () => {
      const dense = new Uint32Array(count)
      for (let place = 0; place < count; place++)
        dense[place] = values[ownerOfRow[order[place]!]!]! + add
      return dense
    }

  const int32s = (values: Int32Array | Uint32Array, unsigned: boolean): SpanColumn => ({
    gather: () => {
      const { ids: dense, distinct } = internInts(values, order)
      const table: ValueTable = { kind: 'int32', values: distinct, unsigned }
      return (leaf, from, to) => idChunk(leaf, dense, from, to, table, scratch)
    },
  })

  const sparse = (source: AttributeSource): Uint32Array => {
    if (source.kind === 'owner') return owned(source, 0)()
    const byRow = new Uint32Array(batch.rows)
    const { rowsWithIt, values, length } = source.column
    for (let i = 0; i < length; i++) byRow[rowsWithIt[i]!] = values[i]! + 1
    const dense = new Uint32Array(count)
    for (let place = 0; place < count; place++) dense[place] = byRow[order[place]!]!
    return dense
  }

  return {
    strings: (values: Uint32Array, repetition: 'required' | 'optional') =>
      ids(strings, stringIds(values, repetition)),
    int32s,
    ownedStrings: (values: Owned) => ids(strings, owned(values, 1)),
    ownedInts: ({ ownerOfRow, values }: Owned): SpanColumn => {
      const { ids: valueIds, distinct } = internInts(Int32Array.from(values))
      const table: ValueTable = { kind: 'int32', values: distinct, unsigned: true }
      return ids(table, owned({ ownerOfRow, values: valueIds }, 0))
    },
    attribute: ({ type, source }: PlannedAttribute): SpanColumn => {
      if (type === 'bool') {
        return {
          gather: () => {
            const dense = sparse(source)
            return (leaf, from, to) => bitsChunk(leaf, dense, from, to)
          },
        }
      }
      const table = tableOf(batch, type)
      const column = ids(table, () => sparse(source))
      return type === 'string' || type === 'int' ? { ...column, bloomTable: table } : column
    },
    rest: (rest: PlannedRest | undefined): SpanColumn => {
      const texts = stringsOfTexts(rest?.texts ?? [])
      const scratchOfRest = makeScratch(texts.count + 1)
      return {
        gather: () => {
          const dense = new Uint32Array(count)
          const source = rest?.source
          for (let place = 0; source !== undefined && place < count; place++) {
            const row = order[place]!
            dense[place] =
              source.kind === 'owner'
                ? source.values[source.ownerOfRow[row]!]!
                : (source.values.get(row) ?? -1) + 1
          }
          const table: ValueTable = { kind: 'strings', strings: texts }
          return (leaf, from, to) => idChunk(leaf, dense, from, to, table, scratchOfRest)
        },
      }
    },
  }
}

function tableOf(batch: SpanBatch, type: AttributeType): ValueTable {
  if (type === 'int') return { kind: 'int64', values: batch.ints }
  if (type === 'double') return { kind: 'double', values: batch.doubles }
  return { kind: 'strings', strings: batch.strings }
}

/** Indexes plus 1 into the distinct values; in the order given, or as they stand. */
function internInts(
  values: Int32Array | Uint32Array,
  order?: Uint32Array,
): { ids: Uint32Array; distinct: Int32Array } {
  const ids = new Uint32Array(order?.length ?? values.length)
  const known = new Map<number, number>()
  let lastValue = Number.NaN
  let lastId = 0
  for (let place = 0; place < ids.length; place++) {
    const value = values[order === undefined ? place : order[place]!]! | 0
    if (value !== lastValue) {
      lastId = known.get(value) ?? known.size + 1
      known.set(value, lastId)
      lastValue = value
    }
    ids[place] = lastId
  }
  return { ids, distinct: Int32Array.from(known.keys()) }
}
