import { differingWord } from '../span/differing-word.ts'
import type { SpanBatch } from '../span/span-batch.ts'

/** Rows that fit beside 32 bits of an id in a double's 53. */
const rowsPerKey = 2 ** 21

/**
 * The rows in file order: by trace id, start, span id, kind, and last by row, so that equal batches give equal orders.
 * Starts are compared as they are stored, signed.
 */
export function orderRows(batch: SpanBatch, rows?: Uint32Array): Uint32Array {
  const count = rows?.length ?? batch.rows
  if (batch.rows > rowsPerKey) throw new RangeError(`batch must have at most ${rowsPerKey} rows`)
  const prefixes = new DataView(batch.traceIds.buffer, batch.traceIds.byteOffset)
  const rowOf = (i: number) => (rows === undefined ? i : rows[i]!)
  const word = differingWord(count, (i, at) => prefixes.getUint32(rowOf(i) * 16 + at * 4))
  // 32 bits of the trace id and the row in one number: the native sort needs no comparison function.
  const keys = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const row = rowOf(i)
    keys[i] = prefixes.getUint32(row * 16 + word * 4) * rowsPerKey + row
  }
  keys.sort()
  const order = new Uint32Array(count)
  for (let i = 0; i < count; i++) order[i] = keys[i]! % rowsPerKey
  const compare = rowComparison(batch, (word + 1) * 4)
  for (let from = 0; from < count; ) {
    const prefix = Math.floor(keys[from]! / rowsPerKey)
    let to = from + 1
    while (to < count && Math.floor(keys[to]! / rowsPerKey) === prefix) to++
    if (to - from > 1) sortFew(order, from, to, compare)
    from = to
  }
  return order
}

/** Spans of a trace come nearly in order: insertion takes a step or two each; many go to the native sort. */
function sortFew(
  order: Uint32Array,
  from: number,
  to: number,
  compare: (a: number, b: number) => number,
): void {
  if (to - from > 64) {
    order.subarray(from, to).sort(compare)
    return
  }
  for (let i = from + 1; i < to; i++) {
    const row = order[i]!
    let at = i
    while (at > from && compare(order[at - 1]!, row) > 0) {
      order[at] = order[at - 1]!
      at--
    }
    order[at] = row
  }
}

/** For rows whose trace ids are alike in their first `alikeBytes`. */
function rowComparison(batch: SpanBatch, alikeBytes: number): (a: number, b: number) => number {
  const { traceIds, spanIds, kinds, startNs } = batch
  // Two halves compare faster than a BigInt64Array, whose every read makes a bigint.
  const starts = new Uint32Array(startNs.buffer, startNs.byteOffset, batch.rows * 2)
  return (a, b) => {
    for (let i = alikeBytes; i < 16; i++) {
      const difference = traceIds[a * 16 + i]! - traceIds[b * 16 + i]!
      if (difference !== 0) return difference
    }
    const highs = (starts[a * 2 + 1]! | 0) - (starts[b * 2 + 1]! | 0)
    if (highs !== 0) return highs
    const lows = starts[a * 2]! - starts[b * 2]!
    if (lows !== 0) return lows
    for (let i = 0; i < 8; i++) {
      const difference = spanIds[a * 8 + i]! - spanIds[b * 8 + i]!
      if (difference !== 0) return difference
    }
    return kinds[a]! - kinds[b]! || a - b
  }
}
