import type { TimeRange } from '../../src/prune/condition.ts'
import type { Field, Stage } from '../traceql/ast.ts'
import { shownFields } from '../traceql/columns-of.ts'
import { fieldReader, type Spanset, searchEvaluator } from '../traceql/evaluate-search.ts'
import { printField } from '../traceql/print-field.ts'
import type { SpanTable } from '../traceql/span-table.ts'
import type { FoundSet, FoundSpan, FoundTrace } from './search-answer.ts'

export interface FindOptions {
  readonly stages: readonly Stage[]
  /** Spans that start outside of it are not found; what they say of the trace counts. */
  readonly range?: TimeRange | undefined
  readonly spansPerSet: number
}

/** What a query finds in a table that is one whole trace, each span once. Undefined when it finds nothing. */
export function foundTrace(
  table: SpanTable,
  { stages, range, spansPerSet }: FindOptions,
): FoundTrace | undefined {
  if (table.rows === 0) return undefined
  const asked = range && rowsWithin(table, range)
  const sets = searchEvaluator(stages, table)({ from: 0, to: table.rows }, asked)
  if (sets.length === 0) return undefined
  const read = spanReader(stages, table)
  const foundSet = ({ rows, attributes }: Spanset): FoundSet => ({
    matched: rows.length,
    spans: rows.slice(0, spansPerSet).map(read),
    attributes,
  })
  return { traceId: table.traceId(0), ...aboutTrace(table), sets: sets.map(foundSet) }
}

function rowsWithin(table: SpanTable, { fromNs, toNs }: TimeRange): number[] {
  const rows: number[] = []
  for (let row = 0; row < table.rows; row++) {
    const startNs = BigInt.asIntN(64, table.startNs(row))
    if (startNs >= fromNs && startNs < toNs) rows.push(row)
  }
  return rows
}

function spanReader(stages: readonly Stage[], table: SpanTable): (row: number) => FoundSpan {
  const fields = shownFields(stages).map((field) => {
    const reader = fieldReader(field, table)
    reader.enter({ from: 0, to: table.rows })
    return { field, name: printField(field), type: reader.type, read: reader.read }
  })
  return (row) => ({
    spanId: table.spanId(row),
    name: table.name(row),
    startNs: BigInt.asUintN(64, table.startNs(row)),
    durationNs: table.durationNs(row),
    fields: fields.flatMap(({ read, ...field }) => {
      const value = read(row)
      return value === undefined ? [] : { ...field, value }
    }),
  })
}

const serviceName = 'service.name'

/** What `foundTrace` reads besides the query's own fields. */
export const foundFields: readonly Field[] = [
  ...(['span:id', 'span:parentID', 'duration', 'name', 'kind', 'status'] as const).map(
    (name) => ({ kind: 'intrinsic', name }) as const,
  ),
  { kind: 'attribute', scope: 'resource', key: serviceName },
]

function aboutTrace(
  table: SpanTable,
): Pick<FoundTrace, 'root' | 'startNs' | 'durationNs' | 'services'> {
  const serviceColumn = table.attribute('resource', serviceName)
  const serviceOf = (row: number): string => {
    const service = serviceColumn?.(row)
    return typeof service === 'string' ? service : ''
  }
  const startNs = table.startNs(0)
  let endNs = startNs
  let root: FoundTrace['root']
  const services = new Map<string, { spans: number; errors: number }>()
  for (let row = 0; row < table.rows; row++) {
    const rowEndNs = table.startNs(row) + table.durationNs(row)
    if (rowEndNs > endNs) endNs = rowEndNs
    const service = serviceOf(row)
    const counts = services.get(service) ?? { spans: 0, errors: 0 }
    counts.spans++
    if (table.status(row) === 'error') counts.errors++
    services.set(service, counts)
    if (table.parentId(row) === undefined) root ??= { service, name: table.name(row) }
  }
  return { root, startNs: BigInt.asUintN(64, startNs), durationNs: endNs - startNs, services }
}
