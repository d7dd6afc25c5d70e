import type { Span } from '../../../src/span/span.ts'
import { bytesOfHex, hexOf } from '../../../src/span/trace-id.ts'

// opentelemetry-proto trace.proto, SpanKind
const kindServer = 2
const kindClient = 3

/**
 * Spans of one trace, each with an id of its own: where a client's and a server's span share one, as Zipkin has it, the
 * server's becomes the client's child and takes the children along. All others stay as they are.
 */
export function uniqueSpanIds(spans: readonly Span[]): readonly Span[] {
  const byId = Map.groupBy(spans, ({ spanId }) => hexOf(spanId))
  const parents = spans.flatMap(({ parentSpanId }) => (parentSpanId ? hexOf(parentSpanId) : []))
  const nextId = unusedIds(new Set([...byId.keys(), ...parents]))
  const newIds = new Map<string, Uint8Array>()
  for (const [id, sharing] of byId) {
    const kinds = new Set(sharing.map(({ kind }) => kind))
    if (kinds.has(kindClient) && kinds.has(kindServer)) newIds.set(id, nextId())
  }
  if (newIds.size === 0) return spans
  return spans.map((span) => {
    const ownId = span.kind === kindServer ? newIds.get(hexOf(span.spanId)) : undefined
    if (ownId !== undefined) return { ...span, spanId: ownId, parentSpanId: span.spanId }
    const parentId = span.parentSpanId && newIds.get(hexOf(span.parentSpanId))
    return parentId === undefined ? span : { ...span, parentSpanId: parentId }
  })
}

/** Ids that no span of the trace has or names: the same for every reader of the same spans. */
function unusedIds(used: ReadonlySet<string>): () => Uint8Array {
  let last = 0n
  return () => {
    let hex: string
    do hex = (++last).toString(16).padStart(16, '0')
    while (used.has(hex))
    return bytesOfHex(hex)
  }
}
