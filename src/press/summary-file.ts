import type { Summaries } from '../index/summaries.ts'
import { summaryColumns as c, metadataKeys } from '../layout/columns.ts'
import { summaryGroupRows } from '../limits.ts'
import { ByteWriter } from '../parquet/byte-writer.ts'
import { type KeyValues, writeFooter } from '../parquet/footer.ts'
import { type Leaf, leavesOf, type SchemaNode } from '../parquet/schema.ts'
import { type ChunkInput, type EncodedChunk, encodeChunk } from '../parquet/write-chunk.ts'
import type { Codec } from '../ports/codec.ts'
import { stringsOfTexts } from '../span/strings-of-texts.ts'
import { parquetMagic, writeFileEnd } from './file-footer.ts'
import { gatherIds, numbersChunk, sortedIdsChunk } from './fixed-chunks.ts'
import { idChunk, idValues, makeScratch } from './id-chunk.ts'
import { layGroup } from './lay-group.ts'
import type { ChunkMaker } from './span-columns.ts'
import type { ValueTable } from './value-table.ts'

/** The version of summary files that is written. Readers take this one and all before it. */
export const summaryFileVersion = 1

/** A row group of a summary file. */
export interface SummaryGroup {
  readonly offset: number
  readonly bytes: number
  readonly rows: number
}

export interface EncodedSummaries {
  readonly bytes: Uint8Array
  readonly groups: readonly SummaryGroup[]
}

const text = (name: string): SchemaNode => ({
  name,
  type: 'BYTE_ARRAY',
  repetition: 'optional',
  logical: 'string',
})
const count = (name: string): SchemaNode => ({
  name,
  type: 'INT32',
  repetition: 'required',
  logical: 'uint32',
})

/**
 * One row a trace. `end` only where start and duration do not tell it, as in files of spans. `root_delay_ns` is the time
 * from the trace's start to its root's: null without a root, and nearly always 0.
 */
export const summarySchema: readonly SchemaNode[] = [
  { name: c.traceId, type: 'FIXED_LEN_BYTE_ARRAY', typeLength: 16, repetition: 'required' },
  { name: c.start, type: 'INT64', repetition: 'required', logical: 'timestamp-ns' },
  { name: c.durationNs, type: 'INT64', repetition: 'required' },
  { name: c.end, type: 'INT64', repetition: 'optional', logical: 'timestamp-ns' },
  { name: c.rootDelayNs, type: 'INT64', repetition: 'optional' },
  text(c.rootService),
  text(c.rootName),
  count(c.spans),
  count(c.errors),
  {
    name: c.services,
    repetition: 'required',
    logical: 'list',
    children: [
      {
        name: 'list',
        repetition: 'repeated',
        children: [
          { name: 'element', type: 'BYTE_ARRAY', repetition: 'required', logical: 'string' },
        ],
      },
    ],
  },
]

/**
 * Trace summaries as a Parquet file of their own, the most recent start first, then by trace id: who wants the newest
 * reads the first row group, which has its own footer behind it as groups of spans do.
 */
export function encodeSummaryFile(summaries: Summaries, codec: Codec): EncodedSummaries {
  const order = newestFirst(summaries)
  const leaves = leavesOf(summarySchema)
  const keyValues: KeyValues = [[metadataKeys.version, String(summaryFileVersion)]]
  const shape = { schema: summarySchema, leaves, keyValues }
  const makers = chunkMakers(summaries, order)
  const file = new ByteWriter(order.length * 40 + 4_096)
  file.append(parquetMagic)
  const groups = []
  for (let from = 0; from < order.length; from += summaryGroupRows) {
    const to = Math.min(from + summaryGroupRows, order.length)
    const chunks = makers.map(
      (make, i): EncodedChunk => encodeChunk(make(leaves[i] as Leaf, from, to), codec),
    )
    const blooms = chunks.map(() => undefined)
    groups.push(layGroup(file, { from, to, chunks, blooms }, shape, codec))
  }
  const metas = groups.map(({ meta }) => meta)
  writeFileEnd(file, writeFooter(summarySchema, leaves, metas, keyValues))
  return { bytes: file.copy(), groups: groups.map(({ place }) => place) }
}

function newestFirst({ startNs, traceIds }: Summaries): Uint32Array {
  const halves = new Int32Array(startNs.buffer, startNs.byteOffset, startNs.length * 2)
  const order = Uint32Array.from(startNs, (_, i) => i)
  return order.sort((a, b) => {
    const highs = halves[b * 2 + 1]! - halves[a * 2 + 1]!
    if (highs !== 0) return highs
    const lows = (halves[b * 2]! >>> 0) - (halves[a * 2]! >>> 0)
    if (lows !== 0) return lows
    for (let i = 0; i < 16; i++) {
      const difference = traceIds[a * 16 + i]! - traceIds[b * 16 + i]!
      if (difference !== 0) return difference
    }
    return 0
  })
}

/** By leaf of `summarySchema`. */
function chunkMakers(summaries: Summaries, order: Uint32Array): ChunkMaker[] {
  const strings: ValueTable = { kind: 'strings', strings: stringsOfTexts(summaries.strings) }
  const scratch = makeScratch(Math.max(summaries.strings.length, order.length) + 1)
  const ids = (values: Uint32Array): ChunkMaker => {
    const dense = gather(values, order)
    return (leaf, from, to) => idChunk(leaf, dense, from, to, strings, scratch)
  }
  const counts = (values: Uint32Array): ChunkMaker => {
    const { dense, distinct } = distinctOf(gather(values, order))
    const table: ValueTable = { kind: 'int32', values: distinct, unsigned: true }
    return (leaf, from, to) => idChunk(leaf, dense, from, to, table, scratch)
  }
  const times = timesOf(summaries, order)
  return [
    sortedIdsChunk(gatherIds(summaries.traceIds, order, 16), 16),
    numbersChunk(times.start),
    numbersChunk(times.duration),
    numbersChunk(times.end, times.hasEnd),
    numbersChunk(times.rootDelay, times.hasRoot),
    ids(summaries.rootServices),
    ids(summaries.rootNames),
    counts(summaries.spans),
    counts(summaries.errors),
    (leaf, from, to) => {
      const { definition, repetition, items } = servicesOf(summaries, order.subarray(from, to))
      const { values } = idValues(items, strings, scratch)
      const input: ChunkInput = {
        leaf,
        rows: to - from,
        entries: definition.length,
        count: items.length,
        definition,
        repetition,
        values,
        statistics: undefined,
      }
      return input
    },
  ]
}

function gather(values: Uint32Array, order: Uint32Array): Uint32Array {
  const out = new Uint32Array(order.length)
  for (let i = 0; i < order.length; i++) out[i] = values[order[i]!]!
  return out
}

/** Places plus 1 among the distinct values. */
function distinctOf(values: Uint32Array): { dense: Uint32Array; distinct: Int32Array } {
  const known = new Map<number, number>()
  const dense = new Uint32Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]! | 0
    const place = known.get(value) ?? known.size + 1
    known.set(value, place)
    dense[i] = place
  }
  return { dense, distinct: Int32Array.from(known.keys()) }
}

function timesOf({ startNs, endNs, rootStartNs, rootNames }: Summaries, order: Uint32Array) {
  const count = order.length
  const times = {
    start: new BigInt64Array(count),
    duration: new BigInt64Array(count),
    end: new BigInt64Array(count),
    hasEnd: new Uint8Array(count),
    rootDelay: new BigInt64Array(count),
    hasRoot: new Uint8Array(count),
  }
  for (let i = 0; i < count; i++) {
    const start = startNs[order[i]!]!
    const end = endNs[order[i]!]!
    times.start[i] = start
    if (rootNames[order[i]!] !== 0) {
      times.hasRoot[i] = 1
      // Modulo 2^64, as the array has it.
      times.rootDelay[i] = rootStartNs[order[i]!]! - start
    }
    // An end before the start, or 2^63 ns after it, is no duration.
    if (end >= start && end - start < 2n ** 63n) times.duration[i] = end - start
    else {
      times.hasEnd[i] = 1
      times.end[i] = end
    }
  }
  return times
}

/** The levels of the lists of services, and the services themselves: an entry each, or one for a list without. */
function servicesOf({ firstService, services }: Summaries, rows: Uint32Array) {
  let [entries, count] = [0, 0]
  for (const row of rows) {
    const some = firstService[row + 1]! - firstService[row]!
    entries += Math.max(some, 1)
    count += some
  }
  const definition = new Uint8Array(entries)
  const repetition = new Uint8Array(entries)
  const items = new Uint32Array(count)
  let [entry, at] = [0, 0]
  for (const row of rows) {
    const [first, end] = [firstService[row]!, firstService[row + 1]!]
    if (first === end) entry++
    for (let i = first; i < end; i++) {
      definition[entry] = 1
      repetition[entry++] = i === first ? 0 : 1
      items[at++] = services[i]!
    }
  }
  return { definition, repetition, items }
}
