import type { Exemplar, SeriesLabel } from './series-parts.ts'

/** A series of an answer. */
export interface FinalSeries {
  readonly labels: readonly SeriesLabel[]
  /** One per interval; NaN where there is none. */
  readonly values: Float64Array
  readonly exemplars: readonly Exemplar[]
}

export const nameLabel = '__name__'

/** The labels that tell series apart when they are calculated with: a function's name does not. */
export function groupLabels({ labels }: FinalSeries): readonly SeriesLabel[] {
  return labels.filter(({ name }) => name !== nameLabel)
}
