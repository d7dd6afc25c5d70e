import { kindOf, messageOf } from '../errors.ts'
import type { SpanFile } from '../index/day-list.ts'
import { decodeSummaries, findTraceRows, type TraceSummary } from '../index/summaries.ts'
import { mightHoldTrace } from '../index/trace-filter.ts'
import { type IndexRef, indexObjectKey } from '../layout/keys.ts'
import { decodeSummaryFile } from '../press/read-summary-file.ts'
import type { Runtime } from '../runtime.ts'
import type { IndexCache } from '../snapshot/index-cache.ts'
import { MissingObject } from '../snapshot/missing-object.ts'
import type { FreshFile } from '../snapshot/with-snapshot.ts'
import { hexOf } from '../span/trace-id.ts'
import type { SummarySource } from './summary-source.ts'

/** Summaries by trace id in hex, decoded when first asked for. */
export interface OpenSummaries {
  all(source: SummarySource): Promise<ReadonlyMap<string, TraceSummary>>
  /** What a source says of one trace; a fresh file's filter and ids are asked before its summaries are decoded. */
  one(source: SummarySource, traceId: Uint8Array): Promise<TraceSummary | undefined>
  /** Files whose summaries were decoded. */
  readonly opened: number
}

/** What a decoded summary takes in memory, about. */
const bytesPerTrace = 400

/** Files whose summaries are broken hold none, and are named in `troubles`. */
export function openSummaries(
  index: IndexRef,
  { store, codec }: Pick<Runtime, 'store' | 'codec'>,
  cache: IndexCache,
  troubles: string[],
): OpenSummaries {
  const opened = new Map<FreshFile | SpanFile, ReadonlyMap<string, TraceSummary>>()
  const none: ReadonlyMap<string, TraceSummary> = new Map()
  const tell = (file: FreshFile | SpanFile, error: unknown, what: string): undefined => {
    if (kindOf(error) !== 'corrupt') throw error
    troubles.push(`${what}: ${messageOf(error)}`)
    opened.set(file, none)
    return undefined
  }
  const read = <T>(file: FreshFile, decode: () => T): T | undefined => {
    try {
      return decode()
    } catch (error) {
      return tell(file, error, `fresh file is broken, ${file.key}`)
    }
  }
  const allOfFresh = (file: FreshFile): ReadonlyMap<string, TraceSummary> => {
    const known = opened.get(file)
    if (known) return known
    const summaries = read(file, () => decodeSummaries(file.tail.summaries, codec))
    if (summaries === undefined) return none
    const byId = byTraceId(summaries)
    opened.set(file, byId)
    return byId
  }
  const allOfSpans = async (file: SpanFile): Promise<ReadonlyMap<string, TraceSummary>> => {
    const known = opened.get(file)
    if (known) return known
    const key = indexObjectKey({ ...index, ...file, kind: 'summaries' })
    try {
      const byId = await cache.get(key, async () => {
        const stored = await store.get(key)
        if (stored === undefined) throw new MissingObject(key)
        const value = byTraceId(decodeSummaryFile(stored.body, codec))
        return { value, bytes: value.size * bytesPerTrace }
      })
      opened.set(file, byId)
      return byId
    } catch (error) {
      return tell(file, error, `trace summaries are broken, ${key}`) ?? none
    }
  }
  return {
    async all(source) {
      return source.kind === 'fresh' ? allOfFresh(source.file) : allOfSpans(source.file)
    },
    async one(source, traceId) {
      if (source.kind === 'spans') return (await allOfSpans(source.file)).get(hexOf(traceId))
      const { file } = source
      if (!mightHoldTrace(file.tail.filter, traceId)) return undefined
      const isThere =
        opened.has(file) || read(file, () => findTraceRows(file.tail.summaries, traceId, codec))
      return isThere ? allOfFresh(file).get(hexOf(traceId)) : undefined
    },
    get opened() {
      return opened.size
    },
  }
}

function byTraceId(summaries: readonly TraceSummary[]): ReadonlyMap<string, TraceSummary> {
  return new Map(summaries.map((summary) => [hexOf(summary.traceId), summary]))
}
