import { hexOf } from '../../../src/span/trace-id.ts'

// opentelemetry-proto trace.proto, SpanKind and StatusCode
const kinds = ['', 'internal', 'server', 'client', 'producer', 'consumer']
export const statusOk = 1
export const statusError = 2

/** What a resource without a service's name is called: OpenTelemetry's translation to Jaeger. */
export const noServiceName = 'OTLPResourceNoServiceName'

/** Jaeger's word for a kind; empty for an unspecified or unknown one. */
export function kindName(kind: number): string {
  return kinds[kind] ?? ''
}

/** A trace id of 64 bits has 16 digits in Jaeger's own model, any other 32. */
export function shortTraceId(traceId: Uint8Array): string {
  const hex = hexOf(traceId)
  return hex.startsWith('0000000000000000') ? hex.slice(16) : hex
}
