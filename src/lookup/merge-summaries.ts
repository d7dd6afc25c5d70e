import type { TraceSummary } from '../index/summaries.ts'

/**
 * One trace's summary over several files, given in the order of their keys. Everything but the counts stays right when
 * files repeat each other's spans. Of several roots, that of the part that starts first stays.
 */
export function mergeSummaries(parts: readonly TraceSummary[]): TraceSummary {
  const [first, ...others] = parts as [TraceSummary, ...TraceSummary[]]
  let { startNs, endNs, spans, errors } = first
  let root = first
  for (const part of others) {
    if (part.startNs < startNs) startNs = part.startNs
    if (part.endNs > endNs) endNs = part.endNs
    spans += part.spans
    errors += part.errors
    if (part.rootName === undefined) continue
    if (root.rootName === undefined || part.startNs < root.startNs) root = part
  }
  const { traceId } = first
  const { rootService, rootName } = root
  const services = [...new Set(parts.flatMap((part) => part.services))].sort()
  return { traceId, startNs, endNs, rootService, rootName, spans, errors, services }
}
