import { SpanlakeError } from '../errors.ts'
import { bytesOfHex, hexOf } from '../span/trace-id.ts'

/** Where a trace stands in a list: the most recent start first, then by trace id. */
export interface TracePlace {
  /** Signed, as summaries have it. */
  readonly startNs: bigint
  readonly traceId: Uint8Array
}

export function comparePlaces(a: TracePlace, b: TracePlace): number {
  if (a.startNs !== b.startNs) return a.startNs > b.startNs ? -1 : 1
  for (let i = 0; i < 16; i++) {
    const order = (a.traceId[i] as number) - (b.traceId[i] as number)
    if (order !== 0) return order
  }
  return 0
}

/** A place as clients hand it back for the next page. */
export function cursorOf({ startNs, traceId }: TracePlace): string {
  return `${startNs}.${hexOf(traceId)}`
}

/** The inverse of `cursorOf`. Throws kind `invalid`. */
export function parseCursor(text: string): TracePlace {
  const [, start, hex] = text.match(/^(-?\d{1,19})\.([0-9a-f]{32})$/) ?? []
  if (start && hex) return { startNs: BigInt(start), traceId: bytesOfHex(hex) }
  const shown = text.slice(0, 80)
  throw new SpanlakeError('invalid', `after must be the next of an earlier page, got ${shown}`)
}
