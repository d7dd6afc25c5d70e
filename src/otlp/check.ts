import { spanItemsMax } from '../limits.ts'
import { RequestWalker } from './walk.ts'

export interface CheckResult {
  /** Spans on the wire, the invalid ones included. */
  readonly spans: number
  /** Spans, attributes, values and the like, as `requestItemsMax` counts them. */
  readonly items: number
  readonly invalidSpans: number
  /** Why spans are invalid, with how many; empty when none is. */
  readonly reasons: ReadonlyMap<string, number>
  /** What was mended or left out without losing a span; empty when nothing was. */
  readonly warnings: ReadonlyMap<string, number>
}

/**
 * Checks and counts a protobuf ExportTraceServiceRequest. Throws kind `invalid` when it cannot be
 * decoded, `too-large` when it holds more than `limits.ts` says.
 */
export function checkRequest(body: Uint8Array): CheckResult {
  const walker = new RequestWalker(body)
  walker.walk()
  const { spans, items, invalidTraceIds, invalidSpanIds, oversizedSpans } = walker
  const { oddParents, stringIndexes } = walker
  return {
    spans,
    items,
    invalidSpans: invalidTraceIds + invalidSpanIds + oversizedSpans,
    reasons: counted([
      ['trace id must be 16 bytes and not all zero', invalidTraceIds],
      ['span id must be 8 bytes and not all zero', invalidSpanIds],
      [`span must have at most ${spanItemsMax} attributes, events and links`, oversizedSpans],
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
