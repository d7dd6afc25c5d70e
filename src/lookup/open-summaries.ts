import { kindOf, messageOf } from '../errors.ts'
import { decodeSummaries, findTraceRows, type TraceSummary } from '../index/summaries.ts'
import { mightHoldTrace } from '../index/trace-filter.ts'
import type { Codec } from '../ports/codec.ts'
import type { FreshFile } from '../snapshot/with-snapshot.ts'
import { hexOf } from '../span/trace-id.ts'

/** Summaries of fresh files by trace id in hex, decoded when first asked for. */
export interface OpenSummaries {
  all(file: FreshFile): ReadonlyMap<string, TraceSummary>
  /** What the file says of one trace; its filter, then its ids are asked before all its summaries are decoded. */
  one(file: FreshFile, traceId: Uint8Array): TraceSummary | undefined
  /** Files whose summaries were decoded. */
  readonly opened: number
}

/** Files whose summaries are broken hold none, and are named in `troubles`. */
export function openSummaries(codec: Codec, troubles: string[]): OpenSummaries {
  const opened = new Map<FreshFile, ReadonlyMap<string, TraceSummary>>()
  const none: ReadonlyMap<string, TraceSummary> = new Map()
  const read = <T>(file: FreshFile, decode: () => T): T | undefined => {
    try {
      return decode()
    } catch (error) {
      if (kindOf(error) !== 'corrupt') throw error
      troubles.push(`fresh file is broken, ${file.key}: ${messageOf(error)}`)
      opened.set(file, none)
      return undefined
    }
  }
  const all = (file: FreshFile): ReadonlyMap<string, TraceSummary> => {
    const known = opened.get(file)
    if (known) return known
    const summaries = read(file, () => decodeSummaries(file.tail.summaries, codec))
    if (summaries === undefined) return none
    const byId = new Map(summaries.map((summary) => [hexOf(summary.traceId), summary]))
    opened.set(file, byId)
    return byId
  }
  return {
    all,
    one(file, traceId) {
      if (!mightHoldTrace(file.tail.filter, traceId)) return undefined
      const isThere =
        opened.has(file) || read(file, () => findTraceRows(file.tail.summaries, traceId, codec))
      return isThere ? all(file).get(hexOf(traceId)) : undefined
    },
    get opened() {
      return opened.size
    },
  }
}
