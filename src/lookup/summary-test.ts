import type { TraceSummary } from '../index/summaries.ts'

/** Which traces a list holds, by what summaries say; what is not given asks for nothing. */
export interface SummaryFilter {
  /** Some span is of this service. */
  readonly service?: string
  readonly rootName?: string
  /** From first start to last end, both inclusive. */
  readonly durationMinNs?: bigint
  readonly durationMaxNs?: bigint
  /** Whether some span has an error. */
  readonly hasError?: boolean
}

/**
 * Whether a trace is asked for, by its summary over all files. `might` is false only where no counting of repeats could
 * make it true: files that repeat each other's spans count too many, never too few.
 */
export function summaryTest({
  service,
  rootName,
  durationMinNs,
  durationMaxNs,
  hasError,
}: SummaryFilter): {
  readonly might: (summary: TraceSummary) => boolean
  readonly does: (counted: TraceSummary) => boolean
} {
  const might = (summary: TraceSummary): boolean => {
    const durationNs = durationOf(summary)
    if (service !== undefined && !summary.services.includes(service)) return false
    if (rootName !== undefined && summary.rootName !== rootName) return false
    if (durationMinNs !== undefined && durationNs < durationMinNs) return false
    if (durationMaxNs !== undefined && durationNs > durationMaxNs) return false
    return hasError !== true || summary.errors > 0
  }
  const does = (counted: TraceSummary): boolean =>
    might(counted) && (hasError !== false || counted.errors === 0)
  return { might, does }
}

/** Zero for a trace that ends before it starts. */
function durationOf({ startNs, endNs }: TraceSummary): bigint {
  return endNs > startNs ? endNs - startNs : 0n
}
