import { type DecodeOptions, decodeRequest } from '../../../src/otlp/decode.ts'
import type { KeyValue, Span } from '../../../src/span/span.ts'
import type { SpanBatch } from '../../../src/span/span-batch.ts'
import { SpanBatchBuilder } from '../../../src/span/span-batch-builder.ts'
import { spansOfBatch } from '../../../src/span/spans-of-batch.ts'

export function batchOf(body: Uint8Array, options: Partial<DecodeOptions> = {}): SpanBatch {
  const builder = new SpanBatchBuilder(11)
  decodeRequest(body, builder, { envelope: 0, ...options })
  return builder.finish()
}

export function spansOf(body: Uint8Array, options: Partial<DecodeOptions> = {}): Span[] {
  return spansOfBatch(batchOf(body, options))
}

/** Attributes in one order, as a batch promises none. */
export function normal(spans: readonly Span[]): Span[] {
  return spans.map((span) => ({
    ...span,
    ...sorted(span),
    events: span.events.map((event) => ({ ...event, ...sorted(event) })),
    links: span.links.map((link) => ({ ...link, ...sorted(link) })),
    resource: { ...span.resource, ...sorted(span.resource) },
    scope: { ...span.scope, ...sorted(span.scope) },
  }))
}

function sorted({ attributes }: { readonly attributes: readonly KeyValue[] }) {
  return { attributes: attributes.toSorted((a, b) => (a.key < b.key ? -1 : 1)) }
}
