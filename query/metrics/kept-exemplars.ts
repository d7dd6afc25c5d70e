import type { FinalSeries } from '../traceql/final-series.ts'

/** The same series with so many exemplars in all, of each as many; those without a value that shows are left out. */
export function keptExemplars(
  series: readonly FinalSeries[],
  exemplars: number,
): readonly FinalSeries[] {
  const shown = series.map((one) =>
    one.exemplars.filter(({ value }) => !Number.isNaN(value) && value !== 0),
  )
  let left = exemplars
  const kept = shown.map((): number => 0)
  // Turn by turn, so that no series has many while another has none.
  for (let turn = 0; left > 0 && shown.some(({ length }) => length > turn); turn++) {
    for (const [place, some] of shown.entries()) {
      if (left === 0 || some.length <= turn) continue
      kept[place] = turn + 1
      left--
    }
  }
  return series.map((one, place) => ({
    ...one,
    exemplars: shown[place]?.slice(0, kept[place]) ?? [],
  }))
}
