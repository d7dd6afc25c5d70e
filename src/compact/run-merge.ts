import { storeReadsAtOnce } from '../limits.ts'
import type { GroupRead, MergeResult } from '../press/merge-spans.ts'
import { mapAtOnce } from '../snapshot/map-at-once.ts'

/** Drives a merge, which is pure, with the reads that it asks for. */
export async function runMerge(
  merge: Generator<readonly GroupRead[], MergeResult, readonly Uint8Array[]>,
  read: (read: GroupRead) => Promise<Uint8Array>,
): Promise<MergeResult> {
  let step = merge.next()
  while (!step.done) step = merge.next(await mapAtOnce(step.value, storeReadsAtOnce, read))
  return step.value
}
