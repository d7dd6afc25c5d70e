import { kindOf, messageOf } from '../errors.ts'
import type { Manifest } from '../index/manifest.ts'
import { findTraceRows } from '../index/summaries.ts'
import { mightHoldTrace } from '../index/trace-filter.ts'
import { storeReadsAtOnce } from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import { mapAtOnce } from '../snapshot/map-at-once.ts'
import type { ReadCache } from '../snapshot/read-cache.ts'
import { locateTrace } from '../snapshot/read-locators.ts'
import { type FreshFile, type Snapshot, withSnapshot } from '../snapshot/with-snapshot.ts'
import type { Span } from '../span/span.ts'
import { readLocated } from './compacted-rows.ts'
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

/** The same before all is counted. */
export type TraceInSnapshot = Omit<TraceAnswer, 'cost'> & {
  readonly cost: Omit<TraceAnswer['cost'], keyof ReadCost>
}

export interface LookupOptions {
  /**
   * The number of a manifest of this region whose copy, elsewhere, does not know the trace: of the locators, those that
   * came later are looked at (DESIGN §7). Fresh files always are: no copy tells of them (protocol V10).
   */
  readonly absentAt?: number
}

/**
 * All spans of a trace, whatever their age: fresh files by their filters, span files by the locators, then exactly the
 * rows that are the trace's, one ranged read a row group. A broken file makes the answer incomplete, naming it. Throws
 * kind `unavailable` when the store does not answer.
 */
export async function lookupTrace(
  tenant: string,
  traceId: Uint8Array,
  runtime: Runtime,
  cache: ReadCache,
  options: LookupOptions = {},
): Promise<TraceAnswer> {
  const { meter, clock } = runtime
  const startMs = clock.nowMs()
  const cost = noCost()
  const costed = { ...runtime, store: costedStore(runtime.store, cost) }
  let result = 'failed'
  try {
    const answer = await withSnapshot(tenant, costed, cache, (snapshot, reading) =>
      traceIn(since(snapshot, options), traceId, reading, cache),
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

/** What there is to look at; a number that is not this region's history yet says nothing about it. */
function since(snapshot: Snapshot, { absentAt }: LookupOptions): Snapshot {
  const { manifest } = snapshot
  if (absentAt === undefined || absentAt > manifest.number) return snapshot
  const locators = manifest.locators.filter((set) => set.since > absentAt)
  return { ...snapshot, manifest: { ...manifest, locators } }
}

/** What a snapshot holds of a trace. Throws `MissingObject` as well. */
export async function traceIn(
  { manifest, files, broken }: Snapshot,
  traceId: Uint8Array,
  runtime: Pick<Runtime, 'store' | 'codec' | 'limits'>,
  cache: ReadCache,
): Promise<TraceInSnapshot> {
  const troubles = [...broken]
  const held = [
    ...freshPlaces(files, traceId, manifest, runtime, troubles),
    ...(await compactedPlaces(manifest, traceId, runtime, cache, troubles)),
  ]
  const { places, rowsLeftOut } = withinBound(held, runtime.limits.traceSpansMax)
  const read = await mapAtOnce(places, storeReadsAtOnce, (place) => readPlace(place, troubles))
  const spans = dedupeSpans(read.flatMap((part) => part.spans))
  const tooLarge = `trace is larger than an answer may be, ${rowsLeftOut} rows left out`
  // Reads end in any order; the same trouble must always be told in the same words.
  const reasons = [...troubles.sort(), ...(rowsLeftOut > 0 ? [tooLarge] : [])]
  const readFrom = Map.groupBy(read, ({ key }) => key)
  return {
    spans,
    complete: reasons.length === 0,
    reasons,
    rowsLeftOut,
    readFrom: Array.from(readFrom, ([key, parts]) => ({
      key,
      rows: parts.reduce((sum, part) => sum + part.spans.length, 0),
    })),
    cost: {
      filesConsidered: files.length + broken.length + spanFilesOf(manifest),
      filesRead: readFrom.size,
    },
  }
}

function spanFilesOf({ days }: Manifest): number {
  return days.reduce((sum, { files }) => sum + files, 0)
}

/** Rows [from, to) of one object that are the trace's. */
interface Place {
  readonly key: string
  readonly from: number
  readonly to: number
  readonly read: (to: number) => Promise<readonly Span[]>
}

function freshPlaces(
  files: readonly FreshFile[],
  traceId: Uint8Array,
  { expiredMs }: Manifest,
  runtime: Pick<Runtime, 'store' | 'codec'>,
  troubles: string[],
): Place[] {
  return files.flatMap((file) => {
    if (!mightHoldTrace(file.tail.filter, traceId)) return []
    try {
      const rows = findTraceRows(file.tail.summaries, traceId, runtime.codec)
      if (rows === undefined) return []
      const { envelopes } = file.tail.contents
      const read = async (to: number) =>
        (await readRows(file, { from: rows.from, to }, runtime))
          .filter(({ envelope }) => (envelopes[envelope]?.receivedMs ?? expiredMs) >= expiredMs)
          .map(({ span }) => span)
      return [{ key: file.key, ...rows, read }]
    } catch (error) {
      if (kindOf(error) !== 'corrupt') throw error
      troubles.push(`fresh file is broken, ${file.key}: ${messageOf(error)}`)
      return []
    }
  })
}

async function compactedPlaces(
  manifest: Manifest,
  traceId: Uint8Array,
  runtime: Pick<Runtime, 'store' | 'codec'>,
  cache: ReadCache,
  troubles: string[],
): Promise<Place[]> {
  try {
    const located = await locateTrace(manifest, traceId, runtime, cache.index)
    return located.map((rows) => ({
      key: rows.key,
      from: rows.from,
      to: rows.to,
      read: (to) => readLocated({ ...rows, to }, traceId, runtime),
    }))
  } catch (error) {
    if (kindOf(error) !== 'corrupt') throw error
    troubles.push(messageOf(error))
    return []
  }
}

/** As many rows as an answer may hold, the earliest files first. */
function withinBound(
  held: readonly Place[],
  rowsMax: number,
): { places: Place[]; rowsLeftOut: number } {
  const places: Place[] = []
  let room = rowsMax
  let rowsLeftOut = 0
  for (const place of held) {
    const { from, to } = place
    const taken = Math.min(room, to - from)
    if (taken > 0) places.push({ ...place, to: from + taken })
    rowsLeftOut += to - from - taken
    room -= taken
  }
  return { places, rowsLeftOut }
}

async function readPlace(
  { key, to, read }: Place,
  troubles: string[],
): Promise<{ key: string; spans: readonly Span[] }> {
  try {
    return { key, spans: await read(to) }
  } catch (error) {
    if (kindOf(error) !== 'corrupt') throw error
    troubles.push(messageOf(error))
    return { key, spans: [] }
  }
}
