import { SpanlakeError } from '../../../src/errors.ts'
import { storeReadsAtOnce } from '../../../src/limits.ts'
import { traceIn } from '../../../src/lookup/lookup-trace.ts'
import type { Runtime } from '../../../src/runtime.ts'
import { mapAtOnce } from '../../../src/snapshot/map-at-once.ts'
import type { ReadCache } from '../../../src/snapshot/read-cache.ts'
import { withSnapshot } from '../../../src/snapshot/with-snapshot.ts'
import { bytesOfHex } from '../../../src/span/trace-id.ts'
import { searchTraces } from '../../search/search-traces.ts'
import type { Answered, JaegerReaders, TraceSpans } from './readers.ts'

/** Jaeger's search by the search of this store: what it finds is read again, whole. */
export function searchReaders(
  runtime: Runtime,
  cache: ReadCache,
): Required<Pick<JaegerReaders, 'searchTraces'>> {
  return {
    async searchTraces(tenant, { stages }, range, limit, signal) {
      const options = { stages, range, limit, spansPerSet: 1, signal }
      const found = await searchTraces(tenant, options, runtime, cache)
      const ids = found.traces.map(({ traceId }) => traceId)
      const whole = await readWhole(tenant, ids, signal, { runtime, cache })
      return { value: whole.value, reasons: [...new Set([...found.reasons, ...whole.reasons])] }
    },
  }
}

/** The traces in the order of their ids, as far as their spans fit into one answer; the others are told of. */
function readWhole(
  tenant: string,
  ids: readonly string[],
  signal: AbortSignal,
  { runtime, cache }: { readonly runtime: Runtime; readonly cache: ReadCache },
): Promise<Answered<readonly TraceSpans[]>> {
  return withSnapshot(tenant, runtime, cache, async (snapshot) => {
    const value: TraceSpans[] = []
    const troubles = new Set<string>()
    let room = runtime.limits.traceSpansMax
    for (let at = 0; at < ids.length; at += storeReadsAtOnce) {
      if (signal.aborted) throw new SpanlakeError('unavailable', 'search was cancelled')
      const next = ids.slice(at, at + storeReadsAtOnce).map(bytesOfHex)
      const read = await mapAtOnce(next, storeReadsAtOnce, async (traceId) => ({
        traceId,
        ...(await traceIn(snapshot, traceId, runtime, cache)),
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
