import { encodeTracesData } from '../otlp/encode.ts'
import type { Span } from '../span/span.ts'
import { hexOf } from '../span/trace-id.ts'

/**
 * One copy of each span of a trace, by start and then span id. A repeat has the same span id, kind, start and name: of
 * those the later end stays, then the larger encoding. Spans that only share an id are different spans, and all stay.
 */
export function dedupeSpans(spans: readonly Span[]): Span[] {
  const kept = new Map<string, Span>()
  for (const span of spans) {
    const name = identityOf(span)
    const other = kept.get(name)
    if (other === undefined || survives(span, other)) kept.set(name, span)
  }
  return [...kept.values()].sort(byStart)
}

/** What two copies of one span have in common, within a trace. */
export function identityOf({ spanId, kind, startNs, name }: Span): string {
  return `${hexOf(spanId)}/${kind}/${startNs}/${name}`
}

function survives(span: Span, other: Span): boolean {
  if (span.endNs !== other.endNs) return span.endNs > other.endNs
  return encodeTracesData([span]).length > encodeTracesData([other]).length
}

function byStart(a: Span, b: Span): number {
  if (a.startNs !== b.startNs) return a.startNs < b.startNs ? -1 : 1
  const left = hexOf(a.spanId)
  const right = hexOf(b.spanId)
  if (left !== right) return left < right ? -1 : 1
  return a.kind - b.kind || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
}
