import type { Span } from '../../../src/span/span.ts'
import { hexOf } from '../../../src/span/trace-id.ts'
import { textOrder } from '../../traceql/compare-values.ts'
import { statusError } from './names.ts'
import type { TraceSpans } from './readers.ts'
import { serviceName } from './trace-json.ts'

/** One line of the UI's search results, whose schema is strict: one field of another type blanks the page. */
export interface JaegerSummary {
  /** 32 digits, whatever the id. */
  readonly traceId: string
  /** Of the earliest span without a parent; left out when there is none. */
  readonly rootServiceName?: string
  readonly rootOperationName?: string
  /** Decimal digits, no sign. */
  readonly minStartTimeUnixNano: string
  readonly maxEndTimeUnixNano: string
  readonly spanCount: number
  readonly errorSpanCount: number
  /** Spans whose parent is not among them. */
  readonly orphanSpanCount: number
  /** Sorted by name. */
  readonly services: readonly JaegerServiceSummary[]
}

export interface JaegerServiceSummary {
  readonly name: string
  readonly spanCount: number
  readonly errorSpanCount: number
}

/** The summary of a trace, of which there is at least one span. */
export function jaegerSummary({ traceId, spans }: TraceSpans): JaegerSummary {
  const ids = new Set(spans.map(({ spanId }) => hexOf(spanId)))
  const isOrphan = ({ parentSpanId }: Span) => parentSpanId && !ids.has(hexOf(parentSpanId))
  return {
    traceId: hexOf(traceId),
    ...rootNames(spans),
    ...times(spans),
    ...counts(spans),
    orphanSpanCount: spans.filter(isOrphan).length,
    services: services(spans),
  }
}

function rootNames(spans: readonly Span[]) {
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined)
  const [first] = roots
  if (first === undefined) return {}
  const root = roots.reduce((least, span) => (span.startNs < least.startNs ? span : least), first)
  return { rootServiceName: serviceName(root.resource), rootOperationName: root.name }
}

function times(spans: readonly Span[]) {
  let [minNs, maxNs] = [spans[0]?.startNs ?? 0n, spans[0]?.endNs ?? 0n]
  for (const { startNs, endNs } of spans) {
    if (startNs < minNs) minNs = startNs
    if (endNs > maxNs) maxNs = endNs
  }
  return { minStartTimeUnixNano: minNs.toString(), maxEndTimeUnixNano: maxNs.toString() }
}

function counts(spans: readonly Span[]) {
  const errors = spans.filter(({ statusCode }) => statusCode === statusError)
  return { spanCount: spans.length, errorSpanCount: errors.length }
}

function services(spans: readonly Span[]): JaegerServiceSummary[] {
  const byName = Map.groupBy(spans, ({ resource }) => serviceName(resource))
  return Array.from(byName, ([name, own]) => ({ name, ...counts(own) })).sort((a, b) =>
    textOrder(a.name, b.name),
  )
}
