import { floatArithmetic } from './arithmetic.ts'
import type { SeriesOperator } from './ast.ts'
import { type FinalSeries, groupLabels, nameLabel } from './final-series.ts'
import { labelsKey, type SeriesLabel } from './series-parts.ts'

/**
 * Calculates point by point. Series meet by equal labels; one without labels meets all; what meets nothing is gone, as is
 * a point that either side lacks.
 */
export function combineSeries(
  operator: SeriesOperator,
  left: readonly FinalSeries[] | number,
  right: readonly FinalSeries[] | number,
): readonly FinalSeries[] {
  if (typeof left === 'number') {
    if (typeof right === 'number') return []
    return right.map((series) => mapped(series, (value) => calculated(operator, left, value)))
  }
  if (typeof right === 'number') {
    return left.map((series) => mapped(series, (value) => calculated(operator, value, right)))
  }
  return pairs(left, right).map(([one, other]) => ({
    labels: combinedLabels(operator, one, other),
    values: one.values.map((value, i) =>
      calculated(operator, value, other.values[i] ?? Number.NaN),
    ),
    exemplars: [...one.exemplars, ...other.exemplars],
  }))
}

function mapped(series: FinalSeries, map: (value: number) => number): FinalSeries {
  return { ...series, values: series.values.map(map) }
}

/** A division by zero has no result, nor has anything with a point that is not there. */
function calculated(operator: SeriesOperator, left: number, right: number): number {
  return operator === '/' && right === 0 ? Number.NaN : floatArithmetic(operator, left, right)
}

type Pair = readonly [FinalSeries, FinalSeries]

function pairs(left: readonly FinalSeries[], right: readonly FinalSeries[]): Pair[] {
  const [lefts, rights] = [byKey(left), byKey(right)]
  const meeting = [...new Set([...lefts.keys(), ...rights.keys()])].filter((key) => key !== '')
  // Where neither side has labels, the two series without any meet.
  const keys = meeting.length === 0 ? [''] : meeting
  return keys.flatMap((key): Pair[] => {
    const one = lefts.get(key) ?? lefts.get('')
    const other = rights.get(key) ?? rights.get('')
    return one === undefined || other === undefined ? [] : [[one, other]]
  })
}

function byKey(series: readonly FinalSeries[]): ReadonlyMap<string, FinalSeries> {
  return new Map(series.map((one) => [labelsKey(groupLabels(one)), one]))
}

/** The labels of the side that has some; without any a name that says what was calculated. */
function combinedLabels(
  operator: SeriesOperator,
  left: FinalSeries,
  right: FinalSeries,
): readonly SeriesLabel[] {
  const labels = [groupLabels(left), groupLabels(right)].find((some) => some.length > 0)
  if (labels !== undefined) return labels
  const value = `(${nameOf(left)} ${operator} ${nameOf(right)})`
  return [{ name: nameLabel, type: 'string', value }]
}

function nameOf({ labels }: FinalSeries): string {
  const value = labels.find(({ name }) => name === nameLabel)?.value
  return typeof value === 'string' ? value : ''
}
