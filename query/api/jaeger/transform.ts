import { checkRequest } from '../../../src/otlp/check.ts'
import { decodeRequest } from '../../../src/otlp/decode.ts'
import { jsonToProtobuf } from '../../../src/otlp/json.ts'
import type { Span } from '../../../src/span/span.ts'
import { SpanBatchBuilder } from '../../../src/span/span-batch-builder.ts'
import { spansOfBatch } from '../../../src/span/spans-of-batch.ts'
import { hexOf } from '../../../src/span/trace-id.ts'
import { type JaegerTrace, jaegerTrace } from './trace-json.ts'

/**
 * The traces of an OTLP/JSON request, as the UI opens files: nothing is kept, nothing adjusted. Spans that are invalid are
 * left out, with a warning on every trace. Throws kind `invalid` or `too-large`.
 */
export function transformOtlp(body: Uint8Array, hashSeed: number): JaegerTrace[] {
  const request = jsonToProtobuf(body)
  const { reasons } = checkRequest(request)
  const builder = new SpanBatchBuilder(hashSeed)
  decodeRequest(request, builder, { envelope: 0 })
  const byTrace = Map.groupBy(spansOfBatch(builder.finish()), ({ traceId }) => hexOf(traceId))
  const warnings = Array.from(reasons, ([why, spans]) => `${spans} spans left out: ${why}`)
  return [...byTrace.values()].flatMap((spans) => traceOf(spans, warnings))
}

function traceOf(spans: readonly Span[], warnings: readonly string[]): JaegerTrace[] {
  const [first] = spans
  return first === undefined ? [] : [jaegerTrace(spans, first.traceId, warnings)]
}
