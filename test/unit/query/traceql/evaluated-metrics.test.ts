import { describe, expect, test } from 'vitest'
import { checkTraceql } from '../../../../query/traceql/check.ts'
import { seriesOf } from '../../../../query/traceql/columns-of.ts'
import { metricsEvaluator } from '../../../../query/traceql/evaluate-metrics.ts'
import type { FinalSeries } from '../../../../query/traceql/final-series.ts'
import { finishMetrics } from '../../../../query/traceql/finish-metrics.ts'
import { parseTraceql } from '../../../../query/traceql/parse.ts'
import { patternFault } from '../../../../query/traceql/pattern.ts'
import { stepIntervals } from '../../../../query/traceql/step-intervals.ts'
import { messageOf } from '../../../../src/errors.ts'
import { goldenMetrics } from '../../../helpers/golden-traces.ts'
import { type TestSpan, tableOf } from './table-of.ts'

const second = 1_000_000_000n
const intervals = stepIntervals({
  startNs: 0n,
  endNs: 30n * second,
  stepNs: 10n * second,
  isInstant: false,
})

/** A line for each series, or the refusal. */
function outcomeOf(text: string, spans: readonly TestSpan[]): readonly string[] | string {
  try {
    const query = parseTraceql(text)
    checkTraceql(query, patternFault)
    if (query.kind !== 'metrics') return 'a search'
    const table = tableOf(spans)
    const parts = seriesOf(query.expression).map((series) => {
      const evaluator = metricsEvaluator(series, table, intervals)
      for (const rows of Map.groupBy(spans.keys(), (row) => spans[row]?.trace).values()) {
        evaluator.add({ from: rows[0] ?? 0, to: (rows.at(-1) ?? 0) + 1 })
      }
      return evaluator.parts
    })
    return finishMetrics(query.expression, parts, intervals).map(lineOf)
  } catch (error) {
    return messageOf(error)
  }
}

function lineOf({ labels, values }: FinalSeries): string {
  const names = labels.map(({ name, value }) => `${name}=${value}`).join(' ')
  const points = Array.from(values, (value) =>
    Number.isNaN(value) ? '-' : String(+value.toPrecision(6)),
  )
  return `${names}: ${points.join(' ')}`
}

describe.each(goldenMetrics())('$name', ({ spans, cases }) => {
  test.each(cases)('$item: $query', ({ query, series, has, invalid }) => {
    const outcome = outcomeOf(query, spans)
    if (has === undefined) expect(outcome).toEqual(invalid ?? series)
    else expect(outcome).toEqual(expect.arrayContaining([...has]))
  })
})
