import type { Envelope } from '../envelope/envelope.ts'
import type { Limits } from '../limits.ts'

/** What becomes one fresh file (and one more for strays): envelopes of one tenant, or a piece of a large one. */
export interface FlushBatch {
  readonly tenant: string
  readonly parts: readonly FlushPart[]
}

export interface FlushPart {
  readonly envelope: Envelope
  /** Ordinals `[from, to)`; undefined: the whole envelope. */
  readonly range: readonly [from: number, to: number] | undefined
}

type BatchLimits = Pick<Limits, 'flushBatchBytesMax' | 'flushItemsMax' | 'freshFileSpansMax'>

/** Envelopes in order, by tenant, into batches within the limits; an envelope beyond them alone is cut by ordinals. */
export function planBatches(envelopes: readonly Envelope[], limits: BatchLimits): FlushBatch[] {
  const batches: FlushBatch[] = []
  for (const [tenant, ofTenant] of Map.groupBy(envelopes, (envelope) => envelope.tenant)) {
    let parts: FlushPart[] = []
    let [bytes, spans, items] = [0, 0, 0]
    const close = (): void => {
      if (parts.length > 0) batches.push({ tenant, parts })
      parts = []
      bytes = spans = items = 0
    }
    for (const envelope of ofTenant) {
      const pieces = piecesOf(envelope, limits)
      if (pieces > 1) {
        batches.push(...cut(envelope, pieces))
        continue
      }
      const full =
        bytes + envelope.decompressedBytes > limits.flushBatchBytesMax ||
        items + envelope.items > limits.flushItemsMax ||
        spans + envelope.spans > limits.freshFileSpansMax
      if (full) close()
      parts.push({ envelope, range: undefined })
      bytes += envelope.decompressedBytes
      spans += envelope.spans
      items += envelope.items
    }
    close()
  }
  return batches
}

function piecesOf({ decompressedBytes, spans, items }: Envelope, limits: BatchLimits): number {
  const byBytes = Math.ceil(decompressedBytes / limits.flushBatchBytesMax)
  const bySpans = Math.ceil(spans / limits.freshFileSpansMax)
  const byItems = Math.ceil(items / limits.flushItemsMax)
  return Math.min(Math.max(byBytes, bySpans, byItems, 1), Math.max(spans, 1))
}

function cut(envelope: Envelope, pieces: number): FlushBatch[] {
  const { tenant, spans } = envelope
  return Array.from({ length: pieces }, (_, piece) => ({
    tenant,
    parts: [
      {
        envelope,
        range: [Math.floor((piece * spans) / pieces), Math.floor(((piece + 1) * spans) / pieces)],
      },
    ],
  }))
}
