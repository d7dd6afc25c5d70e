import { SpanlakeError } from '../../src/errors.ts'
import {
  searchBytesMax,
  searchCandidatesMax,
  searchMsMax,
  searchRangesHeld,
  searchTracesReadMax,
  storeReadsAtOnce,
} from '../../src/limits.ts'
import { traceIn } from '../../src/lookup/lookup-trace.ts'
import { rangeMemory } from '../../src/lookup/range-memory.ts'
import { costedStore, noCost } from '../../src/lookup/read-cost.ts'
import type { TimeRange } from '../../src/prune/condition.ts'
import type { Runtime } from '../../src/runtime.ts'
import { mapAtOnce } from '../../src/snapshot/map-at-once.ts'
import type { ReadCache } from '../../src/snapshot/read-cache.ts'
import { type Snapshot, withSnapshot } from '../../src/snapshot/with-snapshot.ts'
import { bytesOfHex } from '../../src/span/trace-id.ts'
import type { Stage } from '../traceql/ast.ts'
import { candidates } from './candidates.ts'
import { fileQueue } from './file-queue.ts'
import { foundTrace } from './found-trace.ts'
import { newestFound } from './newest-found.ts'
import { orTrouble } from './or-trouble.ts'
import { type ScanContext, scanFile } from './scan-file.ts'
import type { FoundTrace, SearchAnswer, SearchCost } from './search-answer.ts'
import { searchNeeds } from './search-needs.ts'

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
 * names; traces that may be found are then read whole, wherever their parts lie, and evaluated as one: repeats count
 * once, as in a lookup. It ends when no file that is left can hold a newer trace, or at its bounds, and says so. Throws
 * kind `unavailable` when the store does not answer or the client is gone.
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
  const endMs = clock.nowMs() + searchMsMax
  const startMs = clock.nowMs()
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
  const context: ScanContext = { needs, range, runtime, cache, cost, isOver }
  const wholeTraces = { ...runtime, store: rangeMemory(runtime.store, searchRangesHeld) }

  /** Reads the traces that may be found and are newer than all that is not scanned. */
  async function settle(): Promise<void> {
    while (!isOver()) {
      const taken = held.take(storeReadsAtOnce, latest(queue.latestNs(), newest.leastNs()))
      if (taken.length === 0) return
      const read = await mapAtOnce(taken, storeReadsAtOnce, (traceId) =>
        readTrace(traceId, snapshot, { ...search, runtime: wholeTraces }, troubles),
      )
      for (const trace of read) if (trace !== undefined) newest.add(trace)
    }
  }

  for (;;) {
    const leastNs = newest.leastNs()
    const latestNs = queue.latestNs()
    if (latestNs === undefined || isOver()) break
    if (leastNs !== undefined && leastNs > latestNs) break
    const files = await queue.take(storeReadsAtOnce)
    await mapAtOnce(files, storeReadsAtOnce, async (file) => {
      await orTrouble(troubles, file.key, () =>
        scanFile(file, context, (pieces) => {
          for (const piece of pieces) held.add(piece, !file.mightBeExpired)
        }),
      )
    })
    await settle()
    const least = newest.leastNs()
    if (least !== undefined) held.dropBefore(least)
  }
  const reasons = [...troubles].sort()
  return { traces: newest.all(), complete: reasons.length === 0, reasons, cost }
}

function latest(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return a > b ? a : b
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

async function readTrace(
  traceId: string,
  snapshot: Snapshot,
  { options, runtime, cache, cost }: Search,
  troubles: Set<string>,
): Promise<FoundTrace | undefined> {
  cost.tracesRead++
  const { spans, reasons } = await traceIn(snapshot, bytesOfHex(traceId), runtime, cache)
  for (const reason of reasons) troubles.add(reason)
  return foundTrace(spans, { ...options, range: options.range })
}
