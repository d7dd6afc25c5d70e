import { messageOf, SpanlakeError } from '../errors.ts'
import { findTraceRows } from '../index/summaries.ts'
import { mightHoldTrace } from '../index/trace-filter.ts'
import { freshListingsMax } from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import type { Span } from '../span/span.ts'
import { dedupeSpans } from './dedupe-spans.ts'
import type { FreshTailCache } from './fresh-tail-cache.ts'
import { type FreshFile, listFreshFiles } from './list-fresh-files.ts'
import { costedStore, noCost, type ReadCost } from './read-cost.ts'
import { MissingObject, readRows } from './read-rows.ts'

export interface TraceAnswer {
  /** Each once, by start and then span id. Empty and complete: the trace is not known here. */
  readonly spans: readonly Span[]
  /** Why spans may be missing; empty: the answer is complete. */
  readonly reasons: readonly string[]
  /** The objects that held spans of the trace, with how many rows each gave. */
  readonly readFrom: readonly { readonly key: string; readonly rows: number }[]
  readonly cost: ReadCost & { readonly filesConsidered: number; readonly filesRead: number }
}

interface Place {
  readonly file: FreshFile
  readonly rows: { readonly from: number; readonly to: number }
}

/** All spans of a trace, whatever their age: fresh files by their filters, then exactly the rows that are the trace's. */
export async function lookupTrace(
  tenant: string,
  traceId: Uint8Array,
  runtime: Runtime,
  cache: FreshTailCache,
): Promise<TraceAnswer> {
  const startMs = runtime.clock.nowMs()
  const cost = noCost()
  const costed = { ...runtime, store: costedStore(runtime.store, cost) }
  const answer = await lookupOnce(tenant, traceId, costed, cache, cost)
  const { meter, clock } = runtime
  const result =
    answer.reasons.length > 0 ? 'partial' : answer.spans.length > 0 ? 'found' : 'absent'
  meter.count('spanlake_lookups_total', 1, { result })
  meter.observe('spanlake_lookup_seconds', Math.max(0, clock.nowMs() - startMs) / 1_000)
  meter.count('spanlake_lookup_gets_total', cost.gets)
  meter.count('spanlake_lookup_bytes_total', cost.bytesRead)
  return answer
}

async function lookupOnce(
  tenant: string,
  traceId: Uint8Array,
  runtime: Runtime,
  cache: FreshTailCache,
  cost: ReadCost,
): Promise<TraceAnswer> {
  for (let tries = 0; tries < freshListingsMax; tries++) {
    const { files, broken } = await listFreshFiles(tenant, runtime, cache)
    const reasons = [...broken]
    try {
      const { places, dropped } = withinBound(placesOf(files, traceId, runtime, reasons), runtime)
      if (dropped > 0)
        reasons.push(`trace is larger than an answer may be, ${dropped} rows left out`)
      const read = await Promise.all(places.map((place) => readPlace(place, runtime, reasons)))
      return {
        spans: dedupeSpans(read.flatMap(({ spans }) => spans)),
        reasons,
        readFrom: read.map(({ key, spans }) => ({ key, rows: spans.length })),
        cost: { ...cost, filesConsidered: files.length + broken.length, filesRead: places.length },
      }
    } catch (error) {
      if (!(error instanceof MissingObject)) throw error
    }
  }
  throw new SpanlakeError('unavailable', 'fresh files must hold still for one lookup, try again')
}

function placesOf(
  files: readonly FreshFile[],
  traceId: Uint8Array,
  { codec }: Runtime,
  reasons: string[],
): Place[] {
  return files.flatMap((file) => {
    if (!mightHoldTrace(file.tail.filter, traceId)) return []
    try {
      const rows = findTraceRows(file.tail.summaries, traceId, codec)
      return rows ? [{ file, rows }] : []
    } catch (error) {
      reasons.push(`${messageOf(error)}, ${file.key}`)
      return []
    }
  })
}

/** As many rows as an answer may hold, the earliest files first. */
function withinBound(
  places: readonly Place[],
  { limits }: Runtime,
): { places: Place[]; dropped: number } {
  const within: Place[] = []
  let room = limits.traceSpansMax
  let dropped = 0
  for (const { file, rows } of places) {
    const taken = Math.min(room, rows.to - rows.from)
    if (taken > 0) within.push({ file, rows: { from: rows.from, to: rows.from + taken } })
    dropped += rows.to - rows.from - taken
    room -= taken
  }
  return { places: within, dropped }
}

async function readPlace(
  { file, rows }: Place,
  runtime: Runtime,
  reasons: string[],
): Promise<{ key: string; spans: Span[] }> {
  try {
    const read = await readRows(file, rows, runtime)
    return { key: file.key, spans: read.map(({ span }) => span) }
  } catch (error) {
    if (!(error instanceof SpanlakeError) || error.kind !== 'corrupt') throw error
    reasons.push(messageOf(error))
    return { key: file.key, spans: [] }
  }
}
