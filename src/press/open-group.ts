import type { CountedAttribute } from '../index/day-list.ts'
import { fixedColumns as c } from '../layout/columns.ts'
import { restKeysMax, rowGroupRowsMax } from '../limits.ts'
import type { ColumnTable } from '../parquet/read-column.ts'
import { NumberTable } from '../span/number-table.ts'
import { EventBuilder, LinkBuilder } from '../span/span-batch-builder.ts'
import { lengthened, StringTable } from '../span/string-table.ts'
import {
  bitsChunk,
  numbersChunk,
  sortedIdsChunk,
  sortedParentsChunk,
  sortedTraceIdsChunk,
} from './fixed-chunks.ts'
import { idChunk, makeScratch } from './id-chunk.ts'
import type { FlatTarget, MergePlan, TargetKind } from './merge-plan.ts'
import { eventChunks, linkChunks } from './nested-chunks.ts'
import type { SpanColumn } from './span-columns.ts'
import type { ValueTable } from './value-table.ts'

const firstRows = 1024

/** Tables begin anew with the group after the one in which they grew beyond this. */
const tableValuesMax = 100_000
const tableBytesMax = 4 * 1024 * 1024

/**
 * The rows of the next row group, gathered from many groups before it is encoded. Columns are by place, which is the
 * order of the file; values stand once in tables.
 */
export class OpenGroup {
  rows = 0
  traceIds = new Uint8Array(16 * firstRows)
  spanIds = new Uint8Array(8 * firstRows)
  parentSpanIds = new Uint8Array(8 * firstRows)
  /** Low and high halves of 64 bits. */
  starts = new Uint32Array(2 * firstRows)
  durations = new Uint32Array(2 * firstRows)
  ends = new Uint32Array(2 * firstRows)
  ownEnds = new Uint8Array(firstRows)
  hasOwnEnds = false
  /** Where each trace begins. */
  traceFirsts: number[] = []
  /** Attributes in rest columns, by `attributeId`; undefined once there are too many to name. */
  rest: Map<string, { attribute: Omit<CountedAttribute, 'count'>; count: number }> | undefined =
    new Map()
  events = new EventBuilder()
  links = new LinkBuilder()
  /** Rows in the order in which they came, which is that of `events` and `links`; and by place, the number in it. */
  arrived = 0
  firstEvents = new Uint32Array(firstRows + 1)
  firstLinks = new Uint32Array(firstRows + 1)
  arrivalOf = new Uint32Array(firstRows)
  readonly strings: StringTable
  /** Values keep their ids from group to group as long as this number stays. */
  epoch = 0
  readonly #ints: NumberTable
  readonly #doubles: NumberTable
  readonly #plan: MergePlan
  /** By column of the plan: 0 is null, else a value plus 1; undefined while there is none. One more for services. */
  readonly #flat: (Uint32Array | undefined)[]
  /** 1 for a column of which this group has values; the memory of the others waits for the next group. */
  readonly #used: Uint8Array
  #scratch = makeScratch(0)

  constructor(plan: MergePlan, hashSeed: number) {
    this.#plan = plan
    this.strings = new StringTable(hashSeed, { raw: true })
    this.#ints = new NumberTable(hashSeed)
    this.#doubles = new NumberTable(hashSeed)
    this.#flat = Array.from({ length: plan.columns.length + 1 })
    this.#used = new Uint8Array(plan.columns.length + 1)
  }

  /** Makes room for rows up to `rows`, and counts them. */
  grow(rows: number): void {
    this.rows = rows
    const held = this.ownEnds.length
    if (rows <= held) return
    // Most groups end at the rows that one may have.
    const room = Math.max(
      rows,
      held < rowGroupRowsMax ? Math.min(held * 2, rowGroupRowsMax) : held * 2,
    )
    this.traceIds = lengthened(this.traceIds, 16 * room)
    this.spanIds = lengthened(this.spanIds, 8 * room)
    this.parentSpanIds = lengthened(this.parentSpanIds, 8 * room)
    this.starts = lengthened(this.starts, 2 * room)
    this.durations = lengthened(this.durations, 2 * room)
    this.ends = lengthened(this.ends, 2 * room)
    this.ownEnds = lengthened(this.ownEnds, room)
    this.firstEvents = lengthened(this.firstEvents, room + 1)
    this.firstLinks = lengthened(this.firstLinks, room + 1)
    this.arrivalOf = lengthened(this.arrivalOf, room)
    for (const [i, values] of this.#flat.entries()) {
      if (values !== undefined) this.#flat[i] = lengthened(values, room)
    }
  }

  /** A column's values by place, to be written into. */
  column(target: number): Uint32Array {
    this.#used[target] = 1
    const known = this.#flat[target]
    if (known !== undefined) return known
    const made = new Uint32Array(this.ownEnds.length)
    this.#flat[target] = made
    return made
  }

  /** The same to be read. */
  columnAt(target: number): Uint32Array | undefined {
    return this.#used[target] === 1 ? this.#flat[target] : undefined
  }

  /** The value of a table's entry in the tables of this group. */
  intern(kind: TargetKind, { bytes, starts }: ColumnTable, entry: number): number {
    if (kind === 'strings')
      return this.strings.intern(bytes, starts[entry]!, starts[entry + 1]! - 4)
    const at = entry * 8
    if (kind === 'int64') return this.#ints.intern(word(bytes, at), word(bytes, at + 4))
    if (kind === 'double') return this.#doubles.intern(word(bytes, at), word(bytes, at + 4))
    return this.#ints.intern(word(bytes, entry * 4), 0)
  }

  internWord(value: number): number {
    return this.#ints.intern(value >>> 0, 0)
  }

  /** What a required column holds where its source has none. */
  zero(kind: TargetKind): number {
    return kind === 'strings' ? 0 : this.internWord(0)
  }

  internInt(value: bigint): number {
    const bits = BigInt.asUintN(64, value)
    return this.#ints.intern(Number(bits & 0xffff_ffffn), Number(bits >> 32n))
  }

  internDouble(value: number): number {
    const bits = new Uint32Array(Float64Array.of(value).buffer)
    return this.#doubles.intern(bits[0]!, bits[1]!)
  }

  countRest(id: string, attribute: Omit<CountedAttribute, 'count'>): void {
    const known = this.rest?.get(id)
    if (known !== undefined) known.count++
    else if (this.rest !== undefined && this.rest.size >= restKeysMax) this.rest = undefined
    else this.rest?.set(id, { attribute, count: 1 })
  }

  /** Empty again, with the memory it has. */
  clear(): void {
    this.rows = 0
    this.arrived = 0
    this.traceFirsts = []
    this.hasOwnEnds = false
    this.ownEnds.fill(0)
    this.rest = new Map()
    this.events = new EventBuilder()
    this.links = new LinkBuilder()
    const { count, starts } = this.strings.view()
    const numbers = this.#ints.count + this.#doubles.count
    if (count + numbers > tableValuesMax || starts[count]! > tableBytesMax) this.#clearTables()
    for (const [i, values] of this.#flat.entries()) if (this.#used[i] === 1) values?.fill(0)
    this.#used.fill(0)
  }

  #clearTables(): void {
    this.epoch++
    this.strings.clear()
    this.#ints.clear()
    this.#doubles.clear()
  }

  /** The leaves of the plan's schema. */
  columns(): SpanColumn[] {
    const { rows } = this
    const strings = this.strings.view()
    const tables: Tables = {
      strings: { kind: 'strings', strings },
      int64: { kind: 'int64', values: this.#ints.ints() },
      double: { kind: 'double', values: this.#doubles.doubles() },
      words: lowWords(this.#ints.ints()),
    }
    const values = Math.max(strings.count, this.#ints.count, this.#doubles.count, rows) + 1
    if (this.#scratch.localOf.length < values) this.#scratch = makeScratch(values * 2)
    const scratch = this.#scratch
    const flat = (target: FlatTarget, i: number): SpanColumn => {
      const values = this.columnAt(i)
      if (values === undefined && !target.required) return { gather: noChunk, isEmpty: true }
      const dense = values ?? this.column(i)
      if (target.kind === 'bool') {
        return { gather: () => (leaf, from, to) => bitsChunk(leaf, dense, from, to) }
      }
      const table = tableOf(tables, target.kind)
      const gather = (): ReturnType<SpanColumn['gather']> => (leaf, from, to) =>
        idChunk(leaf, dense, from, to, table, scratch)
      return target.bloom ? { gather, bloomTable: table } : { gather }
    }
    const wide = this.#wideColumns()
    const targets = this.#plan.columns.map(flat)
    const byName = new Map(this.#plan.columns.map(({ name }, i) => [name, targets[i]!]))
    const order = this.arrivalOf.subarray(0, rows)
    this.firstEvents[rows] = this.events.length
    this.firstLinks[rows] = this.links.length
    const events = this.events.finish(this.firstEvents)
    const links = this.links.finish(this.firstLinks)
    return [
      ...this.#plan.shape.leaves
        .filter(({ path }) => path.length === 1)
        .map(({ path }) => wide.get(path[0]!) ?? byName.get(path[0]!)!),
      ...eventChunks({ events, strings }, order, scratch),
      ...linkChunks({ links, strings }, order, scratch),
    ]
  }

  #wideColumns(): Map<string, SpanColumn> {
    const { rows } = this
    const longs = (halves: Uint32Array) => new BigInt64Array(halves.buffer, 0, rows)
    return new Map<string, SpanColumn>([
      [c.traceId, { gather: () => sortedTraceIdsChunk(this.traceIds.subarray(0, rows * 16)) }],
      [c.spanId, { gather: () => sortedIdsChunk(this.spanIds.subarray(0, rows * 8), 8) }],
      [
        c.parentSpanId,
        { gather: () => sortedParentsChunk(this.parentSpanIds.subarray(0, rows * 8)) },
      ],
      [c.start, { gather: () => numbersChunk(longs(this.starts)) }],
      [c.durationNs, { gather: () => numbersChunk(longs(this.durations)) }],
      [
        c.end,
        this.hasOwnEnds
          ? { gather: () => numbersChunk(longs(this.ends), this.ownEnds.subarray(0, rows)) }
          : { gather: noChunk, isEmpty: true },
      ],
    ])
  }
}

interface Tables {
  readonly strings: ValueTable
  readonly int64: ValueTable
  readonly double: ValueTable
  readonly words: Int32Array
}

function tableOf(tables: Tables, kind: TargetKind): ValueTable {
  if (kind === 'strings') return tables.strings
  if (kind === 'int64') return tables.int64
  if (kind === 'double') return tables.double
  return { kind: 'int32', values: tables.words, unsigned: kind === 'uint32' }
}

function noChunk(): never {
  throw new TypeError('a column without values has no chunk of its own')
}

function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  )
}

/** Numbers of 32 bits share the table of those of 64. */
function lowWords(values: BigInt64Array): Int32Array {
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  return halves.filter((_, i) => i % 2 === 0)
}
