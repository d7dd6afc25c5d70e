import { otlpJson } from '../../../src/otlp/encode-json.ts'
import type { Span } from '../../../src/span/span.ts'

/** Spans, of one trace or several, as version 3 wraps them: OTLP/JSON under `result`. */
export function v3Traces(spans: readonly Span[]) {
  return { result: otlpJson(spans) }
}
