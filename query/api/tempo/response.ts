import type { TraceAnswer } from '../../../src/lookup/lookup-trace.ts'
import { encodeTracesData } from '../../../src/otlp/encode.ts'
import { WireWriter } from '../../../src/otlp/wire-writer.ts'
import type { Span } from '../../../src/span/span.ts'
import { tempoTraceJson } from './trace-json.ts'

/** Version 1: Tempo's JSON with its first key renamed. */
export function batchesJson(spans: readonly Span[]) {
  return { batches: tempoTraceJson(spans).resourceSpans }
}

// tempo.proto TraceByIDResponse and TraceByIDMetrics
const traceTag = 0x0a
const metricsTag = 0x12
const statusTag = 0x18
const messageTag = 0x22
const inspectedBytesTag = 0x08
const backendReadsTag = 0x10
const backendBytesTag = 0x18
const statusPartial = 1

/** The answer as protobuf. The trace is there even when it is empty: the data source looks into it unasked. */
export function encodeTraceByIdResponse(answer: TraceAnswer): Uint8Array {
  const writer = new WireWriter(4096)
  writer.bytes(traceTag, encodeTracesData(answer.spans))
  const metrics = writer.open(metricsTag)
  writer.number(inspectedBytesTag, answer.cost.bytesRead)
  writer.number(backendReadsTag, answer.cost.gets)
  writer.number(backendBytesTag, answer.cost.bytesRead)
  writer.close(metrics)
  if (!answer.complete) writer.number(statusTag, statusPartial)
  writer.text(messageTag, answer.reasons.join('; '))
  return writer.finish()
}

/** The same as JSON: 64-bit counts are strings. */
export function traceByIdJson(answer: TraceAnswer) {
  const { gets, bytesRead } = answer.cost
  const partial = { status: 'PARTIAL', message: answer.reasons.join('; ') }
  return {
    trace: tempoTraceJson(answer.spans),
    metrics: {
      inspectedBytes: String(bytesRead),
      backendReads: String(gets),
      backendBytes: String(bytesRead),
    },
    ...(!answer.complete ? partial : {}),
  }
}
