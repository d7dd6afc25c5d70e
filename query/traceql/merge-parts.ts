import { exemplarsMax } from '../../src/limits.ts'
import { type PlaneName, planeFor, type SeriesParts, seriesFor } from './series-parts.ts'

/** Adds what is known of other spans, over the same intervals; what there is no room for is missing, and that is noted. */
export function mergeParts(into: SeriesParts, other: SeriesParts): void {
  into.isTruncated ||= other.isTruncated
  for (const [key, { labels, planes, exemplars }] of other.series) {
    const series = seriesFor(into, key, () => labels)
    if (series === undefined) continue
    for (const [name, cells] of planes) {
      const target = planeFor(into, series, name, cells.length)
      if (target === undefined) continue
      cells.forEach((cell, i) => {
        target[i] = mergedCell(name, target[i] ?? 0, cell)
      })
    }
    const room = exemplarsMax - series.exemplars.length
    series.exemplars.push(...exemplars.slice(0, room))
  }
}

export function mergedCell(name: PlaneName, one: number, other: number): number {
  if (name === 'min') return Math.min(one, other)
  return name === 'max' ? Math.max(one, other) : one + other
}
