import type { SearchCost } from '../search/search-answer.ts'
import type { FinalSeries } from '../traceql/final-series.ts'
import type { StepIntervals } from '../traceql/step-intervals.ts'

export interface MetricsAnswer {
  /** Those with a value somewhere, ordered by their labels. */
  readonly series: readonly FinalSeries[]
  /** What the values of a series stand for. */
  readonly intervals: StepIntervals
  readonly complete: boolean
  /** Why numbers may be too low, or series missing; empty when the answer is complete. */
  readonly reasons: readonly string[]
  readonly cost: SearchCost
}
