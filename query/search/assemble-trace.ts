import type { SpanTable } from '../traceql/span-table.ts'
import type { GroupTable } from './group-table.ts'
import { joinedTable } from './joined-table.ts'

/** Rows [from, to) of a table. */
export interface TablePart {
  readonly table: GroupTable
  readonly from: number
  readonly to: number
  readonly liveEnvelopes: ReadonlySet<number> | undefined
}

/**
 * One trace from its parts: by start and then span id, of repeats the one that ends last (`dedupeSpans`). Undefined when
 * two copies end alike: then only the whole spans tell which stays.
 */
export function assembleTrace(parts: readonly TablePart[]): SpanTable | undefined {
  const kept = new Map<string, GroupRow>()
  for (const { table, from, to, liveEnvelopes } of parts) {
    for (let row = from; row < to; row++) {
      if (liveEnvelopes && !liveEnvelopes.has(table.envelope(row))) continue
      const identity = identityOf(table, row)
      const other = kept.get(identity)
      if (other !== undefined) {
        const [duration, otherDuration] = [table.durationNs(row), other.table.durationNs(other.row)]
        if (duration === otherDuration) return undefined
        if (duration < otherDuration) continue
      }
      kept.set(identity, { table, row })
    }
  }
  return joinedTable([...kept.values()].sort(byStart))
}

interface GroupRow {
  readonly table: GroupTable
  readonly row: number
}

/** What two copies of one span have in common, within a trace. */
export function identityOf(table: GroupTable, row: number): string {
  return `${table.spanId(row)}/${table.kindNumber(row)}/${table.startNs(row)}/${table.name(row)}`
}

function byStart(a: GroupRow, b: GroupRow): number {
  const [start, otherStart] = [a.table.startNs(a.row), b.table.startNs(b.row)]
  if (start !== otherStart) return start < otherStart ? -1 : 1
  const [id, otherId] = [a.table.spanId(a.row), b.table.spanId(b.row)]
  if (id !== otherId) return id < otherId ? -1 : 1
  return (
    a.table.kindNumber(a.row) - b.table.kindNumber(b.row) ||
    (a.table.name(a.row) < b.table.name(b.row) ? -1 : 1)
  )
}
