import { SpanlakeError } from '../../src/errors.ts'
import {
  searchBytesMax,
  searchCandidatesMax,
  searchMsMax,
  searchStepRows,
  searchTracesReadMax,
  storeReadsAtOnce,
} from '../../src/limits.ts'
import { costedStore, noCost } from '../../src/lookup/read-cost.ts'
import type { TimeRange } from '../../src/prune/condition.ts'
import type { Runtime } from '../../src/runtime.ts'
import { mapAtOnce } from '../../src/snapshot/map-at-once.ts'
import type { ReadCache } from '../../src/snapshot/read-cache.ts'
import { type Snapshot, withSnapshot } from '../../src/snapshot/with-snapshot.ts'
import type { Stage } from '../traceql/ast.ts'
import { shownFields } from '../traceql/columns-of.ts'
import { type Candidates, candidates, type DueCandidate } from './candidates.ts'
import { type FileQueue, fileQueue, type QueuedFile } from './file-queue.ts'
import { foundFields } from './found-trace.ts'
import { type NewestFound, newestFound } from './newest-found.ts'
import { orTrouble } from './or-trouble.ts'
import { type ReadFoundContext, readFound } from './read-found.ts'
import { groupsToScan, type ScanContext, scanOne } from './scan-groups.ts'
import { noScan, type SearchAnswer, type SearchCost } from './search-answer.ts'
import { type SearchNeeds, searchNeeds } from './search-needs.ts'
import { isBehind, type SearchPlace, startOf } from './search-place.ts'
import { searchRest } from './search-rest.ts'
import { tableMemory } from './table-memory.ts'

export interface SearchOptions {
  /** Checked before (`checkTraceql`). */
  readonly stages: readonly Stage[]
  /** Only spans that start within are found; without it, spans of any age. */
  readonly range?: TimeRange
  readonly limit: number
  readonly spansPerSet: number
  /** Where the page before ended; its range and stages were the same. */
  readonly from?: SearchPlace
  /** How long it may take; default: `searchMsMax`. */
  readonly msMax?: number
  /** The client is gone. */
  readonly signal?: AbortSignal
}

/**
 * The newest traces in which a query finds spans. Files are scanned from the newest on, by the columns that the query
 * names; traces that may be found are then put together from all their parts, wherever they lie, and evaluated as one:
 * repeats count once, as in a lookup. It ends when no file that is left can hold a newer trace, or at its bounds, and
 * says so. Throws kind `unavailable` when the store does not answer or the client is gone.
 */
export async function searchTraces(
  tenant: string,
  options: SearchOptions,
  runtime: Runtime,
  cache: ReadCache,
): Promise<SearchAnswer> {
  const { clock, meter } = runtime
  const cost = { ...noCost(), ...noScan }
  const costed = { ...runtime, store: costedStore(runtime.store, cost) }
  const startMs = clock.nowMs()
  const endMs = startMs + (options.msMax ?? searchMsMax)
  try {
    return await withSnapshot(tenant, costed, cache, (snapshot, reading) => {
      // A search that begins again counts its files anew; what it asked of the store, it asked.
      Object.assign(cost, noScan)
      return searchIn(snapshot, { options, runtime: reading, cache, cost, endMs })
    })
  } finally {
    meter.count('spanlake_searches_total', 1)
    meter.observe('spanlake_search_seconds', Math.max(0, clock.nowMs() - startMs) / 1_000)
    meter.count('spanlake_search_gets_total', cost.gets)
    meter.count('spanlake_search_bytes_total', cost.bytesRead)
  }
}

interface Search {
  readonly options: SearchOptions
  readonly runtime: Runtime
  readonly cache: ReadCache
  readonly cost: SearchCost
  readonly endMs: number
}

async function searchIn(snapshot: Snapshot, search: Search): Promise<SearchAnswer> {
  const state = begin(snapshot, search)
  const { queue, held, newest, isOver } = state
  await settle(state)
  for (let steps = 0; steps === 0 || isOver() === undefined; steps++) {
    const next = frontierNs(state)
    if (next === undefined || isBefore(next, newest.leastNs())) break
    await scanFiles(await queue.take({ rows: searchStepRows, files: storeReadsAtOnce }), state)
    await settle(state)
    const leastNs = newest.leastNs()
    for (const dropped of leastNs === undefined ? [] : held.dropBefore(leastNs)) {
      keepForLater(dropped, state)
    }
  }
  return answerOf(state)
}

/** How far a search has come. */
interface SearchState {
  readonly options: SearchOptions
  readonly needs: SearchNeeds
  /** Of what lies behind a cut, no part alone tells that the whole is not found. */
  readonly isPartial: boolean
  readonly range: TimeRange | undefined
  readonly queue: FileQueue
  /** The latest start of all, when the first page was made. */
  readonly latestNs: bigint
  readonly held: Candidates
  readonly newest: NewestFound
  readonly told: Map<string, bigint | undefined>
  /** Whether there are traces that have no place among the newest. */
  hasMore: boolean
  readonly isOver: () => string | undefined
  readonly scan: ScanContext
  readonly reading: ReadFoundContext
  readonly troubles: Set<string>
  readonly cost: SearchCost
}

function begin(snapshot: Snapshot, search: Search): SearchState {
  const { options, runtime, cache, cost } = search
  const { stages, from, limit } = options
  const asked = searchNeeds(stages)
  const isPartial = from?.isCut === true && !asked.oneRowTells
  const needs = isPartial ? { ...asked, traceMightMatch: () => true } : asked
  const range = scannedRange(options)
  const troubles = new Set(snapshot.broken)
  const queue = fileQueue(snapshot, range, runtime, { cache, troubles })
  cost.filesConsidered = queue.considered + snapshot.broken.length
  const held = candidates(needs)
  for (const traceId of from?.pending ?? []) held.expect(traceId, from?.last.startNs ?? 0n)
  const tables = tableMemory([...foundFields, ...shownFields(stages)], runtime, cache)
  return {
    options,
    needs,
    isPartial,
    range,
    queue,
    held,
    troubles,
    cost,
    latestNs: from?.untilNs ?? queue.latestNs() ?? 0n,
    newest: newestFound(limit),
    told: new Map(),
    hasMore: false,
    isOver: bounds(search, held.size),
    scan: { needs, range, runtime, cache, cost, hits: { groups: 0, of: 0 } },
    reading: { snapshot, runtime, cache, tables, troubles },
  }
}

async function scanFiles(files: readonly QueuedFile[], state: SearchState): Promise<void> {
  const { options, held, newest, scan, troubles, isPartial } = state
  const groups = await mapAtOnce(files, storeReadsAtOnce, (file) =>
    orTrouble(troubles, file.key, () => groupsToScan(file, scan)),
  )
  const all = groups.flatMap((some) => some ?? [])
  await mapAtOnce(all, storeReadsAtOnce, async (group) => {
    const { key, mightBeExpired } = group.queued
    throwIfGone(options)
    // What starts before all that was found has no place among it.
    const leastNs = newest.leastNs()
    if (isBefore(group.group.starts?.startMaxNs, leastNs)) {
      state.hasMore = true
      return
    }
    const pieces = await orTrouble(troubles, key, () => scanOne(group, scan))
    for (const piece of pieces ?? []) {
      if (!isBefore(piece.startNs, leastNs)) held.add(piece, !mightBeExpired && !isPartial)
      else keepForLater({ ...piece, isExpected: false }, state)
    }
  })
}

/** No span that is asked for and not scanned starts later. */
function frontierNs({ queue, range }: SearchState): bigint | undefined {
  const ns = queue.latestNs()
  return ns === undefined || range === undefined || ns < range.toNs ? ns : range.toNs - 1n
}

/** Puts together the traces that may be found and are newer than all that is not scanned. */
async function settle(state: SearchState): Promise<void> {
  const { options, held, newest, isOver, reading, cost } = state
  const { from } = options
  const due = held.due(frontierNs(state))
  // However late it is, something is settled: who goes on from here must get further.
  for (let batches = 0; batches === 0 || isOver() === undefined; batches++) {
    throwIfGone(options)
    const taken = due.take(storeReadsAtOnce, newest.leastNs())
    if (taken.length === 0) return
    cost.tracesRead += taken.length
    const found = await mapAtOnce(taken, storeReadsAtOnce, async (candidate) => {
      return { candidate, trace: await readFound(candidate.traceId, options, reading) }
    })
    for (const { candidate, trace } of found) {
      if (trace === undefined || (from && !isBehind(startOf(trace), from.last))) continue
      keepTold(candidate, state)
      if (!newest.add(trace)) state.hasMore = true
    }
  }
}

function keepForLater(candidate: DueCandidate, state: SearchState): void {
  state.hasMore = true
  keepTold(candidate, state)
}

/** What a page that goes on from here has to know of a trace, if it is still to give it. */
function keepTold({ traceId, tellsNs, isExpected }: DueCandidate, { told }: SearchState): void {
  if (tellsNs !== undefined || isExpected) told.set(traceId, tellsNs)
}

function answerOf(state: SearchState): SearchAnswer {
  const { options, needs, held, newest, told, hasMore, isOver, troubles, cost, latestNs } = state
  const undecidedNs = latestOf(frontierNs(state), held.latestNs())
  const why = isOver()
  const isCut = why !== undefined && !isBefore(undecidedNs, newest.leastNs())
  const cutNs = isCut ? undecidedNs : undefined
  if (why !== undefined && cutNs !== undefined) troubles.add(why)
  for (const candidate of held.waiting()) keepTold(candidate, state)
  const rest = searchRest({
    found: newest.all(),
    isPage: newest.leastNs() !== undefined && (hasMore || undecidedNs !== undefined),
    cutNs,
    from: options.from,
    latestNs,
    oneRowTells: needs.oneRowTells,
    told,
  })
  const reasons = [...troubles].sort()
  return { traces: newest.all(), complete: reasons.length === 0, reasons, cost, rest }
}

/** Spans that start later than it went on from were scanned before. */
function scannedRange({ range, from }: SearchOptions): TimeRange | undefined {
  if (from === undefined) return range
  const { fromNs, toNs } = range ?? { fromNs: -(2n ** 63n), toNs: 2n ** 63n }
  const untilNs = from.untilNs + 1n
  return { fromNs, toNs: untilNs < toNs ? untilNs : toNs }
}

/** Not known is not before. */
function isBefore(ns: bigint | undefined, leastNs: bigint | undefined): boolean {
  return ns !== undefined && leastNs !== undefined && ns < leastNs
}

function latestOf(ns: bigint | undefined, other: bigint | undefined): bigint | undefined {
  if (ns === undefined || other === undefined) return ns ?? other
  return ns > other ? ns : other
}

/** Why the search must end: it has read, held or waited as much as it may. */
function bounds(
  { options: { msMax = searchMsMax }, runtime: { clock }, cost, endMs }: Search,
  candidatesHeld: () => number,
): () => string | undefined {
  const reached = (): string | undefined => {
    if (clock.nowMs() >= endMs) return `search ended after ${msMax} ms`
    if (cost.bytesRead >= searchBytesMax) return `search ended after ${searchBytesMax} bytes`
    if (cost.tracesRead >= searchTracesReadMax)
      return `search ended after ${cost.tracesRead} traces`
    if (candidatesHeld() > searchCandidatesMax) return 'search met more traces than it can hold'
    return undefined
  }
  let why: string | undefined
  return () => {
    why ??= reached()
    return why
  }
}

function throwIfGone({ signal }: SearchOptions): void {
  if (signal?.aborted) throw new SpanlakeError('unavailable', 'search was cancelled')
}
