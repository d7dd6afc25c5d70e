import { type Backlog, compactStep } from '../../src/compact/compact.ts'
import type { MergeReport } from '../../src/compact/merge-report.ts'
import type { Runtime } from '../../src/runtime.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'

export interface CompactTotals {
  readonly merges: number
  /** Fresh files and span files; what was written here may be read again by a later merge, as may its spans. */
  readonly mergedFilesRead: number
  readonly filesWritten: number
  readonly spansMerged: number
  readonly bytesWritten: number
  /** What stands in the end, as the last step found it. */
  readonly freshFiles: number
  readonly spanFiles: number
  /** Nothing is left to merge; else others were faster, again and again. */
  readonly complete: boolean
}

/** Steps in a row that others may undo. */
const lostMax = 5

/** Takes step after step of compaction until nothing is left to merge, or too many in a row are lost to others. */
export async function compactUntilDone(
  tenant: string,
  runtime: Runtime,
  told: (report: MergeReport) => void,
): Promise<CompactTotals> {
  const cache = readCache()
  const done = { merges: 0, mergedFilesRead: 0, filesWritten: 0, spansMerged: 0, bytesWritten: 0 }
  let left = { freshFiles: 0, spanFiles: 0 }
  const onBacklog = ({ freshFiles, spanFiles }: Backlog) => {
    left = { freshFiles, spanFiles }
  }
  let lost = 0
  for (;;) {
    const step = await compactStep(tenant, runtime, cache, { now: true, onBacklog })
    lost = step.kind === 'lost' ? lost + 1 : 0
    if (step.kind === 'nothing' || lost === lostMax) {
      return { ...done, ...left, complete: step.kind === 'nothing' }
    }
    if (step.kind !== 'merged') continue
    const { report } = step
    done.merges++
    done.mergedFilesRead += report.filesBefore
    done.filesWritten += report.filesAfter
    done.spansMerged += report.rowsBefore
    done.bytesWritten += report.bytesWritten
    told(report)
  }
}
