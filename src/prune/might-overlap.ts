import type { TimeRange } from './condition.ts'

/** False is a proof that no span starts within the range: bounds are true ones, of spans and not of partitions. */
export function mightOverlap(
  { startMinNs, startMaxNs }: { readonly startMinNs: bigint; readonly startMaxNs: bigint },
  range: TimeRange | undefined,
): boolean {
  return range === undefined || (startMaxNs >= range.fromNs && startMinNs < range.toNs)
}
