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
import { candidates, type DueCandidate } from './candidates.ts'
import { fileQueue, type QueuedFile } from './file-queue.ts'
import { foundFields } from './found-trace.ts'
import { newestFound } from './newest-found.ts'
import { orTrouble } from './or-trouble.ts'
import { readFound } from './read-found.ts'
import { groupsToScan, type ScanContext, scanOne } from './scan-groups.ts'
import type { SearchAnswer, SearchCost } from './search-answer.ts'
import { searchNeeds } from './search-needs.ts'
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
    return await withSnapshot(tenant, costed, cache, (snapshot) => {
      // A search that begins again counts its files anew; what it asked of the store, it asked.
      Object.assign(cost, noScan)
      return searchIn(snapshot, { options, runtime: costed, cache, cost, endMs })
    })
  } finally {
    meter.count('spanlake_searches_total', 1)
    meter.observe('spanlake_search_seconds', Math.max(0, clock.nowMs() - startMs) / 1_000)
    meter.count('spanlake_search_gets_total', cost.gets)
    meter.count('spanlake_search_bytes_total', cost.bytesRead)
  }
}

const noScan = {
  filesConsidered: 0,
  filesRead: 0,
  groupsConsidered: 0,
  groupsRead: 0,
  spansScanned: 0,
  tracesRead: 0,
}

interface Search {
  readonly options: SearchOptions
  readonly runtime: Runtime
  readonly cache: ReadCache
  readonly cost: SearchCost
  readonly endMs: number
}

async function searchIn(snapshot: Snapshot, search: Search): Promise<SearchAnswer> {
  const { options, runtime, cache, cost } = search
  const { stages, from, limit } = options
  const asked = searchNeeds(stages)
  // Of what lies behind a cut, no part alone tells that the whole is not found.
  const isPartial = from?.isCut === true && !asked.oneRowTells
  const needs = isPartial ? { ...asked, traceMightMatch: () => true } : asked
  const range = scannedRange(options)
  const troubles = new Set(snapshot.broken)
  const queue = fileQueue(snapshot, range, runtime, { cache, troubles })
  const latestNs = queue.latestNs()
  cost.filesConsidered = queue.considered + snapshot.broken.length
  const held = candidates(needs)
  for (const traceId of from?.pending ?? []) held.expect(traceId, from?.last.startNs ?? 0n)
  const newest = newestFound(limit)
  const told = new Map<string, bigint | undefined>()
  let isMore = false
  const isOver = bounds(search, held.size)
  const hits = { groups: 0, of: 0 }
  const scan: ScanContext = { needs, range, runtime, cache, cost, hits }
  const tables = tableMemory([...foundFields, ...shownFields(stages)], runtime, cache)
  const reading = { snapshot, runtime, cache, tables, troubles }

  async function scanFiles(files: readonly QueuedFile[]): Promise<void> {
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
        isMore = true
        return
      }
      const pieces = await orTrouble(troubles, key, () => scanOne(group, scan))
      for (const piece of pieces ?? []) {
        if (isBefore(piece.startNs, leastNs)) {
          isMore = true
          keepTold({ ...piece, isExpected: false })
        } else held.add(piece, !mightBeExpired && !isPartial)
      }
    })
  }

  /** No span that is asked for and not scanned starts later. */
  function frontierNs(): bigint | undefined {
    const ns = queue.latestNs()
    return ns === undefined || range === undefined || ns < range.toNs ? ns : range.toNs - 1n
  }

  /** What a page that goes on from here has to know of a trace that it is still to give. */
  function keepTold({ traceId, tellsNs, isExpected }: DueCandidate): void {
    if (tellsNs !== undefined || isExpected) told.set(traceId, tellsNs)
  }

  /** Puts together the traces that may be found and are newer than all that is not scanned. */
  async function settle(): Promise<void> {
    const due = held.due(frontierNs())
    // However late it is, something is settled: who goes on from here must get further.
    for (let batches = 0; batches === 0 || isOver() === undefined; batches++) {
      throwIfGone(options)
      const taken = due.take(storeReadsAtOnce, newest.leastNs())
      if (taken.length === 0) return
      cost.tracesRead += taken.length
      const found = await mapAtOnce(taken, storeReadsAtOnce, ({ traceId }) =>
        readFound(traceId, options, reading),
      )
      for (const [place, trace] of found.entries()) {
        if (trace === undefined || (from && !isBehind(startOf(trace), from.last))) continue
        const candidate = taken[place]
        if (candidate) keepTold(candidate)
        if (!newest.add(trace)) isMore = true
      }
    }
  }

  await settle()
  for (let steps = 0; steps === 0 || isOver() === undefined; steps++) {
    const next = frontierNs()
    if (next === undefined || isBefore(next, newest.leastNs())) break
    await scanFiles(await queue.take({ rows: searchStepRows, files: storeReadsAtOnce }))
    await settle()
    const leastNs = newest.leastNs()
    for (const dropped of leastNs === undefined ? [] : held.dropBefore(leastNs)) {
      isMore = true
      keepTold(dropped)
    }
  }

  const undecidedNs = latestOf(frontierNs(), held.latestNs())
  const why = isOver()
  const isCut = why !== undefined && !isBefore(undecidedNs, newest.leastNs())
  if (why !== undefined && isCut && undecidedNs !== undefined) troubles.add(why)
  for (const candidate of held.waiting()) keepTold(candidate)
  const rest = searchRest({
    found: newest.all(),
    isPage: newest.leastNs() !== undefined && (isMore || undecidedNs !== undefined),
    cutNs: isCut ? undecidedNs : undefined,
    from,
    latestNs: from?.untilNs ?? latestNs ?? 0n,
    oneRowTells: asked.oneRowTells,
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
