import type { Resource, Span, SpanEvent, SpanLink } from '../../../src/span/span.ts'
import { hexOf, sameTraceId } from '../../../src/span/trace-id.ts'
import { noServiceName, shortTraceId } from './names.ts'
import { eventTags, type JaegerTag, processTags, spanTags, warningsOf } from './tags.ts'
import { valueText } from './value-text.ts'

/** A trace as Jaeger's UI and Grafana's data source read it: the "legacy" JSON, which nobody has written down. */
export interface JaegerTrace {
  readonly traceID: string
  readonly spans: readonly JaegerSpan[]
  readonly processes: Readonly<Record<string, JaegerProcess>>
  readonly warnings: readonly string[] | null
}

export interface JaegerSpan {
  readonly traceID: string
  readonly spanID: string
  /** Left out at zero. */
  readonly flags?: number
  readonly operationName: string
  readonly references: readonly JaegerReference[]
  /** Microseconds, since 1970 and long. */
  readonly startTime: number
  readonly duration: number
  readonly tags: readonly JaegerTag[]
  readonly logs: readonly { readonly timestamp: number; readonly fields: readonly JaegerTag[] }[]
  readonly processID: string
  readonly warnings: readonly string[] | null
}

export interface JaegerReference {
  readonly refType: 'CHILD_OF' | 'FOLLOWS_FROM'
  readonly traceID: string
  readonly spanID: string
}

export interface JaegerProcess {
  readonly serviceName: string
  readonly tags: readonly JaegerTag[]
}

/**
 * The spans of one trace, at least one, in the order of their starts: microseconds would lose which came first. `warnings`
 * say what is wrong with the trace as a whole.
 */
export function jaegerTrace(
  spans: readonly Span[],
  traceId: Uint8Array,
  warnings: readonly string[],
): JaegerTrace {
  const table = processTable()
  return {
    traceID: shortTraceId(traceId),
    spans: spans.toSorted(byStart).map((span) => jaegerSpan(span, table.idOf(span.resource))),
    processes: table.processes,
    warnings: orNull(warnings),
  }
}

function byStart(a: Span, b: Span): number {
  if (a.startNs === b.startNs) return 0
  return a.startNs < b.startNs ? -1 : 1
}

function jaegerSpan(span: Span, processID: string): JaegerSpan {
  const { startNs, endNs } = span
  const flags = span.flags & sampledFlag
  return {
    traceID: shortTraceId(span.traceId),
    spanID: hexOf(span.spanId),
    ...(flags === 0 ? {} : { flags }),
    operationName: span.name,
    references: references(span),
    startTime: micros(startNs),
    duration: endNs > startNs ? micros(endNs - startNs) : 0,
    tags: spanTags(span),
    logs: span.events.map(jaegerLog),
    processID,
    warnings: orNull(warningsOf(span)),
  }
}

/** Of W3C's flags the one that is Jaeger's too; the next one means "debug" there and "random" here. */
const sampledFlag = 1

function micros(ns: bigint): number {
  return Number(ns / 1_000n)
}

function orNull(warnings: readonly string[]): readonly string[] | null {
  return warnings.length === 0 ? null : warnings
}

function jaegerLog(event: SpanEvent): JaegerSpan['logs'][number] {
  return { timestamp: micros(event.timeNs), fields: eventTags(event) }
}

// --- References -------------------------------------------------------------------------------------------------------------

/** The parent first: clients take the first one for it. A link to the parent only says what kind of parent it is. */
function references({ traceId, parentSpanId, links }: Span): JaegerReference[] {
  if (parentSpanId === undefined) return links.map(linkReference)
  const isParent = (link: SpanLink) =>
    sameTraceId(link.traceId, traceId) && hexOf(link.spanId) === hexOf(parentSpanId)
  const said = links.filter(isParent).map(saidType)
  const refType = said.find((type) => type !== undefined) ?? 'CHILD_OF'
  const parent = { refType, traceID: shortTraceId(traceId), spanID: hexOf(parentSpanId) }
  return [parent, ...links.filter((link) => !isParent(link)).map(linkReference)]
}

function linkReference(link: SpanLink): JaegerReference {
  return {
    refType: saidType(link) ?? 'FOLLOWS_FROM',
    traceID: shortTraceId(link.traceId),
    spanID: hexOf(link.spanId),
  }
}

/** What the sender was told by OpenTracing, which has such types. */
function saidType({ attributes }: SpanLink): JaegerReference['refType'] | undefined {
  const type = attributes.find(({ key }) => key === 'opentracing.ref_type')?.value
  if (type === undefined) return undefined
  return valueText(type) === 'child_of' ? 'CHILD_OF' : 'FOLLOWS_FROM'
}

// --- Processes --------------------------------------------------------------------------------------------------------------

/** Processes that look the same are one: `p1`, `p2`, … in order of first appearance. */
function processTable() {
  const processes: Record<string, JaegerProcess> = {}
  const idOfText = new Map<string, string>()
  const idOfResource = new Map<Resource, string>()
  const idOf = (resource: Resource): string => {
    const known = idOfResource.get(resource)
    if (known !== undefined) return known
    const process = { serviceName: serviceName(resource), tags: processTags(resource) }
    const text = JSON.stringify(process)
    const id = idOfText.get(text) ?? `p${idOfText.size + 1}`
    idOfText.set(text, id)
    idOfResource.set(resource, id)
    processes[id] = process
    return id
  }
  return { idOf, processes }
}

/** The name under which Jaeger's clients know a resource's service. */
export function serviceName({ attributes }: Resource): string {
  const name = attributes.find(({ key }) => key === 'service.name')?.value
  return name === undefined ? noServiceName : valueText(name)
}
