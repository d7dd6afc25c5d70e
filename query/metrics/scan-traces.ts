import {
  metricsLocatorBlocksHeld,
  metricsTracesJoinedMax,
  metricsWideTablesHeld,
  searchTablesHeld,
  storeReadsAtOnce,
} from '../../src/limits.ts'
import { traceIn } from '../../src/lookup/lookup-trace.ts'
import { rangeMemory } from '../../src/lookup/range-memory.ts'
import type { Condition } from '../../src/prune/condition.ts'
import { mapAtOnce } from '../../src/snapshot/map-at-once.ts'
import { bytesOfHex } from '../../src/span/trace-id.ts'
import { assembleTrace, type TablePart } from '../search/assemble-trace.ts'
import { foundFields } from '../search/found-trace.ts'
import type { GroupTable } from '../search/group-table.ts'
import { orTrouble } from '../search/or-trouble.ts'
import type { GroupToScan } from '../search/scan-groups.ts'
import { searchNeeds } from '../search/search-needs.ts'
import { spanTest } from '../search/span-test.ts'
import { spansTable } from '../search/spans-table.ts'
import { type TableMemory, tableMemory } from '../search/table-memory.ts'
import { type TracePlace, tracePlaces } from '../search/trace-places.ts'
import { metricsEvaluator } from '../traceql/evaluate-metrics.ts'
import type { SpanTable, TraceRows } from '../traceql/span-table.ts'
import {
  eachGroup,
  type GatheredSeries,
  type MetricsReading,
  seriesColumns,
} from './metrics-reading.ts'

/**
 * Counts spans trace by trace, into the parts of series that whole traces decide about. A trace that lies in one row group is
 * evaluated there; of any other all parts are put together, each span once. Throws `MissingObject`.
 */
export async function scanTraces(
  gathered: readonly GatheredSeries[],
  reading: MetricsReading,
): Promise<void> {
  const { cache, intervals, runtime: plain, cost, troubles, isOver } = reading
  const needs = gathered.map(({ series }) => searchNeeds(series.stages))
  const columns = gathered.map(({ series }) => seriesColumns(series))
  const fields = [
    ...foundFields,
    ...columns.flatMap((one) => one.fields),
    ...needs.flatMap((one) => one.fields),
  ]
  const isEveryAttribute = columns.some((one) => one.isEveryAttribute)
  const runtime = { ...plain, store: rangeMemory(plain.store, metricsLocatorBlocksHeld) }
  const tables = tableMemory(fields, plain, cache, {
    isEveryAttribute,
    tablesMax: isEveryAttribute ? metricsWideTablesHeld : searchTablesHeld,
  })
  const joining: Joining = { gathered, reading: { ...reading, runtime }, tables }
  const pruning: Condition = { kind: 'any', of: needs.map((one) => one.pruning) }
  const joined = new Set<string>()

  async function scan({ queued, group }: GroupToScan): Promise<void> {
    const table = await tables.get(queued.key, group.offset)
    const tests = needs.map(({ span }) => spanTest(span, table))
    const distances = table.startsSince(intervals.range.fromNs)
    const indexOf = (row: number) => intervals.indexOfDistance(distances[row] ?? Number.NaN)
    const isAsked = (row: number) => indexOf(row) >= 0 && tests.some((test) => test(row))
    const evaluators = evaluatorsOf(gathered, table, reading, indexOf)
    const bounds = table.traceBounds()
    for (let trace = 0; trace + 1 < bounds.length; trace++) {
      const rows = { from: bounds[trace] ?? 0, to: bounds[trace + 1] ?? 0 }
      if (!hasRow(rows, isAsked)) continue
      if (isOver()) return
      const traceId = table.traceId(rows.from)
      if (joined.has(traceId)) continue
      const id = bytesOfHex(traceId)
      const places = await tracePlaces(joining.reading.snapshot, id, runtime, { cache, troubles })
      const isHere = isAlone({ ...rows, key: queued.key, offset: group.offset }, places)
      if (isHere && !mightRepeat(table, rows)) {
        cost.tracesRead++
        for (const { add } of evaluators) add(rows)
        continue
      }
      // While its places were asked for, another row group may have come to it.
      if (joined.has(traceId)) continue
      if (joined.size >= metricsTracesJoinedMax) {
        troubles.add(`metrics ended after ${joined.size} traces in several places`)
        return
      }
      joined.add(traceId)
      cost.tracesRead++
      await addJoined(id, places, joining)
    }
  }

  await eachGroup(pruning, reading, scan)
}

interface Joining {
  readonly gathered: readonly GatheredSeries[]
  readonly reading: MetricsReading
  readonly tables: TableMemory
}

function evaluatorsOf(
  gathered: readonly GatheredSeries[],
  table: SpanTable,
  { intervals }: Pick<MetricsReading, 'intervals'>,
  indexOf?: (row: number) => number,
) {
  return gathered.map(({ series, parts }) =>
    metricsEvaluator(series, table, intervals, parts, indexOf),
  )
}

function hasRow({ from, to }: TraceRows, test: (row: number) => boolean): boolean {
  for (let row = from; row < to; row++) if (test(row)) return true
  return false
}

/** Whether these rows are all that there is of the trace. */
function isAlone(
  here: Pick<TracePlace, 'key' | 'offset' | 'from' | 'to'>,
  places: readonly TracePlace[],
): boolean {
  const [only] = places
  return (
    places.length === 1 &&
    only?.key === here.key &&
    only.offset === here.offset &&
    only.from === here.from &&
    only.to === here.to &&
    only.liveEnvelopes === undefined
  )
}

/** Copies of a span have the same start, and stand side by side in the order of starts. */
function mightRepeat(table: GroupTable, { from, to }: TraceRows): boolean {
  for (let row = from + 1; row < to; row++) {
    if (table.startNs(row) === table.startNs(row - 1)) return true
  }
  return false
}

async function addJoined(
  traceId: Uint8Array,
  places: readonly TracePlace[],
  { gathered, reading, tables }: Joining,
): Promise<void> {
  const { runtime, troubles } = reading
  const rows = places.reduce((sum, { from, to }) => sum + to - from, 0)
  const isLarge = rows > runtime.limits.traceSpansMax
  const parts = await mapAtOnce(isLarge ? [] : places, storeReadsAtOnce, (place) =>
    orTrouble(troubles, place.key, async (): Promise<TablePart> => {
      return { ...place, table: await tables.get(place.key, place.offset) }
    }),
  )
  const table = isLarge ? undefined : assembleTrace(parts.filter((part) => part !== undefined))
  addTable(table ?? (await wholeSpans(traceId, reading)), { gathered, reading })
}

/** From whole spans, as a lookup reads them: bounded, and of equal repeats the larger. */
async function wholeSpans(
  traceId: Uint8Array,
  { snapshot, runtime, cache, troubles }: MetricsReading,
): Promise<SpanTable> {
  const { spans, reasons } = await traceIn(snapshot, traceId, runtime, cache)
  for (const reason of reasons) troubles.add(reason)
  return spansTable(spans)
}

function addTable(
  table: SpanTable,
  { gathered, reading }: Pick<Joining, 'gathered' | 'reading'>,
): void {
  if (table.rows === 0) return
  for (const { add } of evaluatorsOf(gathered, table, reading)) add({ from: 0, to: table.rows })
}
