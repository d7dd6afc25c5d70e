import { hourOf } from '../layout/keys.ts'
import { mergePartitionsMax } from '../limits.ts'

/** Where a merge lays traces: by the hour of their first start. */
export interface HourPartitions {
  /** By partition; the last takes what starts in no other's hour. */
  readonly hours: readonly { readonly date: string; readonly hour: string }[]
  readonly partitionOf: (traceStartNs: bigint) => number
}

export const hourNs = 3_600_000_000_000n
const hourMs = 3_600_000

/** Hours since 1970 of a start as it is stored, signed. */
export function hourNumber(startNs: bigint): number {
  return Math.floor(Number(startNs / hourNs)) - (startNs < 0n && startNs % hourNs !== 0n ? 1 : 0)
}

/**
 * The hours with the most rows have a partition each. Senders with broken clocks may spread their spans over any number
 * of hours: those share the partition of `receivedMs`, found by their true bounds as everything is.
 */
export function hourPartitions(
  rowsOfHour: ReadonlyMap<number, number>,
  receivedMs: number,
): HourPartitions {
  const [receivedHour, lastHour] = [Math.floor(receivedMs / hourMs), hourNumber(2n ** 63n - 1n)]
  const chosen = [...rowsOfHour]
    .filter(([hour]) => hour >= 0 && hour <= lastHour && hour !== receivedHour)
    .sort(([hourA, rowsA], [hourB, rowsB]) => rowsB - rowsA || hourA - hourB)
    .slice(0, mergePartitionsMax - 1)
    .map(([hour]) => hour)
  const all = [...chosen, receivedHour]
  const places = new Map(all.map((hour, partition) => [hour, partition]))
  return {
    hours: all.map((hour) => hourOf(hour * hourMs)),
    partitionOf: (startNs) => places.get(hourNumber(startNs)) ?? all.length - 1,
  }
}
