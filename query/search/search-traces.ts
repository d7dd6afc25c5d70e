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
import { candidates } from './candidates.ts'
import { fileQueue, type QueuedFile } from './file-queue.ts'
import { foundFields } from './found-trace.ts'
import { newestFound } from './newest-found.ts'
import { orTrouble } from './or-trouble.ts'
import { readFound } from './read-found.ts'
import { groupsToScan, type ScanContext, scanOne } from './scan-groups.ts'
import type { SearchAnswer, SearchCost } from './search-answer.ts'
import { searchNeeds } from './search-needs.ts'
import { tableMemory } from './table-memory.ts'

export interface SearchOptions {
  /** Checked before (`checkTraceql`). */
  readonly stages: readonly Stage[]
  /** Only spans that start within are found; without it, spans of any age. */
  readonly range?: TimeRange
  readonly limit: number
  readonly spansPerSet: number
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
  const endMs = startMs + searchMsMax
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
  const { stages, range } = options
  const needs = searchNeeds(stages)
  const troubles = new Set(snapshot.broken)
  const queue = fileQueue(snapshot, range, runtime, { cache, troubles })
  cost.filesConsidered = queue.considered + snapshot.broken.length
  const held = candidates(needs)
  const newest = newestFound(options.limit)
  const isOver = bounds(search, held.size, troubles)
  const scan: ScanContext = { needs, range, runtime, cache, cost }
  const tables = tableMemory([...foundFields, ...shownFields(stages)], runtime, cache)
  const reading = { snapshot, runtime, cache, tables, troubles }

  async function scanFiles(files: readonly QueuedFile[]): Promise<void> {
    const groups = await mapAtOnce(files, storeReadsAtOnce, (file) =>
      orTrouble(troubles, file.key, () => groupsToScan(file, scan)),
    )
    const all = groups.flatMap((some) => some ?? [])
    await mapAtOnce(all, storeReadsAtOnce, async (group) => {
      const { key, mightBeExpired } = group.queued
      // What starts before all that was found has no place among it.
      const leastNs = newest.leastNs()
      if (isOver() || isBefore(group.group.starts?.startMaxNs, leastNs)) return
      const pieces = await orTrouble(troubles, key, () => scanOne(group, scan))
      for (const piece of pieces ?? []) {
        if (!isBefore(piece.startNs, leastNs)) held.add(piece, !mightBeExpired)
      }
    })
  }

  /** Puts together the traces that may be found and are newer than all that is not scanned. */
  async function settle(): Promise<void> {
    const due = held.due(queue.latestNs())
    while (!isOver()) {
      const taken = due.take(storeReadsAtOnce, newest.leastNs())
      if (taken.length === 0) return
      cost.tracesRead += taken.length
      const found = await mapAtOnce(taken, storeReadsAtOnce, (traceId) =>
        readFound(traceId, options, reading),
      )
      for (const trace of found) if (trace !== undefined) newest.add(trace)
    }
  }

  for (;;) {
    const latestNs = queue.latestNs()
    if (latestNs === undefined || isBefore(latestNs, newest.leastNs()) || isOver()) break
    await scanFiles(await queue.take({ rows: searchStepRows, files: storeReadsAtOnce }))
    await settle()
    const leastNs = newest.leastNs()
    if (leastNs !== undefined) held.dropBefore(leastNs)
  }
  const reasons = [...troubles].sort()
  return { traces: newest.all(), complete: reasons.length === 0, reasons, cost }
}

/** Not known is not before. */
function isBefore(ns: bigint | undefined, leastNs: bigint | undefined): boolean {
  return ns !== undefined && leastNs !== undefined && ns < leastNs
}

/** True once the search has read, held or waited as much as it may; then the answer says so. */
function bounds(
  { options: { signal }, runtime: { clock }, cost, endMs }: Search,
  candidatesHeld: () => number,
  troubles: Set<string>,
): () => boolean {
  const reached = (): string | undefined => {
    if (clock.nowMs() >= endMs) return `search ended after ${searchMsMax} ms`
    if (cost.bytesRead >= searchBytesMax) return `search ended after ${searchBytesMax} bytes`
    if (cost.tracesRead >= searchTracesReadMax)
      return `search ended after ${cost.tracesRead} traces`
    if (candidatesHeld() > searchCandidatesMax) return 'search met more traces than it can hold'
    return undefined
  }
  let why: string | undefined
  return () => {
    if (signal?.aborted) throw new SpanlakeError('unavailable', 'search was cancelled')
    why ??= reached()
    if (why !== undefined) troubles.add(why)
    return why !== undefined
  }
}
