import { fixedColumns as c } from '../layout/columns.ts'
import { corrupt } from '../parquet/byte-reader.ts'
import type { GroupColumns } from './read-group.ts'
import { int32At } from './span-of-row.ts'

/** Unsigned words of a row's key, the most significant first: trace id, start, span id, kind. */
export const keyWords = 9
/** Of those, the trace id's. */
export const traceWords = 4

/** Signed numbers in the order of unsigned ones. */
const signBit = 0x8000_0000

/** Writes the keys of `rows` into `out`, one behind the other. */
export function writeKeys(
  columns: GroupColumns,
  rows: Uint32Array,
  out: Uint32Array,
  outFrom: number,
): void {
  const { traceIds, spanIds, starts, flat } = columns
  const kind = flat.get(c.kind)
  if (kind === undefined && rows.length > 0) throw corrupt('row group', 'must have kinds')
  const kinds = Uint32Array.from({ length: kind?.table.entries ?? 0 }, (_, entry) =>
    int32At(kind!.table, entry),
  )
  let at = outFrom
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    out[at] = bigEndian(traceIds, row * 16)
    out[at + 1] = bigEndian(traceIds, row * 16 + 4)
    out[at + 2] = bigEndian(traceIds, row * 16 + 8)
    out[at + 3] = bigEndian(traceIds, row * 16 + 12)
    out[at + 4] = starts[row * 2 + 1]! ^ signBit
    out[at + 5] = starts[row * 2]!
    out[at + 6] = bigEndian(spanIds, row * 8)
    out[at + 7] = bigEndian(spanIds, row * 8 + 4)
    out[at + 8] = kinds[kind!.ids[row]! - 1]! ^ signBit
    at += keyWords
  }
}

function bigEndian(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

/** The key of one row. */
export function keyOfRow(columns: GroupColumns, row: number): Uint32Array {
  const key = new Uint32Array(keyWords)
  writeKeys(columns, Uint32Array.of(row), key, 0)
  return key
}

/** The first words of a key whose trace id this is. */
export function keyOfTrace(traceId: Uint8Array): Uint32Array {
  return Uint32Array.from({ length: traceWords }, (_, i) => bigEndian(traceId, i * 4))
}

/** By the first `words` words of the keys that begin at these places. */
export function compareKeys(
  a: Uint32Array,
  aFrom: number,
  b: Uint32Array,
  bFrom: number,
  words: number,
): number {
  for (let i = 0; i < words; i++) {
    const [left, right] = [a[aFrom + i]!, b[bFrom + i]!]
    if (left !== right) return left < right ? -1 : 1
  }
  return 0
}
