import { SpanlakeError } from '../../src/errors.ts'
import { exemplarsMax, exemplarsPerPointMax } from '../../src/limits.ts'
import type { MetricsFunction, Series } from './ast.ts'
import { compareObserver } from './compare-spans.ts'
import { compileSingle } from './compile-field.ts'
import { type Spanset, searchEvaluator } from './evaluate-search.ts'
import { emptyParts, type SeriesPart, type SeriesParts } from './series-parts.ts'
import { spanFilter } from './span-filter.ts'
import {
  measuredColumn,
  type ObserverContext,
  type SpanFunction,
  spanObserver,
} from './span-observer.ts'
import type { Column, SpanTable, TraceRows } from './span-table.ts'
import type { StepIntervals } from './step-intervals.ts'
import { type TraceFrame, traceFrame } from './trace-frame.ts'

/** Gathers a series' numbers from traces, one after another. */
export interface MetricsEvaluator {
  readonly add: (trace: TraceRows) => void
}

/**
 * The series' spans and function, checked before (`checkTraceql`), ready for the traces of a table. What they add goes into
 * `parts`, which `mergeParts` joins with others and `finishMetrics` makes an answer of. Spans that start outside of the intervals
 * are not found; what they say of their trace counts. `indexOf` may tell a row's interval faster than its start does.
 */
export function metricsEvaluator(
  { stages, function: metrics }: Series,
  table: SpanTable,
  intervals: StepIntervals,
  parts: SeriesParts = emptyParts(),
  indexOf: (row: number) => number = (row) => intervals.indexOf(table.startNs(row)),
): MetricsEvaluator & { readonly parts: SeriesParts } {
  const find = searchEvaluator(stages, table)
  const frame = traceFrame(table)
  const count = setCounter(metrics, { frame, intervals, parts }, indexOf)
  return {
    parts,
    add(trace) {
      const asked: number[] = []
      for (let row = trace.from; row < trace.to; row++) {
        if (indexOf(row) >= 0) asked.push(row)
      }
      const sets = find(trace, asked)
      if (sets.length === 0) return
      frame.enter(trace)
      count(sets)
    },
  }
}

/** Counts the spans that were found of one trace; one of them may stand for a point. */
function setCounter(
  metrics: MetricsFunction,
  context: ObserverContext,
  indexOf: (row: number) => number,
): (sets: readonly Spanset[]) => void {
  const { frame } = context
  if (metrics.kind === 'compare') {
    const observe = compareObserver(metrics, context)
    return (sets) => {
      for (const { rows } of sets) observe(rows, indexOf)
    }
  }
  const observe = spanObserver(metrics, context)
  const exemplarValue = exemplarValueOf(metrics, frame)
  return (sets) => {
    let needsExemplar = true
    for (const { rows } of sets) {
      for (const row of rows) {
        const index = indexOf(row)
        const series = observe(row, index)
        if (series === undefined || !needsExemplar) continue
        addExemplar(series, { row, index, value: exemplarValue(row) }, frame.table)
        needsExemplar = false
      }
    }
  }
}

/**
 * The same for a series of which each span decides about itself (`seriesOfSpans`): counts the span of a row in an interval.
 * The series that it went to, if there is one alone.
 */
export function spansEvaluator(
  { stages, function: metrics }: Series,
  table: SpanTable,
  intervals: StepIntervals,
  parts: SeriesParts,
): SpansEvaluator {
  if (metrics.kind === 'compare') {
    throw new SpanlakeError('internal', 'traceql compare is of whole traces')
  }
  const frame = traceFrame(table)
  const isFound = spanFilter(stages, frame)
  const observe = spanObserver(metrics, { frame, intervals, parts })
  return {
    add: (row, index) => (isFound(row) ? observe(row, index) : undefined),
    exemplarValue: exemplarValueOf(metrics, frame),
  }
}

export interface SpansEvaluator {
  readonly add: (row: number, index: number) => SeriesPart | undefined
  /** NaN where only spans are counted. */
  readonly exemplarValue: Column<number>
}

// --- Exemplars ---------------------------------------------------------------------------------------------------------

/** What a span shows that stands for a point: its own number, or NaN where only spans are counted. */
function exemplarValueOf(metrics: SpanFunction, frame: TraceFrame): Column<number> {
  switch (metrics.kind) {
    case 'rate':
    case 'count_over_time':
    case 'histogram_over_time':
      return () => Number.NaN
    case 'quantile_over_time':
    case 'min_over_time':
    case 'max_over_time':
    case 'sum_over_time':
    case 'avg_over_time': {
      return measuredColumn(compileSingle(metrics.field, frame))
    }
  }
}

function addExemplar(
  { exemplars }: SeriesPart,
  { row, index, value }: { readonly row: number; readonly index: number; readonly value: number },
  table: SpanTable,
): void {
  if (exemplars.length >= exemplarsMax) return
  const beside = exemplars.filter((one) => one.index === index)
  if (beside.length >= exemplarsPerPointMax) return
  exemplars.push({
    traceId: table.traceId(row),
    spanId: table.spanId(row),
    startNs: table.startNs(row),
    index,
    value,
  })
}
