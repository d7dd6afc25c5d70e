import type { CompareOperator, NumberLiteral, SecondStage } from './ast.ts'
import { compareNumbers } from './compare-values.ts'
import type { FinalSeries } from './final-series.ts'

/** The series with the points that the stages leave, one stage after another. */
export function applySecondStages(
  stages: readonly SecondStage[],
  series: readonly FinalSeries[],
): readonly FinalSeries[] {
  return stages.reduce((rest, stage) => applySecondStage(stage, rest), series)
}

function applySecondStage(
  stage: SecondStage,
  series: readonly FinalSeries[],
): readonly FinalSeries[] {
  switch (stage.kind) {
    case 'topk':
      return ranked(series, stage.count, (one, other) => other - one)
    case 'bottomk':
      return ranked(series, stage.count, (one, other) => one - other)
    case 'series-filter':
      return series.map((one) => filtered(one, stage.operator, numberOf(stage.value)))
  }
}

/** Series have durations in seconds. */
function numberOf(literal: NumberLiteral): number {
  return literal.kind === 'duration' ? Number(literal.ns) / 1e9 : Number(literal.value)
}

function filtered(series: FinalSeries, operator: CompareOperator, bound: number): FinalSeries {
  const left = (value: number) => !Number.isNaN(value) && compareNumbers(operator, value, bound)
  return { ...series, values: series.values.map((value) => (left(value) ? value : Number.NaN)) }
}

/** For each point in time the series that come first there; of equal ones, those whose labels do. */
function ranked(
  series: readonly FinalSeries[],
  count: number,
  order: (one: number, other: number) => number,
): readonly FinalSeries[] {
  const kept = series.map(({ values }) => new Float64Array(values.length).fill(Number.NaN))
  const points = series[0]?.values.length ?? 0
  for (let i = 0; i < points; i++) {
    const there = series.flatMap(({ values }, place) => {
      const value = values[i] ?? Number.NaN
      return Number.isNaN(value) ? [] : [{ place, value }]
    })
    // The sort is stable, and series come in the order of their labels.
    there.sort((one, other) => order(one.value, other.value))
    for (const { place, value } of there.slice(0, count)) {
      const values = kept[place]
      if (values !== undefined) values[i] = value
    }
  }
  return series.map((one, place) => ({ ...one, values: kept[place] ?? one.values }))
}
