import { SpanlakeError } from '../errors.ts'
import { corrupt } from '../parquet/byte-reader.ts'
import { differingWord } from '../span/differing-word.ts'
import type { HeldGroup } from './held-group.ts'
import { compareKeys, keyOfRow, keyOfTrace, keyWords, traceWords, writeKeys } from './row-keys.ts'

/** An input as far as it is read: up to two groups are held while a trace crosses from one to the next. */
export interface HeldInput {
  readonly held: HeldGroup[]
  /** The least trace id that groups not yet read may have; undefined when none are left. */
  readonly nextTraceId: Uint8Array | undefined
}

/** Rows that nothing still unread can come before, in order. */
export interface MergeWindow {
  readonly groups: readonly HeldGroup[]
  /** Row i of the window is row `rows[i]` of group `sources[i]`. */
  readonly sources: Uint16Array
  readonly rows: Uint32Array
  /** `keyWords` words a row of the window. */
  readonly keys: Uint32Array
  /** Rows of the window, in the order of their keys. */
  readonly order: Uint32Array
}

/** Rows that fit beside 32 bits of an id in a double's 53. */
const rowsPerKey = 2 ** 21

/**
 * The next rows: whole traces as long as any is known to be whole, else a part of the one trace that is not. Advances
 * the groups past them. Throws kind `corrupt` when an input is out of order.
 */
export function nextWindow(inputs: readonly HeldInput[]): MergeWindow {
  const groups = inputs.flatMap(({ held }) => held)
  const open = inputs.filter((input) => input.nextTraceId !== undefined)
  if (open.length === 0) return takeUpTo(groups, undefined)
  const trace = leastKey(open.map(boundOf), traceWords)
  if (groups.some((group) => endOf(group, trace, traceWords) > group.position)) {
    return takeUpTo(groups, trace, traceWords)
  }
  // One trace fills whole groups: its rows come in pieces, cut where no repeat can stand on both sides.
  const last = leastKey(
    open
      .filter((input) => compareKeys(boundOf(input), 0, trace, 0, traceWords) === 0)
      .map(({ held }) => keyOfRow(held.at(-1)!.columns, held.at(-1)!.columns.rows - 1)),
    keyWords,
  )
  if (groups.some((group) => endOf(group, last, keyWords) > group.position)) {
    return takeUpTo(groups, last, keyWords)
  }
  // A group of nothing but one key: what is held of it goes on, or nothing ever would.
  const behind = last.slice()
  for (let word = keyWords - 1; word >= 0 && ++behind[word]! > 0xffff_ffff; word--);
  return takeUpTo(groups, behind, keyWords)
}

/** Whether nothing of the input can be merged before more of it is read. */
export function isStuck({ held, nextTraceId }: HeldInput, others: readonly HeldInput[]): boolean {
  if (nextTraceId === undefined) return false
  const [first] = held
  if (first === undefined) return true
  if (held.length > 1) return false
  const bound = keyOfTrace(nextTraceId)
  if (endOf(first, bound, traceWords) > first.position) return false
  return others.every(
    (other) =>
      other.nextTraceId === undefined ||
      other.held.length === 0 ||
      compareKeys(boundOf(other), 0, bound, 0, traceWords) >= 0,
  )
}

function boundOf({ nextTraceId }: HeldInput): Uint32Array {
  return keyOfTrace(nextTraceId!)
}

function leastKey(keys: readonly Uint32Array[], words: number): Uint32Array {
  return keys.reduce((least, key) => (compareKeys(key, 0, least, 0, words) < 0 ? key : least))
}

/** The first row whose key is not less than the bound. */
function endOf({ columns, position }: HeldGroup, bound: Uint32Array, words: number): number {
  let [low, high] = [position, columns.rows]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareKeys(keyOfRow(columns, middle), 0, bound, 0, words) < 0) low = middle + 1
    else high = middle
  }
  return low
}

function takeUpTo(
  groups: readonly HeldGroup[],
  bound: Uint32Array | undefined,
  words = keyWords,
): MergeWindow {
  const taken = groups.map((group) => {
    const end = bound === undefined ? group.columns.rows : endOf(group, bound, words)
    const rows = liveRows(group, end)
    group.position = end
    return rows
  })
  const count = taken.reduce((sum, { length }) => sum + length, 0)
  if (count > rowsPerKey || groups.length > 0xffff) {
    throw new SpanlakeError('internal', `merge must hold fewer rows at once, got ${count}`)
  }
  const sources = new Uint16Array(count)
  const rows = new Uint32Array(count)
  const keys = new Uint32Array(count * keyWords)
  let at = 0
  for (const [source, { columns }] of groups.entries()) {
    const own = taken[source]!
    sources.fill(source, at, at + own.length)
    rows.set(own, at)
    writeKeys(columns, own, keys, at * keyWords)
    checkOrder(keys, at, at + own.length)
    at += own.length
  }
  return { groups, sources, rows, keys, order: orderKeys(keys, count) }
}

function liveRows({ position, dropped }: HeldGroup, end: number): Uint32Array {
  const rows = new Uint32Array(end - position)
  let count = 0
  for (let row = position; row < end; row++) if (dropped?.[row] !== 1) rows[count++] = row
  return rows.subarray(0, count)
}

function checkOrder(keys: Uint32Array, from: number, to: number): void {
  for (let i = from + 1; i < to; i++) {
    const at = i * keyWords
    if (keys[at]! > keys[at - keyWords]!) continue
    if (compareKeys(keys, at - keyWords, keys, at, keyWords) > 0) {
      throw corrupt('row group', 'must have its rows in order')
    }
  }
}

/** By key, and last by place: inputs in the order given. */
function orderKeys(keys: Uint32Array, count: number): Uint32Array {
  const word = differingWord(count, (i, at) => keys[i * keyWords + at]!)
  // 32 bits of the trace id and the row in one number: the native sort needs no comparison function.
  const prefixes = new Float64Array(count)
  for (let i = 0; i < count; i++) prefixes[i] = keys[i * keyWords + word]! * rowsPerKey + i
  prefixes.sort()
  const order = new Uint32Array(count)
  for (let i = 0; i < count; i++) order[i] = prefixes[i]! % rowsPerKey
  const compare = (a: number, b: number) =>
    compareKeys(keys, a * keyWords, keys, b * keyWords, keyWords) || a - b
  for (let from = 0; from < count; ) {
    const prefix = keys[order[from]! * keyWords + word]!
    let to = from + 1
    while (to < count && keys[order[to]! * keyWords + word] === prefix) to++
    if (to - from > 1) sortFew(order, from, to, compare)
    from = to
  }
  return order
}

/** Rows of a trace come in runs that are in order: insertion takes few steps; many go to the native sort. */
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
