import type { TraceSummary } from '../index/summaries.ts'
import { statusError } from '../press/summarize.ts'
import { serviceOf } from '../span/service-of.ts'
import type { Span } from '../span/span.ts'

/** What a trace of this one span would be: those of all its spans, merged, are what its summary must say. */
export function summaryOfSpan(span: Span): TraceSummary {
  const startNs = BigInt.asIntN(64, span.startNs)
  const service = serviceOf(span)
  const isRoot = span.parentSpanId === undefined
  return {
    traceId: span.traceId,
    startNs,
    endNs: BigInt.asIntN(64, span.endNs),
    rootStartNs: isRoot ? startNs : undefined,
    rootService: isRoot ? service : undefined,
    rootName: isRoot ? span.name : undefined,
    spans: 1,
    errors: span.statusCode === statusError ? 1 : 0,
    services: service === undefined ? [] : [service],
  }
}

/** Whether two say the same of one trace. */
export function sameSummary(a: TraceSummary, b: TraceSummary): boolean {
  return (
    a.spans === b.spans &&
    a.errors === b.errors &&
    a.startNs === b.startNs &&
    a.endNs === b.endNs &&
    a.rootStartNs === b.rootStartNs &&
    a.rootService === b.rootService &&
    a.rootName === b.rootName &&
    a.services.length === b.services.length &&
    a.services.every((service, i) => service === b.services[i])
  )
}
