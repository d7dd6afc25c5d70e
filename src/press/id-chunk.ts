import type { Leaf } from '../parquet/schema.ts'
import type { ChunkInput } from '../parquet/write-chunk.ts'
import { plainValues, statisticsOf, undictionaried, type ValueTable } from './value-table.ts'

/**
 * Memory that every chunk of a file uses again: a chunk must be encoded before the next one is made. Fresh arrays for
 * each of some thousand chunks would cost more than all the encoding.
 */
export interface Scratch {
  /** By value of a table: its local id plus 1; all 0 between two uses. */
  readonly localOf: Uint32Array
  readonly definition: ReusedBytes
  readonly present: ReusedWords
  readonly ids: ReusedWords
  readonly list: ReusedWords
}

/** An array of the length asked for; what it held before is still there. */
type ReusedWords = (length: number) => Uint32Array
type ReusedBytes = (length: number) => Uint8Array

export function makeScratch(tableSizeMax: number): Scratch {
  const words = (): ReusedWords => {
    let held = new Uint32Array(0)
    return (length) => {
      if (held.length < length) held = new Uint32Array(length * 2)
      return held.subarray(0, length)
    }
  }
  let held = new Uint8Array(0)
  const definition = (length: number) => {
    if (held.length < length) held = new Uint8Array(length * 2)
    return held.subarray(0, length)
  }
  const localOf = new Uint32Array(tableSizeMax)
  return { localOf, definition, present: words(), ids: words(), list: words() }
}

/** Distinct values per value above which a dictionary only adds ids to the values. */
const dictionaryShareMax = 0.6

/**
 * A chunk of a flat column from ids by place: `dense[i]` is 0 for null, else the value's index in the table plus 1.
 * `distinct` receives the indexes of the distinct values.
 */
export function idChunk(
  leaf: Leaf,
  dense: Uint32Array,
  from: number,
  to: number,
  table: ValueTable,
  scratch: Scratch,
): ChunkInput & { readonly distinct: Uint32Array } {
  const rows = to - from
  const optional = leaf.definitionMax > 0
  const definition = optional ? scratch.definition(rows).fill(0) : undefined
  const present = scratch.present(rows)
  let count = 0
  for (let i = from; i < to; i++) {
    const value = dense[i]!
    if (value === 0) continue
    if (definition !== undefined) definition[i - from] = 1
    present[count++] = value - 1
  }
  const values = idValues(present.subarray(0, count), table, scratch)
  const statistics = statisticsOf(table, values.distinct, rows - count)
  return {
    leaf,
    rows,
    entries: rows,
    count,
    definition,
    repetition: undefined,
    statistics,
    ...values,
  }
}

/** Values from indexes into a table: with a dictionary where that pays. */
export function idValues(
  present: Uint32Array,
  table: ValueTable,
  scratch: Scratch,
): Pick<ChunkInput, 'values'> & { readonly distinct: Uint32Array } {
  const { localOf } = scratch
  const ids = scratch.ids(present.length)
  const list = scratch.list(present.length)
  let entries = 0
  for (let i = 0; i < present.length; i++) {
    const value = present[i]!
    let local = localOf[value]!
    if (local === 0) {
      list[entries++] = value
      local = entries
      localOf[value] = local
    }
    ids[i] = local - 1
  }
  const distinct = list.subarray(0, entries)
  for (const value of distinct) localOf[value] = 0
  if (entries > 16 && entries > present.length * dictionaryShareMax) {
    return { distinct, values: undictionaried(table, present) }
  }
  return {
    distinct,
    values: { kind: 'dictionary', entries, plain: plainValues(table, distinct), ids },
  }
}
