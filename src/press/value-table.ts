import type { BloomKeys } from '../parquet/bloom.ts'
import type { Statistics } from '../parquet/footer.ts'
import type { ChunkValues } from '../parquet/write-chunk.ts'
import type { Strings } from '../span/span-batch.ts'

/** Distinct values that columns name by index. */
export type ValueTable =
  | { readonly kind: 'strings'; readonly strings: Strings }
  | { readonly kind: 'int64'; readonly values: BigInt64Array }
  | { readonly kind: 'double'; readonly values: Float64Array }
  | { readonly kind: 'int32'; readonly values: Int32Array; readonly unsigned: boolean }

/** Longer bounds are left out: who prunes by a text of 100 characters finds a bloom filter. */
const boundBytesMax = 64

export function tableSize(table: ValueTable): number {
  return table.kind === 'strings' ? table.strings.count : table.values.length
}

/** The values at `ids`, PLAIN-encoded. */
export function plainValues(table: ValueTable, ids: Uint32Array): Uint8Array {
  if (table.kind === 'strings') return plainStrings(table.strings, ids).bytes
  if (table.kind === 'int32') return bytesOf(Int32Array.from(ids, (id) => table.values[id]!))
  const values = new BigUint64Array(
    table.values.buffer,
    table.values.byteOffset,
    table.values.length,
  )
  const out = new BigUint64Array(ids.length)
  for (let i = 0; i < ids.length; i++) out[i] = values[ids[i]!]!
  return bytesOf(out)
}

/** The same as the values of a column that keeps no dictionary. */
export function undictionaried(table: ValueTable, ids: Uint32Array): ChunkValues {
  if (table.kind === 'strings') return { kind: 'bytes', ...plainStrings(table.strings, ids) }
  const width = table.kind === 'int32' ? 4 : 8
  return { kind: 'fixed', width, bytes: plainValues(table, ids) }
}

function plainStrings(
  { starts, bytes }: Strings,
  ids: Uint32Array,
): { bytes: Uint8Array; starts: Uint32Array } {
  const plainStarts = new Uint32Array(ids.length + 1)
  let length = 0
  for (let i = 0; i < ids.length; i++) {
    plainStarts[i] = length
    length += 4 + starts[ids[i]! + 1]! - starts[ids[i]!]!
  }
  plainStarts[ids.length] = length
  const plain = new Uint8Array(length)
  let at = 0
  for (let i = 0; i < ids.length; i++) {
    const from = starts[ids[i]!]!
    const to = starts[ids[i]! + 1]!
    const size = to - from
    plain[at] = size
    plain[at + 1] = size >>> 8
    plain[at + 2] = size >>> 16
    plain[at + 3] = size >>> 24
    at += 4
    if (size > 64) plain.set(bytes.subarray(from, to), at)
    else for (let byte = 0; byte < size; byte++) plain[at + byte] = bytes[from + byte]!
    at += size
  }
  return { bytes: plain, starts: plainStarts }
}

/** Least and greatest of the values at `ids`, exact or left out. */
export function statisticsOf(table: ValueTable, ids: Uint32Array, nulls: number): Statistics {
  const none = { nulls, min: undefined, max: undefined }
  const [first] = ids
  if (first === undefined) return none
  if (table.kind === 'strings') return stringStatistics(table.strings, ids, nulls)
  if (table.kind === 'int64') return int64Statistics(table.values, ids, nulls)
  const { values } = table
  const rank =
    table.kind === 'int32' && table.unsigned
      ? (value: number) => value >>> 0
      : (value: number) => value
  let min = rank(values[first]!)
  let max = min
  for (const id of ids) {
    const value = rank(values[id]!)
    // Order over NaN is undefined, and so is what readers make of it.
    if (Number.isNaN(value)) return none
    if (value < min) min = value
    if (value > max) max = value
  }
  if (table.kind === 'int32') return { nulls, min: int32Bytes(min), max: int32Bytes(max) }
  // The two zeros are equal and stored apart: parquet.thrift has the bounds take in both.
  return { nulls, min: doubleBytes(min === 0 ? -0 : min), max: doubleBytes(max === 0 ? 0 : max) }
}

function int64Statistics(values: BigInt64Array, ids: Uint32Array, nulls: number): Statistics {
  let min = values[ids[0]!]!
  let max = min
  for (let i = 1; i < ids.length; i++) {
    const value = values[ids[i]!]!
    if (value < min) min = value
    if (value > max) max = value
  }
  return { nulls, min: int64Bytes(min), max: int64Bytes(max) }
}

function stringStatistics(strings: Strings, ids: Uint32Array, nulls: number): Statistics {
  let min = ids[0]!
  let max = min
  for (let i = 1; i < ids.length; i++) {
    if (compareStrings(strings, ids[i]!, min) < 0) min = ids[i]!
    else if (compareStrings(strings, ids[i]!, max) > 0) max = ids[i]!
  }
  const bytes = (id: number) => strings.bytes.slice(strings.starts[id]!, strings.starts[id + 1]!)
  if (Math.max(bytes(min).length, bytes(max).length) > boundBytesMax) {
    return { nulls, min: undefined, max: undefined }
  }
  return { nulls, min: bytes(min), max: bytes(max) }
}

function compareStrings({ starts, bytes }: Strings, a: number, b: number): number {
  let [left, right] = [starts[a]!, starts[b]!]
  const [leftEnd, rightEnd] = [starts[a + 1]!, starts[b + 1]!]
  while (left < leftEnd && right < rightEnd) {
    const difference = bytes[left++]! - bytes[right++]!
    if (difference !== 0) return difference
  }
  return leftEnd - left - (rightEnd - right)
}

export function int64Bytes(value: bigint): Uint8Array {
  return bytesOf(BigInt64Array.of(value))
}

function int32Bytes(value: number): Uint8Array {
  return bytesOf(Int32Array.of(value))
}

function doubleBytes(value: number): Uint8Array {
  return bytesOf(Float64Array.of(value))
}

export function bytesOf(
  array: BigInt64Array | BigUint64Array | Int32Array | Float64Array,
): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}

/** The values at `ids` as a bloom filter hashes them: PLAIN, strings without their length. */
export function bloomKeys(table: ValueTable, ids: Uint32Array): BloomKeys {
  if (table.kind === 'strings') {
    const { starts, bytes } = table.strings
    return {
      count: ids.length,
      bytes,
      slice: (i) => ({ from: starts[ids[i]!]!, to: starts[ids[i]! + 1]! }),
    }
  }
  const width = table.kind === 'int32' ? 4 : 8
  const bytes = bytesOf(table.values)
  return {
    count: ids.length,
    bytes,
    slice: (i) => ({ from: ids[i]! * width, to: (ids[i]! + 1) * width }),
  }
}
