import { kindOf, messageOf } from '../errors.ts'
import type { DayListRef, Manifest } from '../index/manifest.ts'
import type { TraceSummary } from '../index/summaries.ts'
import { listRangesHeld } from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import { absorbedEnvelopes } from '../snapshot/absorbed-envelopes.ts'
import type { ReadCache } from '../snapshot/read-cache.ts'
import { readDayList } from '../snapshot/read-day-list.ts'
import { locateFiles } from '../snapshot/read-locators.ts'
import { type Snapshot, withSnapshot } from '../snapshot/with-snapshot.ts'
import { compactedRows } from './compacted-rows.ts'
import { countSpans } from './count-spans.ts'
import { type FoundTrace, type ListWindow, newestTraces } from './newest-traces.ts'
import { openSummaries } from './open-summaries.ts'
import { rangeMemory } from './range-memory.ts'
import { costedStore, noCost, type ReadCost } from './read-cost.ts'
import { cursorOf, parseCursor } from './trace-place.ts'

export interface ListTracesOptions {
  readonly limit: number
  /** Only traces that start in [fromNs, toNs), nanoseconds since 1970. */
  readonly fromNs?: bigint
  readonly toNs?: bigint
  /** The `next` of the page before. */
  readonly after?: string
}

export interface TraceList {
  /** Most recent start first, then by trace id. */
  readonly traces: readonly TraceSummary[]
  /** For the next page; undefined on the last. */
  readonly next: string | undefined
  readonly complete: boolean
  /** Why traces or counts may be wrong; empty when the answer is complete. */
  readonly reasons: readonly string[]
  readonly cost: ReadCost & { readonly filesConsidered: number; readonly filesRead: number }
}

/**
 * The newest traces, from summaries: no spans are read but where a redelivered envelope lies in several files beside
 * others. Counts are exact under redelivery. A trace whose earlier spans arrive between two pages moves down, and may be
 * met again. Throws kind `invalid` for a cursor that is none.
 */
export async function listTraces(
  tenant: string,
  options: ListTracesOptions,
  runtime: Runtime,
  cache: ReadCache,
): Promise<TraceList> {
  const cost = noCost()
  const costed = { ...runtime, store: costedStore(runtime.store, cost) }
  const window = windowOf(options)
  const list = await withSnapshot(tenant, costed, cache, (snapshot) =>
    listIn(snapshot, window, options.limit, costed, cache),
  )
  return { ...list, cost: { ...cost, ...list.cost } }
}

async function listIn(
  { manifest, files, broken }: Snapshot,
  window: ListWindow,
  limit: number,
  runtime: Runtime,
  cache: ReadCache,
) {
  const troubles: string[] = [...broken]
  const summaries = openSummaries(manifest, runtime, cache.index, troubles)
  const filesOf = async (day: DayListRef) =>
    (await readDayList(manifest, day, runtime, cache.index)).files
  const holders = async (traceId: Uint8Array, among: ReadonlySet<string>) => {
    try {
      return await locateFiles(manifest, traceId, among, runtime, cache.index)
    } catch (error) {
      if (kindOf(error) !== 'corrupt') throw error
      troubles.push(messageOf(error))
      return undefined
    }
  }
  const sources = { fresh: files, days: manifest.days, filesOf, summaries, holders }
  // One more than the page, to know whether there is another; traces all of whose spans are expired are none.
  const remembering = { ...runtime, store: rangeMemory(runtime.store, listRangesHeld) }
  const traces: TraceSummary[] = []
  for await (const trace of newestTraces(sources, window)) {
    const summary = await withCounts(trace, manifest, remembering, cache, troubles)
    if (summary.spans > 0) traces.push(summary)
    if (traces.length > limit) break
  }
  const page = traces.slice(0, limit)
  const last = page.at(-1)
  const reasons = [...new Set(troubles)].sort()
  return {
    traces: page,
    next: traces.length > limit && last ? cursorOf(last) : undefined,
    complete: reasons.length === 0,
    reasons,
    cost: {
      filesConsidered:
        manifest.days.reduce((sum, day) => sum + day.files, files.length) + broken.length,
      filesRead: summaries.opened,
    },
  }
}

async function withCounts(
  trace: FoundTrace,
  manifest: Manifest,
  runtime: Runtime,
  cache: ReadCache,
  troubles: string[],
): Promise<TraceSummary> {
  const envelopes = trace.parts.flatMap(({ source }) =>
    source.kind === 'fresh' ? source.file.tail.contents.envelopes : [],
  )
  if (envelopes.length === 0) return trace.summary
  try {
    const absorbed = await absorbedEnvelopes(manifest, envelopes, runtime, cache.index)
    const compactedSpans = async (traceId: Uint8Array) =>
      compactedRows(manifest, traceId, runtime, cache.index)
    const rules = { absorbed, expiredMs: manifest.expiredMs, compactedSpans }
    return { ...trace.summary, ...(await countSpans(trace, rules, runtime)) }
  } catch (error) {
    if (kindOf(error) !== 'corrupt') throw error
    troubles.push(messageOf(error))
    return trace.summary
  }
}

/** Starts are stored as signed numbers: what begins after the year 2262 comes before all others. */
function windowOf({ fromNs, toNs, after }: ListTracesOptions): ListWindow {
  return {
    fromNs: fromNs ?? -(2n ** 63n),
    toNs: toNs ?? 2n ** 63n,
    after: after === undefined ? undefined : parseCursor(after),
  }
}
