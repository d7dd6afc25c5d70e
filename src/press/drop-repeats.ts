import { fixedColumns as c } from '../layout/columns.ts'
import { encodeTracesData } from '../otlp/encode.ts'
import type { MergeWindow } from './merge-window.ts'
import { compareKeys, keyWords } from './row-keys.ts'
import { spanOfRow, textOfRow } from './span-of-row.ts'

/**
 * The window's rows in order without repeats: of rows with the same key and name the one with the later end stays, then
 * the one with the larger encoding, then the first. Rows with the same key and another name are other spans.
 */
export function dropRepeats(window: MergeWindow): Uint32Array {
  const { order, keys } = window
  const kept = new Uint32Array(order.length)
  let count = 0
  for (let from = 0; from < order.length; ) {
    let to = from + 1
    while (to < order.length && sameKey(keys, order[from]!, order[to]!)) to++
    if (to - from === 1) kept[count++] = order[from]!
    else {
      const survivors = survivorsOf(window, order.subarray(from, to))
      kept.set(survivors, count)
      count += survivors.length
    }
    from = to
  }
  return kept.subarray(0, count)
}

function sameKey(keys: Uint32Array, a: number, b: number): boolean {
  // The low half of the start differs nearly always.
  if (keys[a * keyWords + 5] !== keys[b * keyWords + 5]) return false
  return compareKeys(keys, a * keyWords, keys, b * keyWords, keyWords) === 0
}

/** In the order in which the first of each came. */
function survivorsOf(window: MergeWindow, same: Uint32Array): number[] {
  const best = new Map<string, number>()
  for (const row of same) {
    const name = nameOf(window, row)
    const other = best.get(name)
    if (other === undefined || survives(window, row, other)) best.set(name, row)
  }
  return [...best.values()]
}

function nameOf({ groups, sources, rows }: MergeWindow, row: number): string {
  return textOfRow(groups[sources[row]!]!.columns, c.name, rows[row]!) ?? ''
}

function survives(window: MergeWindow, row: number, other: number): boolean {
  const [end, otherEnd] = [endOf(window, row), endOf(window, other)]
  if (end !== otherEnd) return end > otherEnd
  return encodedBytes(window, row) > encodedBytes(window, other)
}

function endOf({ groups, sources, rows }: MergeWindow, row: number): bigint {
  const { ends } = groups[sources[row]!]!.columns
  const at = rows[row]! * 2
  return (BigInt(ends[at + 1]!) << 32n) | BigInt(ends[at]!)
}

function encodedBytes({ groups, sources, rows }: MergeWindow, row: number): number {
  return encodeTracesData([spanOfRow(groups[sources[row]!]!.columns, rows[row]!)]).length
}
