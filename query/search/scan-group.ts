import type { TimeRange } from '../../src/prune/condition.ts'
import { searchEvaluator } from '../traceql/evaluate-search.ts'
import type { GroupTable } from './group-table.ts'
import type { OpenGroup } from './open-file.ts'
import type { SearchNeeds } from './search-needs.ts'
import { spanTest } from './span-test.ts'

/** Rows of one trace in one row group that may have a part in the answer. */
export interface Piece {
  readonly traceId: string
  /** The least start among them, signed: the trace starts then or before. */
  readonly startNs: bigint
  /** The least start of one by which alone the trace may be found; undefined when only more could tell. */
  readonly tellsNs: bigint | undefined
  /** Which spans the trace must have are among them, by their place in `some`. */
  readonly has: readonly number[]
  /** `no`: these rows alone are not found, and they are no repeats of each other. */
  readonly verdict: 'no' | 'maybe'
}

/** The traces of a row group that may be found, by its rows in the range. */
export function scanGroup(
  table: GroupTable,
  group: Pick<OpenGroup, 'starts'>,
  { span, some, stages, rowsSuffice, oneRowTells }: SearchNeeds,
  range: TimeRange | undefined,
): Piece[] {
  const isAsked = spanTest(span, table)
  const isInRange = rangeTest(table, group, range)
  const tests = some.map((one) => spanTest(one, table))
  const evaluate = rowsSuffice ? searchEvaluator(stages, table) : undefined
  const bounds = table.traceBounds()
  const pieces: Piece[] = []
  for (let trace = 0; trace + 1 < bounds.length; trace++) {
    const [from, to] = [bounds[trace] ?? 0, bounds[trace + 1] ?? 0]
    const rows: number[] = []
    for (let row = from; row < to; row++) if (isInRange(row) && isAsked(row)) rows.push(row)
    const [first] = rows
    if (first === undefined) continue
    const found = evaluate?.({ from, to }, rows) ?? [{ rows }]
    const told = oneRowTells ? firstRow(found) : first
    const isFound = found.length > 0 || mightRepeat(table, rows)
    pieces.push({
      traceId: table.traceId(from),
      startNs: table.startNs(first),
      tellsNs: told === undefined ? undefined : table.startNs(told),
      has: tests.flatMap((test, place) => (rows.some(test) ? place : [])),
      verdict: isFound ? 'maybe' : 'no',
    })
  }
  return pieces
}

function rangeTest(
  table: GroupTable,
  { starts }: Pick<OpenGroup, 'starts'>,
  range: TimeRange | undefined,
): (row: number) => boolean {
  if (range === undefined) return () => true
  const { fromNs, toNs } = range
  if (starts && starts.startMinNs >= fromNs && starts.startMaxNs < toNs) return () => true
  return (row) => {
    const startNs = table.startNs(row)
    return startNs >= fromNs && startNs < toNs
  }
}

/** Rows stand in the order of starts. */
function firstRow(sets: readonly { readonly rows: readonly number[] }[]): number | undefined {
  let first: number | undefined
  for (const { rows } of sets) {
    const [row] = rows
    if (row !== undefined && (first === undefined || row < first)) first = row
  }
  return first
}

/** Copies of a span have the same start, and stand side by side in the order of starts. */
function mightRepeat(table: GroupTable, rows: readonly number[]): boolean {
  return rows.some((row, place) => {
    const before = rows[place - 1]
    return before !== undefined && table.startNs(before) === table.startNs(row)
  })
}
