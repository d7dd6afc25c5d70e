import type { SpanFile } from '../index/day-list.ts'
import type { DayListRef } from '../index/manifest.ts'
import { mergeSummaries } from '../index/merge-summaries.ts'
import type { TraceSummary } from '../index/summaries.ts'
import { listNeighbourFilesMax, storeReadsAtOnce } from '../limits.ts'
import { mapAtOnce } from '../snapshot/map-at-once.ts'
import type { FreshFile } from '../snapshot/with-snapshot.ts'
import { hexOf } from '../span/trace-id.ts'
import { heap } from './heap.ts'
import type { OpenSummaries } from './open-summaries.ts'
import { isNear, openedParts } from './opened-parts.ts'
import { type SummarySource, startsOf } from './summary-source.ts'
import { comparePlaces, type TracePlace } from './trace-place.ts'

/** Traces that start in [fromNs, toNs), behind the place `after`. Times are signed, as summaries have them. */
export interface ListWindow {
  readonly fromNs: bigint
  readonly toNs: bigint
  readonly after: TracePlace | undefined
}

/** What a list is made of. */
export interface ListSources {
  /** False for the summary of a trace that is not asked for. */
  readonly might?: ((summary: TraceSummary) => boolean) | undefined
  /** In the order of their keys. */
  readonly fresh: readonly FreshFile[]
  readonly days: readonly DayListRef[]
  readonly filesOf: (day: DayListRef) => Promise<readonly SpanFile[]>
  readonly summaries: OpenSummaries
  /**
   * Names of the span files, at least of those named in `among`, that hold rows of the trace; undefined when the index
   * cannot tell.
   */
  readonly holders: (
    traceId: Uint8Array,
    among: ReadonlySet<string>,
  ) => Promise<ReadonlySet<string> | undefined>
}

export interface TracePart {
  readonly source: SummarySource
  readonly summary: TraceSummary
}

export interface FoundTrace {
  /** Its counts add up what the files say, also where they repeat each other. */
  readonly summary: TraceSummary
  /** Fresh files in the order of their keys, then span files; none of a trace that is not asked for. */
  readonly parts: readonly TracePart[]
}

interface Waiting extends TracePlace {
  /** Undefined as long as only one file was asked: the trace may start earlier than that file knows. */
  readonly found: FoundTrace | undefined
}

/** A file or a day that was not looked into yet. */
interface Closed {
  readonly startMaxNs: bigint
  /** The day's files, or nothing when this is a file. */
  readonly day?: DayListRef
  readonly source?: SummarySource
}

/**
 * The traces of a window, most recent start first, then by trace id; opens files from the newest on, only as far as
 * somebody goes on asking. A trace is given once all fresh files and the span files of about its time were asked about
 * it, and once everything still closed holds only spans that start before it.
 */
export async function* newestTraces(
  sources: ListSources,
  window: ListWindow,
): AsyncGenerator<FoundTrace> {
  const closed = heap<Closed>((a, b) => compareBigints(b.startMaxNs, a.startMaxNs))
  const opened = openedParts(sources.might)
  const close = (source: SummarySource): void => {
    const { minNs, maxNs, rows } = startsOf(source)
    if (rows === 0) return
    if (overlaps(window, minNs, maxNs)) closed.push({ startMaxNs: maxNs, source })
    else if (maxNs < window.fromNs) return
    // Any fresh file may hold a part of any trace, and costs no read.
    else if (source.kind === 'fresh' && sources.might) closed.push({ startMaxNs: maxNs, source })
    else opened.leave(minNs)
  }
  for (const file of sources.fresh) close({ kind: 'fresh', file })
  for (const day of sources.days) {
    const { startMinNs, startMaxNs } = day
    if (overlaps(window, startMinNs, startMaxNs)) closed.push({ startMaxNs, day })
    else if (startMaxNs >= window.fromNs) opened.leave(startMinNs)
  }
  const waiting = heap<Waiting>(comparePlaces)
  const seen = new Set<string>()
  for (;;) {
    const top = waiting.peek()
    const next = closed.peek()
    if (next && (top === undefined || top.startNs <= next.startMaxNs)) {
      closed.pop()
      if (next.day) {
        for (const file of await sources.filesOf(next.day)) close({ kind: 'spans', file })
      } else if (next.source) {
        const summaries = await sources.summaries.all(next.source)
        opened.add(next.source, summaries.values())
        for (const { traceId, startNs } of summaries.values()) {
          if (holds(window, { traceId, startNs })) {
            waiting.push({ traceId, startNs, found: undefined })
          }
        }
      }
      continue
    }
    if (top === undefined) return
    if (top.found) {
      waiting.pop()
      yield top.found
      continue
    }
    if (!seen.has(hexOf(top.traceId)) && opened.isPassed(top)) {
      waiting.pop()
      yield passedTrace(top)
      continue
    }
    for (const found of await mapAtOnce(takeUnfound(next), storeReadsAtOnce, (place) =>
      findTrace(sources, place),
    )) {
      const { traceId, startNs } = found.summary
      if (holds(window, found.summary)) waiting.push({ traceId, startNs, found })
    }
  }

  /** The traces on top that were met in one file alone, and that nothing which is still closed comes before. */
  function takeUnfound(next: Closed | undefined): TracePlace[] {
    const taken: TracePlace[] = []
    while (taken.length < storeReadsAtOnce) {
      const top = waiting.peek()
      if (top === undefined || top.found || (next && top.startNs <= next.startMaxNs)) break
      const hex = hexOf(top.traceId)
      if (!seen.has(hex) && opened.isPassed(top)) break
      waiting.pop()
      if (seen.has(hex)) continue
      seen.add(hex)
      taken.push(opened.firstMet(top))
    }
    return taken
  }
}

/** What is told of a trace that is not asked for: its place. */
function passedTrace({ traceId, startNs }: TracePlace): FoundTrace {
  const noRoot = { rootStartNs: undefined, rootService: undefined, rootName: undefined }
  const counts = { spans: 0, errors: 0, services: [] }
  return { summary: { traceId, startNs, endNs: startNs, ...noRoot, ...counts }, parts: [] }
}

/** Whether files with these starts may hold the first span of a trace of the window. */
function overlaps({ fromNs, toNs, after }: ListWindow, minNs: bigint, maxNs: bigint): boolean {
  const endNs = after && after.startNs < toNs ? after.startNs : toNs
  return minNs <= endNs && maxNs >= fromNs
}

function compareBigints(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function holds({ fromNs, toNs, after }: ListWindow, place: TracePlace): boolean {
  const { startNs } = place
  if (startNs < fromNs || startNs >= toNs) return false
  return after === undefined || comparePlaces(after, place) < 0
}

/** All that fresh files know of a trace, and span files whose spans start within an hour of what is known of it. */
async function findTrace(sources: ListSources, place: TracePlace): Promise<FoundTrace> {
  const { fresh, summaries } = sources
  const parts: TracePart[] = []
  const ask = async (source: SummarySource): Promise<void> => {
    const summary = await summaries.one(source, place.traceId)
    if (summary) parts.push({ source, summary })
  }
  for (const file of fresh) await ask({ kind: 'fresh', file })
  for (const file of await filesToAsk(sources, place)) await ask({ kind: 'spans', file })
  return { summary: mergeSummaries(parts.map(({ summary }) => summary)), parts }
}

async function filesToAsk(
  { days, filesOf, holders }: ListSources,
  place: TracePlace,
): Promise<readonly SpanFile[]> {
  const isAsked = ({ startMinNs, startMaxNs }: DayListRef | SpanFile) =>
    isNear(place, startMinNs, startMaxNs)
  const near: SpanFile[] = []
  for (const day of days) if (isAsked(day)) near.push(...(await filesOf(day)).filter(isAsked))
  if (near.length <= listNeighbourFilesMax) return near
  // A busy hour has more files than a list could open for each trace.
  const names = await holders(place.traceId, new Set(near.map(({ name }) => name)))
  return names === undefined ? near : near.filter(({ name }) => names.has(name))
}
