import { fixedColumns as c } from '../../src/layout/columns.ts'
import { attributeViewColumns } from './attribute-view-columns.ts'
import type { KnownKey } from './known-keys.ts'
import { type FixedColumn, fixed, type ViewColumn } from './source-column.ts'

/** A column of `traces`: what it makes of the spans of one trace. */
export interface TraceViewColumn {
  readonly name: string
  readonly type: string
  /** Names of `traceInputs`. */
  readonly inputs: readonly TraceInput[]
  readonly sql: string
}

export type TraceInput = 'id' | 'start' | 'duration' | 'parent' | 'status' | 'name' | 'service'

/** The columns of `traces`: of those spans of a trace that start in the range. */
export const traceViewColumns: readonly TraceViewColumn[] = [
  { name: 'trace_id', type: 'VARCHAR', inputs: [], sql: 'lower(hex(id))' },
  { name: 'start', type: 'TIMESTAMP_NS', inputs: ['start'], sql: 'min(start)' },
  {
    name: 'duration_ns',
    type: 'BIGINT',
    inputs: ['start', 'duration'],
    // Who sends spans says how long they are: no sum of theirs may overflow.
    sql: `CAST(least(max(CAST(epoch_ns(start) AS HUGEINT) + duration) - epoch_ns(min(start)), ${2n ** 63n - 1n}) AS BIGINT)`,
  },
  rootColumn('root_service', 'service'),
  rootColumn('root_name', 'name'),
  { name: 'span_count', type: 'BIGINT', inputs: [], sql: 'count(*)' },
  {
    name: 'error_count',
    type: 'BIGINT',
    inputs: ['status'],
    sql: 'count(*) FILTER (WHERE status = 2)',
  },
  {
    name: 'services',
    type: 'VARCHAR[]',
    inputs: ['service'],
    sql: 'list_sort(list(DISTINCT service) FILTER (WHERE service IS NOT NULL))',
  },
]

/** Of the first span without a parent. */
function rootColumn(name: string, of: 'service' | 'name'): TraceViewColumn {
  const sql = `arg_min(${of}, start) FILTER (WHERE parent IS NULL)`
  return { name, type: 'VARCHAR', inputs: ['start', 'parent', of], sql }
}

/** What `traces` is made of, for each span. */
export function traceInputs(keys: readonly KnownKey[]): Readonly<Record<TraceInput, ViewColumn>> {
  const plain = (name: FixedColumn, type: string): ViewColumn => {
    const source = fixed(name)
    return { name, type, sources: [source], sql: (ref) => ref(source) }
  }
  const service = attributeViewColumns(
    keys.filter(({ scope, key }) => scope === 'resource' && key === 'service.name'),
  ).find(({ isAlias }) => !isAlias)
  return {
    id: plain(c.traceId, 'BLOB'),
    start: plain(c.start, 'TIMESTAMP_NS'),
    duration: plain(c.durationNs, 'BIGINT'),
    parent: plain(c.parentSpanId, 'BLOB'),
    status: plain(c.statusCode, 'INTEGER'),
    name: plain(c.name, 'VARCHAR'),
    service: service
      ? asText(service)
      : { name: 'service', type: 'VARCHAR', sources: [], sql: () => undefined },
  }
}

/** Somebody's service may be called 7. */
function asText(column: ViewColumn): ViewColumn {
  if (column.type === 'VARCHAR') return column
  return {
    ...column,
    type: 'VARCHAR',
    sql: (ref) => {
      const value = column.sql(ref)
      return value && `CAST(${value} AS VARCHAR)`
    },
  }
}
