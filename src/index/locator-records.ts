import { locatorBytes } from '../limits.ts'
import { differingWord } from '../span/differing-word.ts'

/** Where rows of a trace lie: one for each row group that has some. */
export interface Locator {
  /** 16 bytes. */
  readonly traceId: Uint8Array
  /** Of the trace's first span in its file, seconds since 1970, cut to 32 bits: for order, not for truth. */
  readonly startSeconds: number
  /** A place in the set's list of span files. */
  readonly file: number
  /** The row group: one range of the file. */
  readonly offset: number
  readonly bytes: number
  /** Within the row group. */
  readonly firstRow: number
  readonly rows: number
}

/**
 * Locators as they lie in a bucket: `locatorBytes` each, little-endian; sorted by trace id, then file, then offset.
 *
 *     trace id 16 · start u32 · file u32 · offset u32 · bytes u32 · first row u16 · rows u16
 */
export type LocatorRecords = Uint8Array

/** Row groups hold up to four times `rowGroupRowsMax` rows, which 16 bits tell. A number that does not fit is a bug. */
export function writeLocator(view: DataView, at: number, locator: Locator): void {
  const { startSeconds, file, offset, bytes, firstRow, rows } = locator
  const fits =
    startSeconds >>> 0 === startSeconds &&
    file >>> 0 === file &&
    offset >>> 0 === offset &&
    bytes >>> 0 === bytes &&
    (firstRow & 0xffff) === firstRow &&
    (rows & 0xffff) === rows &&
    locator.traceId.length === 16
  if (!fits) {
    const numbers = [startSeconds, file, offset, bytes, firstRow, rows]
    throw new RangeError(`locator must fit its fields, got ${numbers.join(' ')}`)
  }
  new Uint8Array(view.buffer, view.byteOffset + at, 16).set(locator.traceId)
  view.setUint32(at + 16, startSeconds, true)
  view.setUint32(at + 20, file, true)
  view.setUint32(at + 24, offset, true)
  view.setUint32(at + 28, bytes, true)
  view.setUint16(at + 32, firstRow, true)
  view.setUint16(at + 34, rows, true)
}

export function readLocator(records: LocatorRecords, place: number): Locator {
  const at = place * locatorBytes
  const view = new DataView(records.buffer, records.byteOffset + at, locatorBytes)
  return {
    traceId: records.slice(at, at + 16),
    startSeconds: view.getUint32(16, true),
    file: view.getUint32(20, true),
    offset: view.getUint32(24, true),
    bytes: view.getUint32(28, true),
    firstRow: view.getUint16(32, true),
    rows: view.getUint16(34, true),
  }
}

/** A double has 53 bits: 32 of the id, 21 for the place. A merge makes some hundred thousand. */
export const sortLocatorsMax = 2 ** 21

/** Sorts at most `sortLocatorsMax` records by trace id, file and offset; returns them anew. */
export function sortLocators(records: LocatorRecords): LocatorRecords {
  const count = records.length / locatorBytes
  if (count > sortLocatorsMax) {
    throw new RangeError(`locators to sort must be at most ${sortLocatorsMax}, got ${count}`)
  }
  const view = new DataView(records.buffer, records.byteOffset, records.length)
  const wordOf = (i: number, word: number) => view.getUint32(i * locatorBytes + word * 4)
  const word = differingWord(count, wordOf)
  // 32 bits of the id and the place in one double: the native sort needs no comparison function.
  const keys = new Float64Array(count)
  for (let i = 0; i < count; i++) keys[i] = wordOf(i, word) * sortLocatorsMax + i
  keys.sort()
  const places = Array.from(keys, (key) => key % sortLocatorsMax)
  const sorted = new Uint8Array(records.length)
  for (let from = 0; from < count; ) {
    const prefix = Math.floor(keys[from]! / sortLocatorsMax)
    let to = from + 1
    while (to < count && Math.floor(keys[to]! / sortLocatorsMax) === prefix) to++
    const run = places.slice(from, to)
    if (run.length > 1) run.sort((a, b) => compareRecords(records, a, records, b) || a - b)
    for (const [i, place] of run.entries()) {
      const at = place * locatorBytes
      sorted.set(records.subarray(at, at + locatorBytes), (from + i) * locatorBytes)
    }
    from = to
  }
  return sorted
}

/** By trace id, file, offset. */
export function compareRecords(
  a: LocatorRecords,
  placeA: number,
  b: LocatorRecords,
  placeB: number,
): number {
  const [atA, atB] = [placeA * locatorBytes, placeB * locatorBytes]
  for (let i = 0; i < 16; i++) {
    const difference = a[atA + i]! - b[atB + i]!
    if (difference !== 0) return difference
  }
  return (
    numberAt(a, atA + 20) - numberAt(b, atB + 20) || numberAt(a, atA + 24) - numberAt(b, atB + 24)
  )
}

/** A record's trace id against another. */
export function compareId(records: LocatorRecords, place: number, traceId: Uint8Array): number {
  const at = place * locatorBytes
  for (let i = 0; i < 16; i++) {
    const difference = records[at + i]! - traceId[i]!
    if (difference !== 0) return difference
  }
  return 0
}

function numberAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  )
}
