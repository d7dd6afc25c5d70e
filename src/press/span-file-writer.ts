import type { CountedAttribute, FileColumns, SpanFileGroup } from '../index/day-list.ts'
import type { Summaries } from '../index/summaries.ts'
import { restKeysMax } from '../limits.ts'
import { ByteWriter } from '../parquet/byte-writer.ts'
import { type GroupMeta, writeFooter } from '../parquet/footer.ts'
import type { Codec } from '../ports/codec.ts'
import { fileKeyValues } from './attribute-columns.ts'
import { parquetMagic, writeFileEnd } from './file-footer.ts'
import { type EncodedGroup, layBlooms, layGroup } from './lay-group.ts'
import type { MergePlan } from './merge-plan.ts'
import type { OpenGroup } from './open-group.ts'
import { type TracePlaces, TraceRows } from './trace-rows.ts'

/** A span file that a merge wrote, and what the index has to say of it. */
export interface MergedFile {
  readonly partition: number
  readonly bytes: Uint8Array
  readonly rows: number
  readonly traces: number
  /** True bounds in nanoseconds, signed as they are stored. */
  readonly startMinNs: bigint
  readonly startMaxNs: bigint
  readonly endMaxNs: bigint
  readonly groups: readonly SpanFileGroup[]
  readonly columns: FileColumns
  /** One a trace, in the order of the rows. */
  readonly summaries: Summaries
  readonly places: TracePlaces
}

/** What a chunk takes in the two footers, about: for the bound on a file's bytes. */
export const footerBytesPerChunk = 90

/** Lays row groups into one file. */
export class SpanFileWriter {
  readonly #plan: MergePlan
  readonly #codec: Codec
  readonly #file: ByteWriter
  readonly #groups: SpanFileGroup[] = []
  readonly #metas: GroupMeta[] = []
  readonly #blooms: (readonly (Uint8Array | undefined)[])[] = []
  /** Rows with a value, by leaf. */
  readonly #counts: Float64Array
  #rest: Map<string, CountedAttribute> | undefined = new Map()
  readonly #traceRows = new TraceRows()
  #rows = 0
  #footerBytes = 0
  #endMaxNs = -(2n ** 63n)

  constructor(plan: MergePlan, codec: Codec, bytesExpected: number) {
    this.#plan = plan
    this.#codec = codec
    this.#file = new ByteWriter(bytesExpected)
    this.#file.append(parquetMagic)
    this.#counts = new Float64Array(plan.shape.leaves.length)
  }

  /** About how large the file would be if it ended here. */
  get bytes(): number {
    return this.#file.length + this.#footerBytes
  }

  /** Appends row groups that were encoded from `open`, in their order. */
  append(groups: readonly EncodedGroup[], open: OpenGroup): void {
    this.#traceRows.beginGroup(open)
    for (const group of groups) {
      const { meta, place } = layGroup(this.#file, group, this.#plan.shape, this.#codec)
      const { from, to } = group
      for (const [leaf, { statistics }] of group.chunks.entries()) {
        this.#counts[leaf] = this.#counts[leaf]! + meta.rows - (statistics?.nulls ?? 0)
      }
      this.#addTraces(open, from, to)
      this.#groups.push({
        offset: place.offset,
        bytes: place.bytes,
        rows: place.rows,
        minTraceId: open.traceIds.slice(from * 16, from * 16 + 16),
        maxTraceId: open.traceIds.slice(to * 16 - 16, to * 16),
        ...startBounds(open, from, to),
      })
      const endMaxNs = greatest(open.ends, from, to)
      if (endMaxNs > this.#endMaxNs) this.#endMaxNs = endMaxNs
      this.#metas.push(meta)
      this.#blooms.push(group.blooms)
      this.#footerBytes += meta.chunks.length * footerBytesPerChunk
      for (const bloom of group.blooms) this.#footerBytes += bloom?.length ?? 0
    }
    this.#rows += open.rows
    this.#addRest(open)
  }

  finish(partition: number): MergedFile {
    const { attributes, shape } = this.#plan
    const metas = this.#metas.map((meta, i) => layBlooms(this.#file, meta, this.#blooms[i]!))
    const countOf = new Map(shape.leaves.map(({ path }, i) => [path.join('.'), this.#counts[i]!]))
    const own = attributes.map((info) => ({ ...info, count: countOf.get(info.name)! }))
    const rest = this.#rest === undefined ? 'any' : byCount([...this.#rest.values()])
    const keyValues = fileKeyValues(own, rest)
    writeFileEnd(this.#file, writeFooter(shape.schema, shape.leaves, metas, keyValues))
    const present = own.filter(({ count }) => count > 0)
    return {
      partition,
      bytes: this.#file.view(),
      rows: this.#rows,
      traces: this.#traceRows.traces,
      startMinNs: this.#groups.reduce((least, { startMinNs }) => min(least, startMinNs), 2n ** 63n),
      startMaxNs: this.#groups.reduce(
        (most, { startMaxNs }) => max(most, startMaxNs),
        -(2n ** 63n),
      ),
      endMaxNs: this.#endMaxNs,
      groups: this.#groups,
      columns: {
        own: present.map(({ scope, key, type, count }) => ({ scope, key, type, count })),
        rest,
      },
      summaries: this.#traceRows.summaries(),
      places: this.#traceRows.places(),
    }
  }

  /** Traces that begin in rows [from, to), and the one that goes on there. */
  #addTraces(open: OpenGroup, from: number, to: number): void {
    const group = this.#groups.length
    const { traceFirsts } = open
    let trace = lastUpTo(traceFirsts, from)
    for (let row = from; row < to; ) {
      const end = Math.min(traceFirsts[++trace] ?? open.rows, to)
      this.#traceRows.add(open, this.#plan, { group, groupFrom: from, from: row, to: end })
      row = end
    }
  }

  #addRest({ rest }: OpenGroup): void {
    if (rest === undefined) this.#rest = undefined
    for (const [id, { attribute, count }] of rest ?? []) {
      const before = this.#rest?.get(id)?.count ?? 0
      this.#rest?.set(id, { ...attribute, count: before + count })
    }
    if (this.#rest !== undefined && this.#rest.size > restKeysMax) this.#rest = undefined
  }
}

/** The last place whose value is not above `value`. */
function lastUpTo(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}

function byCount(attributes: readonly CountedAttribute[]): CountedAttribute[] {
  return attributes.toSorted((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1))
}

function startBounds(open: OpenGroup, from: number, to: number) {
  return { startMinNs: least(open.starts, from, to), startMaxNs: greatest(open.starts, from, to) }
}

function greatest(halves: Uint32Array, from: number, to: number): bigint {
  let best = from
  for (let row = from + 1; row < to; row++) if (isLess(halves, best, row)) best = row
  return signedAt(halves, best)
}

function least(halves: Uint32Array, from: number, to: number): bigint {
  let best = from
  for (let row = from + 1; row < to; row++) if (isLess(halves, row, best)) best = row
  return signedAt(halves, best)
}

function isLess(halves: Uint32Array, a: number, b: number): boolean {
  const [highA, highB] = [halves[a * 2 + 1]! | 0, halves[b * 2 + 1]! | 0]
  return highA < highB || (highA === highB && halves[a * 2]! < halves[b * 2]!)
}

function signedAt(halves: Uint32Array, row: number): bigint {
  return (BigInt(halves[row * 2 + 1]! | 0) << 32n) | BigInt(halves[row * 2]!)
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
