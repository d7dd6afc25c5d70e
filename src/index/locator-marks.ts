import { locatorBytes, locatorMarkEntries } from '../limits.ts'
import type { LocatorRecords } from './locator-records.ts'

/**
 * The trace ids of every `locatorMarkEntries`-th entry of a bucket, beginning with entry 0, and of its last one: 16
 * bytes each. Between two marks the place of an id is computed. Ids are whole, since those of 64 bits are alike in
 * their first 8 bytes; the last one is there, since ids need not reach up to where 128 bits do.
 */
export type LocatorMarks = Uint8Array

const markBytes = 16

/** `records`: sorted, at least one. */
export function marksOf(records: LocatorRecords): LocatorMarks {
  const entries = records.length / locatorBytes
  const marks = new Uint8Array(marksBytes(entries))
  for (let mark = 0; mark * markBytes < marks.length; mark++) {
    const at = markPlace(mark, entries) * locatorBytes
    marks.set(records.subarray(at, at + markBytes), mark * markBytes)
  }
  return marks
}

export function marksBytes(entries: number): number {
  return (Math.ceil(entries / locatorMarkEntries) + 1) * markBytes
}

/** The number of the last mark. */
export function lastMark(marks: LocatorMarks): number {
  return marks.length / markBytes - 1
}

/** The entry that a mark is of. */
export function markPlace(mark: number, entries: number): number {
  return Math.min(mark * locatorMarkEntries, entries - 1)
}

export function compareMark(marks: LocatorMarks, mark: number, traceId: Uint8Array): number {
  for (let i = 0; i < markBytes; i++) {
    const difference = marks[mark * markBytes + i]! - traceId[i]!
    if (difference !== 0) return difference
  }
  return 0
}

/** Where an id lies between two marks that are not above and not below it: from 0 to 1. */
export function shareBetween(
  marks: LocatorMarks,
  low: number,
  high: number,
  traceId: Uint8Array,
): number {
  const from = numberOf(marks, low * markBytes)
  const to = numberOf(marks, high * markBytes)
  // Ids may differ in their last bits alone: the difference becomes a double, and they do not.
  return to > from ? Number(numberOf(traceId, 0) - from) / Number(to - from) : 0
}

function numberOf(ids: Uint8Array, at: number): bigint {
  const view = new DataView(ids.buffer, ids.byteOffset + at, markBytes)
  return (view.getBigUint64(0) << 64n) | view.getBigUint64(8)
}
