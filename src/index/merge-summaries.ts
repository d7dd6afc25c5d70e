import { isRootBefore, type TraceSummary } from './summaries.ts'

/**
 * One trace's summary over several parts, in whatever order. Everything but the counts stays right when they repeat each
 * other's spans.
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
    if (isRootBefore(part, root)) root = part
  }
  const { traceId } = first
  const { rootStartNs, rootService, rootName } = root
  const services = [...new Set(parts.flatMap((part) => part.services))].sort()
  const times = { startNs, endNs, rootStartNs }
  return { traceId, ...times, rootService, rootName, spans, errors, services }
}
