import { SpanlakeError } from '../../../src/errors.ts'
import {
  jaegerLargeSearchesMax,
  jaegerLargeSearchesWaitingMax,
  jaegerLargeSearchesWaitMsMax,
  jaegerLightTraces,
  jaegerSummariesMsMax,
  jaegerSummariesSearchMsMax,
  storeReadsAtOnce,
} from '../../../src/limits.ts'
import { traceIn } from '../../../src/lookup/lookup-trace.ts'
import type { Runtime } from '../../../src/runtime.ts'
import { mapAtOnce } from '../../../src/snapshot/map-at-once.ts'
import type { ReadCache } from '../../../src/snapshot/read-cache.ts'
import { withSnapshot } from '../../../src/snapshot/with-snapshot.ts'
import { bytesOfHex } from '../../../src/span/trace-id.ts'
import { searchTraces } from '../../search/search-traces.ts'
import { waitingLine } from '../../waiting-line.ts'
import type { Answered, JaegerReaders, SearchArguments, TraceSpans } from './readers.ts'
import { traceFacts } from './trace-summary.ts'

/**
 * Jaeger's search by the search of this store: what it finds is read again, whole. Summaries are of the same traces, as
 * many as can be had in the time that their client waits.
 */
export function searchReaders(
  runtime: Runtime,
  cache: ReadCache,
): Required<Pick<JaegerReaders, 'searchTraces' | 'summarizeTraces'>> {
  const line = waitingLine('searches of many traces', {
    inside: jaegerLargeSearchesMax,
    waiting: jaegerLargeSearchesWaitingMax,
    waitMs: jaegerLargeSearchesWaitMsMax,
  })

  async function findWhole(search: SearchArguments, bounds: Bounds): Promise<Found> {
    const [, , , limit, signal] = search
    if (limit <= jaegerLightTraces) return findTraces(search, bounds, { runtime, cache })
    const leave = await line.enter(signal)
    try {
      return await findTraces(search, bounds, { runtime, cache })
    } finally {
      leave()
    }
  }

  return {
    searchTraces: (...search) => findWhole(search, {}),
    async summarizeTraces(...search) {
      const bounds = {
        searchMsMax: jaegerSummariesSearchMsMax,
        endMs: runtime.clock.nowMs() + jaegerSummariesMsMax,
      }
      const { value, reasons } = await findWhole(search, bounds)
      return { value: value.filter(({ spans }) => spans.length > 0).map(traceFacts), reasons }
    },
  }
}

type Found = Answered<readonly TraceSpans[]>

interface Bounds {
  readonly searchMsMax?: number
  /** When reading ends; some are read always. */
  readonly endMs?: number
}

interface Reading {
  readonly runtime: Runtime
  readonly cache: ReadCache
}

async function findTraces(
  [tenant, { stages }, range, limit, signal]: SearchArguments,
  { searchMsMax: msMax, endMs = Number.POSITIVE_INFINITY }: Bounds,
  { runtime, cache }: Reading,
): Promise<Found> {
  const options = { stages, range, limit, spansPerSet: 1, signal, ...(msMax && { msMax }) }
  const found = await searchTraces(tenant, options, runtime, cache)
  const ids = found.traces.map(({ traceId }) => traceId)
  const whole = await readWhole(tenant, ids, { endMs, signal }, { runtime, cache })
  return { value: whole.value, reasons: [...new Set([...found.reasons, ...whole.reasons])] }
}

/** The traces in the order of their ids, as far as their spans fit into one answer and its time; the others are told of. */
function readWhole(
  tenant: string,
  ids: readonly string[],
  { endMs, signal }: { readonly endMs: number; readonly signal: AbortSignal },
  { runtime, cache }: Reading,
): Promise<Answered<readonly TraceSpans[]>> {
  return withSnapshot(tenant, runtime, cache, async (snapshot, reading) => {
    const value: TraceSpans[] = []
    const troubles = new Set<string>()
    let room = runtime.limits.traceSpansMax
    for (let at = 0; at < ids.length; at += storeReadsAtOnce) {
      if (signal.aborted) throw new SpanlakeError('unavailable', 'search was cancelled')
      if (at > 0 && runtime.clock.nowMs() >= endMs) {
        troubles.add(`answer took as long as it may, ${ids.length - value.length} traces left out`)
        break
      }
      const next = ids.slice(at, at + storeReadsAtOnce).map(bytesOfHex)
      const read = await mapAtOnce(next, storeReadsAtOnce, async (traceId) => ({
        traceId,
        ...(await traceIn(snapshot, traceId, reading, cache)),
      }))
      for (const { traceId, spans, reasons } of read) {
        for (const reason of reasons) troubles.add(reason)
        if (spans.length > room) {
          const left = ids.length - value.length
          troubles.add(`answer holds as many spans as it may, ${left} traces left out`)
          return { value, reasons: [...troubles].sort() }
        }
        room -= spans.length
        value.push({ traceId, spans })
      }
    }
    return { value, reasons: [...troubles].sort() }
  })
}
