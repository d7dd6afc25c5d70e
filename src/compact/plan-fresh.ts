import { parseFreshFileKey } from '../layout/keys.ts'
import { freshMergeFilesMin, freshMergeWaitMs, mergeFilesMax, spanFileBytesMax } from '../limits.ts'
import type { ListEntry } from '../ports/object-store.ts'

/**
 * The fresh files that one merge may take, the earliest hour of receipt first, within an hour the earliest written; empty
 * when there are too few to be worth it and none has waited long, unless all are wanted `atOnce`. `fresh` are the live
 * ones.
 */
export function planFresh(fresh: readonly ListEntry[], nowMs: number, atOnce = false): ListEntry[] {
  const isWorthIt =
    atOnce ||
    fresh.length >= freshMergeFilesMin ||
    fresh.reduce((sum, { bytes }) => sum + bytes, 0) >= spanFileBytesMax / 2 ||
    fresh.some(({ modifiedMs }) => nowMs - modifiedMs >= freshMergeWaitMs)
  if (!isWorthIt) return []
  const chosen: ListEntry[] = []
  let bytes = 0
  // By arrival, not by key: neighbours in time have their starts in common, and so do the files made of them.
  for (const entry of fresh.toSorted(byArrival)) {
    if (
      chosen.length >= mergeFilesMax ||
      (chosen.length > 0 && bytes + entry.bytes > spanFileBytesMax)
    )
      break
    chosen.push(entry)
    bytes += entry.bytes
  }
  return chosen
}

function byArrival(a: ListEntry, b: ListEntry): number {
  const [left, right] = [hourOf(a), hourOf(b)]
  return left < right ? -1 : left > right ? 1 : a.modifiedMs - b.modifiedMs
}

function hourOf({ key }: ListEntry): string {
  const ref = parseFreshFileKey(key)
  return `${ref?.date} ${ref?.hour}`
}
