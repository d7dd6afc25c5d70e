import type { Statistics } from '../parquet/footer.ts'
import type { Leaf } from '../parquet/schema.ts'
import type { ChunkInput, ChunkValues } from '../parquet/write-chunk.ts'
import type { ChunkMaker } from './span-columns.ts'
import { bytesOf, int64Bytes } from './value-table.ts'

/** Trace ids, which come in runs: each once in a dictionary, where traces have two spans or more on average. */
export function traceIdsChunk(traceIds: Uint8Array, order: Uint32Array): ChunkMaker {
  return sortedTraceIdsChunk(gatherIds(traceIds, order, 16))
}

/** The same from ids in file order. */
export function sortedTraceIdsChunk(sorted: Uint8Array): ChunkMaker {
  return (leaf, from, to) => {
    const count = to - from
    const bytes = sorted.subarray(from * 16, to * 16)
    const { ids, starts } = runsOf(bytes)
    const dictionary = starts.length <= count / 2
    const values: ChunkValues = dictionary
      ? { kind: 'dictionary', entries: starts.length, plain: entriesAt(bytes, starts), ids }
      : { kind: 'fixed', width: 16, bytes }
    // Sorted: the first is the least.
    const statistics = { nulls: 0, min: bytes.slice(0, 16), max: bytes.slice(-16) }
    return { ...required(leaf, count), values, statistics }
  }
}

function runsOf(bytes: Uint8Array): { ids: Uint32Array; starts: number[] } {
  const ids = new Uint32Array(bytes.length / 16)
  const starts: number[] = [0]
  for (let i = 1; i < ids.length; i++) {
    if (!sameId(bytes, (i - 1) * 16, i * 16)) starts.push(i * 16)
    ids[i] = starts.length - 1
  }
  return { ids, starts }
}

export function sameId(bytes: Uint8Array, a: number, b: number): boolean {
  for (let i = 15; i >= 0; i--) if (bytes[a + i] !== bytes[b + i]) return false
  return true
}

function entriesAt(bytes: Uint8Array, starts: readonly number[]): Uint8Array {
  const entries = new Uint8Array(starts.length * 16)
  for (const [i, start] of starts.entries()) entries.set(bytes.subarray(start, start + 16), i * 16)
  return entries
}

export function gatherIds(ids: Uint8Array, order: Uint32Array, width: 8 | 16): Uint8Array {
  const words = wordsOf(ids)
  const out = new Uint32Array((order.length * width) / 4)
  const step = width / 4
  let at = 0
  for (const row of order)
    for (let word = row * step; word < row * step + step; word++) out[at++] = words[word]!
  return new Uint8Array(out.buffer)
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  const length = bytes.length >> 2
  if (bytes.byteOffset % 4 === 0) return new Uint32Array(bytes.buffer, bytes.byteOffset, length)
  return new Uint32Array(bytes.slice().buffer, 0, length)
}

/** Ids that are all there, as they are: they are random, and nothing makes them smaller. */
export function idsChunk(ids: Uint8Array, order: Uint32Array, width: 8 | 16): ChunkMaker {
  return sortedIdsChunk(gatherIds(ids, order, width), width)
}

/** The same from ids in file order. */
export function sortedIdsChunk(sorted: Uint8Array, width: 8 | 16): ChunkMaker {
  return (leaf, from, to) => {
    const bytes = sorted.subarray(from * width, to * width)
    const statistics = idStatistics(bytes, width, 0)
    return {
      ...required(leaf, to - from),
      values: { kind: 'fixed', width, bytes },
      statistics,
    }
  }
}

/** Ids of which all zero is none. zstd finds the repeats of a parent better than a dictionary does. */
export function parentsChunk(ids: Uint8Array, order: Uint32Array): ChunkMaker {
  return sortedParentsChunk(gatherIds(ids, order, 8))
}

/** The same from ids in file order. */
export function sortedParentsChunk(sorted: Uint8Array): ChunkMaker {
  const words = wordsOf(sorted)
  return (leaf, from, to) => {
    const rows = to - from
    const definition = new Uint8Array(rows)
    const present = new Uint32Array(rows * 2)
    let count = 0
    for (let place = from; place < to; place++) {
      const [low, high] = [words[place * 2]!, words[place * 2 + 1]!]
      if ((low | high) === 0) continue
      definition[place - from] = 1
      present[count * 2] = low
      present[count * 2 + 1] = high
      count++
    }
    const bytes = new Uint8Array(present.buffer, 0, count * 8)
    const values: ChunkValues = { kind: 'fixed', width: 8, bytes }
    const statistics = idStatistics(bytes, 8, rows - count)
    return {
      leaf,
      rows,
      entries: rows,
      count,
      definition,
      repetition: undefined,
      values,
      statistics,
    }
  }
}

/** Least and greatest as unsigned bytes. */
function idStatistics(bytes: Uint8Array, width: number, nulls: number): Statistics {
  if (bytes.length === 0) return { nulls, min: undefined, max: undefined }
  let min = 0
  let max = 0
  for (let at = width; at < bytes.length; at += width) {
    if (compareIds(bytes, at, min, width) < 0) min = at
    else if (compareIds(bytes, at, max, width) > 0) max = at
  }
  return { nulls, min: bytes.slice(min, min + width), max: bytes.slice(max, max + width) }
}

function compareIds(bytes: Uint8Array, a: number, b: number, width: number): number {
  for (let i = 0; i < width; i++) {
    const difference = bytes[a + i]! - bytes[b + i]!
    if (difference !== 0) return difference
  }
  return 0
}

/** 64-bit numbers by place; `present` (0 or 1 by place) where some are null. */
export function numbersChunk(numbers: BigInt64Array, present?: Uint8Array): ChunkMaker {
  return (leaf, from, to) => {
    const rows = to - from
    const definition = present?.subarray(from, to)
    const slice = numbers.subarray(from, to)
    const some = definition === undefined ? slice : slice.filter((_, i) => definition[i] === 1)
    const values: ChunkValues = { kind: 'fixed', width: 8, bytes: bytesOf(some) }
    const statistics = numberStatistics(some, rows - some.length)
    return {
      leaf,
      rows,
      entries: rows,
      count: some.length,
      definition,
      repetition: undefined,
      values,
      statistics,
    }
  }
}

function numberStatistics(numbers: BigInt64Array, nulls: number): Statistics {
  if (numbers.length === 0) return { nulls, min: undefined, max: undefined }
  const halves = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length * 2)
  let min = 0
  let max = 0
  for (let i = 2; i < halves.length; i += 2) {
    if (isLess(halves, i, min)) min = i
    else if (isLess(halves, max, i)) max = i
  }
  return { nulls, min: int64Bytes(numbers[min / 2]!), max: int64Bytes(numbers[max / 2]!) }
}

function isLess(halves: Uint32Array, a: number, b: number): boolean {
  const [highA, highB] = [halves[a + 1]! | 0, halves[b + 1]! | 0]
  return highA < highB || (highA === highB && halves[a]! < halves[b]!)
}

/** Booleans from a dense column: 0 is null, 1 false, 2 true. */
export function bitsChunk(leaf: Leaf, dense: Uint32Array, from: number, to: number): ChunkInput {
  const rows = to - from
  const definition = new Uint8Array(rows)
  const bits = new Uint8Array(rows)
  let count = 0
  let trues = 0
  for (let place = from; place < to; place++) {
    if (dense[place] === 0) continue
    definition[place - from] = 1
    bits[count] = dense[place]! - 1
    trues += bits[count++]!
  }
  const bound = (value: boolean) => (count === 0 ? undefined : Uint8Array.of(value ? 1 : 0))
  const statistics = { nulls: rows - count, min: bound(trues === count), max: bound(trues > 0) }
  const values = { kind: 'bits', bits: bits.subarray(0, count) } as const
  return { leaf, rows, entries: rows, count, definition, repetition: undefined, values, statistics }
}

function required(leaf: Leaf, rows: number) {
  return { leaf, rows, entries: rows, count: rows, definition: undefined, repetition: undefined }
}
