import { type LocatorRecords, sortLocators, writeLocator } from '../index/locator-records.ts'
import { locatorBytes } from '../limits.ts'
import type { MergedFile } from '../press/merge-spans.ts'

/** Locators into the files of one merge; a file's number is its place among them. */
export function locatorsOf(merged: readonly MergedFile[]): LocatorRecords {
  const entries = merged.reduce((sum, { places }) => sum + places.length, 0)
  const records = new Uint8Array(entries * locatorBytes)
  const view = new DataView(records.buffer)
  let at = 0
  for (const [file, { places, groups }] of merged.entries()) {
    for (let i = 0; i < places.length; i++) {
      const group = groups[places.groups[i] as number]
      if (group === undefined)
        throw new RangeError(`trace must lie in a group, got ${places.groups[i]}`)
      writeLocator(view, at, {
        traceId: places.traceIds.subarray(i * 16, i * 16 + 16),
        startSeconds: secondsOf(places.startNs[i] as bigint),
        file,
        offset: group.offset,
        bytes: group.bytes,
        firstRow: places.firstRows[i] as number,
        rows: places.rows[i] as number,
      })
      at += locatorBytes
    }
  }
  return sortLocators(records)
}

/** Cut to 32 bits: times outside the years 1970 to 2106 are told by the rows alone. */
function secondsOf(startNs: bigint): number {
  return Math.min(Math.max(Number(startNs / 1_000_000_000n), 0), 0xffff_ffff)
}
