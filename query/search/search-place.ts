import { SpanlakeError } from '../../src/errors.ts'
import { searchCursorTracesMax } from '../../src/limits.ts'
import { crc32 } from '../../src/span/crc32.ts'
import { excerptOf } from '../traceql/syntax-error.ts'
import type { FoundTrace } from './search-answer.ts'

/** From where a search goes on: data, so that it holds for as long as somebody keeps it. */
export interface SearchPlace {
  /** The last trace that was given, or a place between two: what lies behind it is still to be given. */
  readonly last: TraceStart
  /** Spans that start later are not scanned. Signed. */
  readonly untilNs: bigint
  /** Whether traces that are still to be given may have spans behind `untilNs`, so that what is scanned of a trace does not decide. */
  readonly isCut: boolean
  /** Traces that are still to be given although nothing up to `untilNs` may tell of them. */
  readonly pending: readonly string[]
}

export interface TraceStart {
  /** Signed. */
  readonly startNs: bigint
  /** Lower-case hex, 32 digits. */
  readonly traceId: string
}

export function startOf({ startNs, traceId }: FoundTrace): TraceStart {
  return { startNs: BigInt.asIntN(64, startNs), traceId }
}

/** Whether `a` comes later in an answer than `b`: the most recent start first, then by trace id. */
export function isBehind(a: TraceStart, b: TraceStart): boolean {
  return a.startNs === b.startNs ? a.traceId > b.traceId : a.startNs < b.startNs
}

/** Behind it are all traces that start at `startNs` or before, and no others. */
export function placeBefore(startNs: bigint): TraceStart {
  return { startNs: startNs + 1n, traceId: 'f'.repeat(32) }
}

/** The place as text for the one `search` that it is of. */
export function searchCursor(
  { last, untilNs, isCut, pending }: SearchPlace,
  search: string,
): string {
  const parts = [last.startNs, last.traceId, untilNs, isCut ? 'c' : 'w', pending.join('')]
  const text = parts.join('.')
  return `${text}.${checksum(text, search)}`
}

const pattern = new RegExp(
  `^((-?\\d{1,19})\\.([0-9a-f]{32})\\.(-?\\d{1,19})\\.([cw])\\.((?:[0-9a-f]{32}){0,${searchCursorTracesMax}}))\\.([0-9a-f]{8})$`,
)

/** The inverse of `searchCursor`. Throws kind `invalid` for what it did not make, or not of this search. */
export function parseSearchCursor(cursor: string, search: string): SearchPlace {
  const [, text = '', startNs, traceId, untilNs, kind, ids, sum] = cursor.match(pattern) ?? []
  if (startNs && traceId && untilNs && ids !== undefined && sum === checksum(text, search)) {
    return {
      last: { startNs: BigInt(startNs), traceId },
      untilNs: BigInt(untilNs),
      isCut: kind === 'c',
      pending: ids.match(/.{32}/g) ?? [],
    }
  }
  const got = excerptOf(cursor)
  throw new SpanlakeError(
    'invalid',
    `after must be the next of an earlier page of this search, got ${got}`,
  )
}

/** Finds mistakes, a cursor that belongs to another query above all; it keeps no secrets. */
function checksum(text: string, search: string): string {
  const bytes = new TextEncoder().encode(`${text}\n${search}`)
  return crc32(bytes).toString(16).padStart(8, '0')
}
