import type { Span } from '../../../src/span/span.ts'
import { hexOf } from '../../../src/span/trace-id.ts'
import { textOrder } from '../../traceql/compare-values.ts'
import { noServiceName, statusError } from './names.ts'
import type { TraceFacts, TraceSpans } from './readers.ts'
import { serviceName } from './trace-json.ts'

/** One line of the UI's search results, whose schema is strict: one field of another type blanks the page. */
export interface JaegerSummary {
  /** 32 digits, whatever the id. */
  readonly traceId: string
  /** Left out when no span is a root. */
  readonly rootServiceName?: string
  readonly rootOperationName?: string
  /** Decimal digits, no sign. */
  readonly minStartTimeUnixNano: string
  readonly maxEndTimeUnixNano: string
  readonly spanCount: number
  readonly errorSpanCount: number
  readonly orphanSpanCount: number
  /** Sorted by name. */
  readonly services: readonly JaegerServiceSummary[]
}

export interface JaegerServiceSummary {
  readonly name: string
  readonly spanCount: number
  readonly errorSpanCount: number
}

export function jaegerSummary(facts: TraceFacts): JaegerSummary {
  const { traceId, root, startNs, endNs, orphans } = facts
  const services = Array.from(facts.services, ([name, { spans, errors }]) => ({
    name: name || noServiceName,
    spanCount: spans,
    errorSpanCount: errors,
  }))
  return {
    traceId: hexOf(traceId),
    ...(root && {
      rootServiceName: root.service || noServiceName,
      rootOperationName: root.name,
    }),
    minStartTimeUnixNano: unsigned(startNs),
    maxEndTimeUnixNano: unsigned(endNs),
    spanCount: sum(services.map(({ spanCount }) => spanCount)),
    errorSpanCount: sum(services.map(({ errorSpanCount }) => errorSpanCount)),
    orphanSpanCount: orphans,
    services: services.sort((a, b) => textOrder(a.name, b.name)),
  }
}

/** OTLP's times are unsigned, those at rest signed. */
function unsigned(ns: bigint): string {
  return BigInt.asUintN(64, ns).toString()
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}

/** What a summary says of a whole trace, of which there is at least one span. */
export function traceFacts({ traceId, spans }: TraceSpans): TraceFacts {
  const ids = new Set(spans.map(({ spanId }) => hexOf(spanId)))
  const isOrphan = ({ parentSpanId }: Span) => parentSpanId && !ids.has(hexOf(parentSpanId))
  const root = spans
    .filter(({ parentSpanId }) => parentSpanId === undefined)
    .reduce(earlier, undefined)
  return {
    traceId,
    root: root && { service: serviceName(root.resource), name: root.name },
    ...times(spans),
    orphans: spans.filter(isOrphan).length,
    services: services(spans),
  }
}

function earlier(first: Span | undefined, span: Span): Span {
  return first === undefined || span.startNs < first.startNs ? span : first
}

function times(spans: readonly Span[]) {
  let [startNs, endNs] = [spans[0]?.startNs ?? 0n, spans[0]?.endNs ?? 0n]
  for (const span of spans) {
    if (span.startNs < startNs) startNs = span.startNs
    if (span.endNs > endNs) endNs = span.endNs
  }
  return { startNs, endNs }
}

function services(spans: readonly Span[]): TraceFacts['services'] {
  const byName = Map.groupBy(spans, ({ resource }) => serviceName(resource))
  const counts = Array.from(byName, ([name, own]) => {
    const errors = own.filter(({ statusCode }) => statusCode === statusError)
    return [name, { spans: own.length, errors: errors.length }] as const
  })
  return new Map(counts)
}
