import { mergeSummaries } from '../index/merge-summaries.ts'
import type { TraceSummary } from '../index/summaries.ts'
import { listNeighbourNs } from '../limits.ts'
import { hexOf } from '../span/trace-id.ts'
import { type SummarySource, startsOf } from './summary-source.ts'
import type { TracePlace } from './trace-place.ts'

/** What the files that a list has opened say of traces, so that most can be passed over without asking any other file. */
export interface OpenedParts {
  add(source: SummarySource, summaries: Iterable<TraceSummary>): void
  /** A file or day that is not opened, as it holds only spans that start at `minNs` or later. */
  leave(minNs: bigint): void
  /**
   * Whether a trace that starts at the place is not asked for. What lies in files that are still closed starts before the
   * place: when one of those is opened and holds a part, the trace is met again, at its new start.
   */
  isPassed(place: TracePlace): boolean
  /** Where the trace was met first: an unfiltered list asks the neighbours of that place, and says the same of the trace. */
  firstMet(place: TracePlace): TracePlace
}

/** `might`: false when a trace with this summary is not asked for. Without it nothing is passed over. */
export function openedParts(might: ((summary: TraceSummary) => boolean) | undefined): OpenedParts {
  const opened = new Map<string, { source: SummarySource; summary: TraceSummary }[]>()
  const passed = new Map<string, TracePlace>()
  let leftNs: bigint | undefined
  const firstMet = (place: TracePlace) => passed.get(hexOf(place.traceId)) ?? place
  return {
    add(source, summaries) {
      if (might === undefined) return
      for (const summary of summaries) {
        const hex = hexOf(summary.traceId)
        const parts = opened.get(hex)
        if (parts === undefined) opened.set(hex, [{ source, summary }])
        else parts.push({ source, summary })
      }
    },
    leave(minNs) {
      if (leftNs === undefined || minNs < leftNs) leftNs = minNs
    },
    isPassed(place) {
      if (might === undefined) return false
      const first = firstMet(place)
      // A file that was left may hold a later part of it.
      if (leftNs !== undefined && leftNs <= first.startNs + listNeighbourNs) return false
      const hex = hexOf(place.traceId)
      const parts = (opened.get(hex) ?? []).filter(({ source }) => {
        const { minNs, maxNs } = startsOf(source)
        return source.kind === 'fresh' || isNear(first, minNs, maxNs)
      })
      if (parts.length === 0 || might(mergeSummaries(parts.map(({ summary }) => summary)))) {
        return false
      }
      passed.set(hex, first)
      return true
    },
    firstMet,
  }
}

/** Whether spans that start within the bounds may belong to a trace that starts at the place. */
export function isNear({ startNs }: Pick<TracePlace, 'startNs'>, minNs: bigint, maxNs: bigint) {
  return maxNs >= startNs - listNeighbourNs && minNs <= startNs + listNeighbourNs
}
