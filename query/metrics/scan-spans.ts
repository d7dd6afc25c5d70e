import { fixedColumns as c } from '../../src/layout/columns.ts'
import type { Condition } from '../../src/prune/condition.ts'
import type { GroupTable } from '../search/group-table.ts'
import { pruningCondition } from '../search/pruning-condition.ts'
import { pathsOf, readColumns } from '../search/read-table.ts'
import type { GroupToScan } from '../search/scan-groups.ts'
import type { Series } from '../traceql/ast.ts'
import { necessaryConditions } from '../traceql/conditions.ts'
import { spansEvaluator } from '../traceql/evaluate-metrics.ts'
import type { StepIntervals } from '../traceql/step-intervals.ts'
import { exemplarPicker } from './exemplar-picker.ts'
import { freshCounts } from './fresh-counts.ts'
import {
  eachGroup,
  type GatheredSeries,
  type MetricsReading,
  seriesColumns,
} from './metrics-reading.ts'

/**
 * Counts spans row by row, into the parts of series of which each span decides about itself. A row of a span file counts, a
 * row of a fresh file by `freshCounts`. Throws `MissingObject`.
 */
export async function scanSpans(
  gathered: readonly GatheredSeries[],
  exemplars: number,
  reading: MetricsReading,
): Promise<void> {
  const { intervals } = reading
  const counts = await freshCounts(reading)
  const picker = exemplarPicker(exemplars, intervals)
  const columns = {
    fields: gathered.flatMap(({ series }) => seriesColumns(series).fields),
    isEveryAttribute: gathered.some(({ series }) => seriesColumns(series).isEveryAttribute),
  }
  const pruning: Condition = { kind: 'any', of: gathered.map(({ series }) => pruningOf(series)) }

  async function scan(asked: GroupToScan): Promise<void> {
    const { queued, file, group, end } = asked
    const counted = counts.of(queued.key)
    const only = onlyIndex(asked, intervals)
    const paths = [
      ...pathsOf(columns, file),
      ...(only === undefined ? [c.start] : []),
      ...(counted === undefined ? [] : counted.paths),
    ]
    const table = await readColumns(file, group, paths, reading, end)
    const isCounted = await counted?.rowTest(asked, table)
    const indexOf = only === undefined ? indexColumn(table, intervals) : () => only
    const pick = picker.of(asked, intervals)
    for (const { series, parts } of gathered) {
      const evaluator = spansEvaluator(series, table, intervals, parts)
      for (let row = 0; row < group.rows; row++) {
        const index = indexOf(row)
        if (index < 0 || (isCounted !== undefined && !isCounted(row))) continue
        const part = evaluator.add(row, index)
        if (part !== undefined && pick?.isDue(row, index)) {
          pick.take({ row, index, part, value: evaluator.exemplarValue(row) })
        }
      }
    }
    await pick?.read(reading)
  }

  await eachGroup(pruning, reading, scan, ({ key }) => counts.mightCount(key))
}

/** Of a number's series: spans that lack the number have no part in it. */
function pruningOf({ stages, function: metrics }: Series): Condition {
  const { found } = necessaryConditions(stages)
  if (!('field' in metrics)) return pruningCondition(found)
  const present = { kind: 'present', field: metrics.field } as const
  return pruningCondition({ kind: 'all', of: [found, present] })
}

/** The interval that all starts of a row group lie in, when it is one. */
function onlyIndex(
  { group: { starts } }: GroupToScan,
  intervals: StepIntervals,
): number | undefined {
  if (starts === undefined) return undefined
  const [first, last] = [intervals.indexOf(starts.startMinNs), intervals.indexOf(starts.startMaxNs)]
  return first === last && first >= 0 ? first : undefined
}

function indexColumn(table: GroupTable, intervals: StepIntervals): (row: number) => number {
  const distances = table.startsSince(intervals.range.fromNs)
  return (row) => intervals.indexOfDistance(distances[row] ?? Number.NaN)
}
