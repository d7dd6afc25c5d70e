import type { Column, FieldValue, SpanTable } from '../traceql/span-table.ts'

/** A row of one of several tables. */
export interface RowOf {
  readonly table: SpanTable
  readonly row: number
}

/** The rows of several tables as one table, in the order given. */
export function joinedTable(rows: readonly RowOf[]): SpanTable {
  const column =
    <Value>(columnOf: (table: SpanTable) => Column<Value>): Column<Value> =>
    (place) => {
      const { table, row } = rows[place] as RowOf
      return columnOf(table)(row)
    }
  const tables = [...new Set(rows.map(({ table }) => table))]
  return {
    rows: rows.length,
    traceId: column(({ traceId }) => traceId),
    spanId: column(({ spanId }) => spanId),
    parentId: column(({ parentId }) => parentId),
    startNs: column(({ startNs }) => startNs),
    durationNs: column(({ durationNs }) => durationNs),
    name: column(({ name }) => name),
    kind: column(({ kind }) => kind),
    status: column(({ status }) => status),
    statusMessage: column(({ statusMessage }) => statusMessage),
    scopeName: column(({ scopeName }) => scopeName),
    scopeVersion: column(({ scopeVersion }) => scopeVersion),
    eventNames: column(({ eventNames }) => eventNames),
    eventNsSinceStart: column(({ eventNsSinceStart }) => eventNsSinceStart),
    linkTraceIds: column(({ linkTraceIds }) => linkTraceIds),
    linkSpanIds: column(({ linkSpanIds }) => linkSpanIds),
    attribute(scope, key) {
      const columns = new Map<SpanTable, Column<FieldValue>>()
      for (const table of tables) {
        const found = table.attribute(scope, key)
        if (found !== undefined) columns.set(table, found)
      }
      if (columns.size === 0) return undefined
      return (place) => {
        const { table, row } = rows[place] as RowOf
        return columns.get(table)?.(row)
      }
    },
    attributeKeys: (scope) => [...new Set(tables.flatMap((table) => table.attributeKeys(scope)))],
  }
}
