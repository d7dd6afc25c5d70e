import { kindOf, messageOf } from '../errors.ts'
import { findTraceRows } from '../index/summaries.ts'
import { mightHoldTrace } from '../index/trace-filter.ts'
import { storeReadsAtOnce } from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import { mapAtOnce } from '../snapshot/map-at-once.ts'
import type { ReadCache } from '../snapshot/read-cache.ts'
import { type FreshFile, type Snapshot, withSnapshot } from '../snapshot/with-snapshot.ts'
import type { Span } from '../span/span.ts'
import { dedupeSpans } from './dedupe-spans.ts'
import { costedStore, noCost, type ReadCost } from './read-cost.ts'
import { readRows } from './read-rows.ts'

export interface TraceAnswer {
  /** Each once, by start and then span id. Empty and complete: the trace is not known here. */
  readonly spans: readonly Span[]
  readonly complete: boolean
  /** Why spans may be missing; empty when the answer is complete. */
  readonly reasons: readonly string[]
  /** Rows beyond `traceSpansMax`, which were not read. */
  readonly rowsLeftOut: number
  /** The objects that held spans of the trace, with how many rows each gave. */
  readonly readFrom: readonly { readonly key: string; readonly rows: number }[]
  readonly cost: ReadCost & { readonly filesConsidered: number; readonly filesRead: number }
}

/**
 * All spans of a trace, whatever their age: fresh files by their filters, then exactly the rows that are the trace's,
 * one ranged read a row group. A broken file makes the answer incomplete, naming it. Throws kind `unavailable` when the
 * store does not answer.
 */
export async function lookupTrace(
  tenant: string,
  traceId: Uint8Array,
  runtime: Runtime,
  cache: ReadCache,
): Promise<TraceAnswer> {
  const { meter, clock } = runtime
  const startMs = clock.nowMs()
  const cost = noCost()
  const costed = { ...runtime, store: costedStore(runtime.store, cost) }
  let result = 'failed'
  try {
    const answer = await withSnapshot(tenant, costed, cache, (listing) =>
      lookIn(listing, traceId, costed),
    )
    result = !answer.complete ? 'partial' : answer.spans.length > 0 ? 'found' : 'absent'
    return { ...answer, cost: { ...cost, ...answer.cost } }
  } finally {
    meter.count('spanlake_lookups_total', 1, { result })
    meter.observe('spanlake_lookup_seconds', Math.max(0, clock.nowMs() - startMs) / 1_000)
    meter.count('spanlake_lookup_gets_total', cost.gets)
    meter.count('spanlake_lookup_bytes_total', cost.bytesRead)
  }
}

async function lookIn({ files, broken }: Snapshot, traceId: Uint8Array, runtime: Runtime) {
  const troubles = [...broken]
  const held = placesOf(files, traceId, runtime, troubles)
  const { places, rowsLeftOut } = withinBound(held, runtime.limits.traceSpansMax)
  const read = await mapAtOnce(places, storeReadsAtOnce, (place) =>
    readPlace(place, runtime, troubles),
  )
  const spans = dedupeSpans(read.flatMap((part) => part.spans))
  const tooLarge = `trace is larger than an answer may be, ${rowsLeftOut} rows left out`
  // Reads end in any order; the same trouble must always be told in the same words.
  const reasons = [...troubles.sort(), ...(rowsLeftOut > 0 ? [tooLarge] : [])]
  return {
    spans,
    complete: reasons.length === 0,
    reasons,
    rowsLeftOut,
    readFrom: read.map((part) => ({ key: part.key, rows: part.spans.length })),
    cost: { filesConsidered: files.length + broken.length, filesRead: places.length },
  }
}

interface Place {
  readonly file: FreshFile
  readonly rows: { readonly from: number; readonly to: number }
}

function placesOf(
  files: readonly FreshFile[],
  traceId: Uint8Array,
  { codec }: Runtime,
  troubles: string[],
): Place[] {
  return files.flatMap((file) => {
    if (!mightHoldTrace(file.tail.filter, traceId)) return []
    try {
      const rows = findTraceRows(file.tail.summaries, traceId, codec)
      return rows ? [{ file, rows }] : []
    } catch (error) {
      if (kindOf(error) !== 'corrupt') throw error
      troubles.push(`fresh file is broken, ${file.key}: ${messageOf(error)}`)
      return []
    }
  })
}

/** As many rows as an answer may hold, the earliest files first. */
function withinBound(
  held: readonly Place[],
  rowsMax: number,
): { places: Place[]; rowsLeftOut: number } {
  const places: Place[] = []
  let room = rowsMax
  let rowsLeftOut = 0
  for (const { file, rows } of held) {
    const taken = Math.min(room, rows.to - rows.from)
    if (taken > 0) places.push({ file, rows: { from: rows.from, to: rows.from + taken } })
    rowsLeftOut += rows.to - rows.from - taken
    room -= taken
  }
  return { places, rowsLeftOut }
}

async function readPlace(
  { file, rows }: Place,
  runtime: Runtime,
  troubles: string[],
): Promise<{ key: string; spans: Span[] }> {
  try {
    const read = await readRows(file, rows, runtime)
    return { key: file.key, spans: read.map(({ span }) => span) }
  } catch (error) {
    if (kindOf(error) !== 'corrupt') throw error
    troubles.push(messageOf(error))
    return { key: file.key, spans: [] }
  }
}
