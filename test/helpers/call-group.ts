import type { CallGroup } from '../../query/dependencies/call-rows.ts'
import { serviceOf } from '../../src/span/service-of.ts'
import type { Span } from '../../src/span/span.ts'
import { hexOf } from '../../src/span/trace-id.ts'

/** Spans, those of a trace together, as a row group of them is read. */
export function callGroupOf(spans: readonly Span[]): CallGroup {
  const words = (idOf: (span: Span) => Uint8Array | undefined) =>
    Uint32Array.from(spans.flatMap((span) => wordsOf(idOf(span) ?? new Uint8Array(8))))
  const names = [...new Set(spans.map((span) => serviceOf(span) ?? ''))]
  const ids = spans.map(({ traceId }) => hexOf(traceId))
  return {
    spanIds: words((span) => span.spanId),
    parentIds: words((span) => span.parentSpanId),
    services: Int32Array.from(spans, (span) =>
      serviceOf(span) ? names.indexOf(serviceOf(span)!) : -1,
    ),
    kinds: Int32Array.from(spans, ({ kind }) => kind),
    startNs: (row) => spans[row]!.startNs,
    name: (row) => spans[row]!.name,
    serviceNames: names,
    traces: [...new Set(ids)].map((traceId) => {
      return { traceId, from: ids.indexOf(traceId), to: ids.lastIndexOf(traceId) + 1 }
    }),
  }
}

function wordsOf(id: Uint8Array): number[] {
  const view = new DataView(id.buffer, id.byteOffset, 8)
  return [view.getUint32(0), view.getUint32(4)]
}
