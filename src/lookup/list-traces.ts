import { kindOf, messageOf, SpanlakeError } from '../errors.ts'
import type { DayListRef, Manifest } from '../index/manifest.ts'
import type { TraceSummary } from '../index/summaries.ts'
import { listMsMax, listRangesHeld, listTracesSeenMax } from '../limits.ts'
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
import { type SummaryFilter, summaryTest } from './summary-test.ts'
import { cursorOf, parseCursor, type TracePlace } from './trace-place.ts'

export interface ListTracesOptions {
  readonly limit: number
  /** Only traces that start in [fromNs, toNs), nanoseconds since 1970. */
  readonly fromNs?: bigint
  readonly toNs?: bigint
  readonly filter?: SummaryFilter
  /** The `next` of the page before. */
  readonly after?: string
  /** The client is gone. */
  readonly signal?: AbortSignal
}

export interface TraceList {
  /** Most recent start first, then by trace id. */
  readonly traces: readonly TraceSummary[]
  /** For the next page, which may be empty where there is a filter; undefined on the last. */
  readonly next: string | undefined
  readonly complete: boolean
  /** Why traces are missing or counts may be wrong; empty when the answer is complete. */
  readonly reasons: readonly string[]
  readonly cost: ReadCost & { readonly filesConsidered: number; readonly filesRead: number }
}

/**
 * The newest traces, from summaries: no spans are read but where a redelivered envelope lies in several files beside
 * others. Counts are exact under redelivery. A trace whose earlier spans arrive between two pages moves down, and may be
 * met again. A filter may match nothing: a list that has looked at many traces ends, says so, and goes on from there.
 * Throws kind `invalid` for a cursor that is none, `unavailable` when the client is gone.
 */
export async function listTraces(
  tenant: string,
  options: ListTracesOptions,
  runtime: Runtime,
  cache: ReadCache,
): Promise<TraceList> {
  const cost = noCost()
  const costed = { ...runtime, store: costedStore(runtime.store, cost) }
  const listing = { options, window: windowOf(options), isOver: bounds(options, runtime) }
  const list = await withSnapshot(tenant, costed, cache, (snapshot, reading) =>
    listIn(snapshot, listing, reading, cache),
  )
  return { ...list, cost: { ...cost, ...list.cost } }
}

interface Listing {
  readonly options: ListTracesOptions
  readonly window: ListWindow
  /** Why it must end after so many traces, if it must. */
  readonly isOver: (seen: number) => string | undefined
}

async function listIn(
  { manifest, files, broken }: Snapshot,
  { options: { limit, filter }, window, isOver }: Listing,
  runtime: Runtime,
  cache: ReadCache,
) {
  const troubles: string[] = [...broken]
  const summaries = openSummaries(manifest, runtime, cache.index, troubles)
  const brokenDays = new Set<string>()
  const filesOf = async (day: DayListRef) => {
    if (brokenDays.has(day.name)) return []
    const list = await orTrouble(troubles, () => readDayList(manifest, day, runtime, cache.index))
    // Traces ask for the days beside them again and again.
    if (list === undefined) brokenDays.add(day.name)
    return list?.files ?? []
  }
  const holders = (traceId: Uint8Array, among: ReadonlySet<string>) =>
    orTrouble(troubles, () => locateFiles(manifest, traceId, among, runtime, cache.index))
  const remembering = { ...runtime, store: rangeMemory(runtime.store, listRangesHeld) }
  const test = summaryTest(filter ?? {})
  const might = filter && test.might
  const sources = { might, fresh: files, days: manifest.days, filesOf, summaries, holders }
  // One more than the page tells whether there is another; with a filter, the search for it may be long.
  const most = filter === undefined ? limit + 1 : limit
  const traces: TraceSummary[] = []
  let [seen, passed] = [0, undefined as TracePlace | undefined]
  for await (const trace of newestTraces(sources, window)) {
    passed = trace.summary
    if (trace.parts.length > 0 && test.might(trace.summary)) {
      const summary = await withCounts(trace, manifest, remembering, cache, troubles)
      // Traces all of whose spans are expired are none.
      if (summary.spans > 0 && test.does(summary)) traces.push(summary)
    }
    if (traces.length >= most) break
    const why = isOver(++seen)
    if (why !== undefined) {
      troubles.push(why)
      break
    }
    passed = undefined
  }
  const page = traces.slice(0, limit)
  const last = traces.length > limit ? page.at(-1) : passed
  const reasons = [...new Set(troubles)].sort()
  return {
    traces: page,
    next: last && cursorOf(last),
    complete: reasons.length === 0,
    reasons,
    cost: {
      filesConsidered:
        manifest.days.reduce((sum, day) => sum + day.files, files.length) + broken.length,
      filesRead: summaries.opened,
    },
  }
}

/** What is broken leaves the list partial; everything else goes on. */
async function orTrouble<T>(troubles: string[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (kindOf(error) !== 'corrupt') throw error
    troubles.push(messageOf(error))
    return undefined
  }
}

/** A page of the newest is short; one that is filtered may be long in coming. Throws when the client is gone. */
function bounds(
  { filter, signal }: ListTracesOptions,
  { clock }: Pick<Runtime, 'clock'>,
): Listing['isOver'] {
  const endMs = clock.nowMs() + listMsMax
  return (seen) => {
    if (signal?.aborted) throw new SpanlakeError('unavailable', 'list was cancelled')
    if (filter === undefined) return undefined
    if (seen >= listTracesSeenMax) return `list ended after ${seen} traces`
    return clock.nowMs() >= endMs ? `list ended after ${listMsMax} ms` : undefined
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
