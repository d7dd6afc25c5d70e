import type { Compare } from './ast.ts'
import type { FinalSeries } from './final-series.ts'

/**
 * Of each attribute the most frequent values, of equally frequent ones the first, and all totals. An attribute that had
 * more says so, in a series of zeros whose label `__meta_error` tells.
 */
export function finishCompare(
  { top }: Pick<Compare, 'top'>,
  series: readonly FinalSeries[],
): readonly FinalSeries[] {
  const groups = Map.groupBy(series, ({ labels: [meta, attribute] }) =>
    JSON.stringify([meta?.value, attribute?.name]),
  )
  const kept: FinalSeries[] = []
  const errors = new Map<string, FinalSeries>()
  for (const group of groups.values()) {
    kept.push(...mostFrequent(group, top))
    const [one] = group
    const attribute = one?.labels[1]
    if (group.length <= top || one === undefined || attribute === undefined) continue
    errors.set(attribute.name, {
      labels: [
        { name: errorName, type: 'string', value: '__too_many_values__' },
        { ...attribute, value: undefined },
      ],
      values: new Float64Array(one.values.length),
      exemplars: [],
    })
  }
  return [...kept, ...errors.values()]
}

const errorName = '__meta_error'

/** Totals have no value and are alone in their group. */
function mostFrequent(group: readonly FinalSeries[], top: number): readonly FinalSeries[] {
  if (group.length <= top) return group
  const sums = group.map((one) => ({ one, sum: one.values.reduce((sum, value) => sum + value, 0) }))
  return sums
    .sort((a, b) => b.sum - a.sum)
    .slice(0, top)
    .map(({ one }) => one)
}
