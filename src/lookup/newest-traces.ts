import type { TraceSummary } from '../index/summaries.ts'
import type { FreshFile } from '../snapshot/with-snapshot.ts'
import { hexOf } from '../span/trace-id.ts'
import { heap } from './heap.ts'
import { mergeSummaries } from './merge-summaries.ts'
import type { OpenSummaries } from './open-summaries.ts'
import { comparePlaces, type TracePlace } from './trace-place.ts'

/** Traces that start in [fromNs, toNs), behind the place `after`. Times are signed, as summaries have them. */
export interface ListWindow {
  readonly fromNs: bigint
  readonly toNs: bigint
  readonly after: TracePlace | undefined
}

export interface FoundTrace {
  /** Its counts add up what the files say, also where they repeat each other. */
  readonly summary: TraceSummary
  /** In the order of their keys. */
  readonly files: readonly FreshFile[]
}

interface Waiting extends TracePlace {
  /** Undefined as long as only one file was asked: the trace may start earlier than that file knows. */
  readonly found: FoundTrace | undefined
}

/**
 * The traces of a window, most recent start first, then by trace id; opens files from the newest on, only as far as
 * somebody goes on asking. A trace is given once all files were asked about it, and once every file still closed holds
 * only spans that start before it.
 */
export function* newestTraces(
  files: readonly FreshFile[],
  window: ListWindow,
  summaries: OpenSummaries,
): Generator<FoundTrace> {
  const closed = filesOf(window, files)
  const waiting = heap<Waiting>(comparePlaces)
  const seen = new Set<string>()
  let next = 0
  for (;;) {
    const top = waiting.peek()
    const file = closed[next]
    if (file && (top === undefined || top.startNs <= file.tail.startMaxNs)) {
      next++
      for (const { traceId, startNs } of summaries.all(file).values()) {
        if (holds(window, { traceId, startNs })) {
          waiting.push({ traceId, startNs, found: undefined })
        }
      }
      continue
    }
    if (top === undefined) return
    waiting.pop()
    if (top.found) {
      yield top.found
      continue
    }
    const hex = hexOf(top.traceId)
    if (seen.has(hex)) continue
    seen.add(hex)
    const found = findTrace(files, top.traceId, summaries)
    const { traceId, startNs } = found.summary
    if (holds(window, found.summary)) waiting.push({ traceId, startNs, found })
  }
}

/** Those that may hold the first span of a trace of the window, the newest start first. */
function filesOf({ fromNs, toNs, after }: ListWindow, files: readonly FreshFile[]): FreshFile[] {
  const endNs = after && after.startNs < toNs ? after.startNs : toNs
  return files
    .filter(({ tail }) => tail.rows > 0 && tail.startMinNs <= endNs && tail.startMaxNs >= fromNs)
    .sort((a, b) => compareBigints(b.tail.startMaxNs, a.tail.startMaxNs))
}

function compareBigints(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function holds({ fromNs, toNs, after }: ListWindow, place: TracePlace): boolean {
  const { startNs } = place
  if (startNs < fromNs || startNs >= toNs) return false
  return after === undefined || comparePlaces(after, place) < 0
}

function findTrace(
  files: readonly FreshFile[],
  traceId: Uint8Array,
  summaries: OpenSummaries,
): FoundTrace {
  const parts = files.flatMap((file) => {
    const part = summaries.one(file, traceId)
    return part ? [{ file, part }] : []
  })
  return {
    summary: mergeSummaries(parts.map(({ part }) => part)),
    files: parts.map(({ file }) => file),
  }
}
