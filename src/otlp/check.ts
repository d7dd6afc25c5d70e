import { RequestWalker } from './walk.ts'

export interface CheckResult {
  /** Spans on the wire, the invalid ones included. */
  readonly spans: number
  readonly invalidSpans: number
  /** Why spans are invalid, with how many; empty when none is. */
  readonly reasons: ReadonlyMap<string, number>
  /** What was mended or left out without losing a span; empty when nothing was. */
  readonly warnings: ReadonlyMap<string, number>
}

/** Checks and counts a protobuf ExportTraceServiceRequest. Throws kind `invalid` when it cannot be decoded. */
export function checkRequest(body: Uint8Array): CheckResult {
  const walker = new RequestWalker(body)
  walker.walk()
  const { spans, invalidTraceIds, invalidSpanIds, oddParents, stringIndexes } = walker
  return {
    spans,
    invalidSpans: invalidTraceIds + invalidSpanIds,
    reasons: counted([
      ['trace id must be 16 bytes and not all zero', invalidTraceIds],
      ['span id must be 8 bytes and not all zero', invalidSpanIds],
    ]),
    warnings: counted([
      ['parent span id must be 8 bytes, read as absent', oddParents],
      ['string index of profiles must not be in a span, read as absent', stringIndexes],
    ]),
  }
}

function counted(pairs: readonly (readonly [string, number])[]): ReadonlyMap<string, number> {
  return new Map(pairs.filter(([, count]) => count > 0))
}
