import { zstdCompressSync } from 'node:zlib'
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer'
import type { Fixed64, KeyValueObject, RequestObject, SpanObject } from './otlp-objects.ts'

interface RowObject {
  readonly span: SpanObject
  readonly traceId: string
  readonly scope: string
  readonly resource: readonly KeyValueObject[]
}

type Scalar = string | bigint | number | boolean
type ColumnType = 'STRING' | 'INT64' | 'DOUBLE' | 'BOOLEAN'

/**
 * The baseline's press: rows as objects, sorted by trace, laid into the columns we have (a typed one for every
 * attribute) and written by hyparquet-writer with zstd. Events and links go in as text, which is cheaper than ours.
 */
export function writeObjects(requests: readonly RequestObject[]): Uint8Array {
  const rows = requests.flatMap(rowsOf)
  rows.sort((a, b) => (a.traceId < b.traceId ? -1 : a.traceId > b.traceId ? 1 : 0))
  const columnData = [...fixedColumns(rows), ...attributeColumns(rows)]
  const compressors = { ZSTD: (bytes: Uint8Array) => new Uint8Array(zstdCompressSync(bytes)) }
  const options = { columnData, codec: 'ZSTD', compressors, rowGroupSize: 10_000 } as const
  return new Uint8Array(parquetWriteBuffer(options))
}

function rowsOf(request: RequestObject): RowObject[] {
  return request.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        span,
        traceId: Buffer.from(span.traceId).toString('latin1'),
        scope: scope?.name ?? '',
        resource: resource?.attributes ?? [],
      })),
    ),
  )
}

function fixedColumns(rows: readonly RowObject[]): ColumnSource[] {
  const column = <T>(name: string, type: ColumnSource['type'], of: (row: RowObject) => T) =>
    ({ name, data: rows.map(of), type, nullable: true }) as unknown as ColumnSource
  return [
    column('trace_id', 'BYTE_ARRAY', ({ span }) => span.traceId),
    column('span_id', 'BYTE_ARRAY', ({ span }) => span.spanId),
    column('parent_span_id', 'BYTE_ARRAY', ({ span }) =>
      span.parentSpanId.length > 0 ? span.parentSpanId : undefined,
    ),
    column('name', 'STRING', ({ span }) => span.name),
    column('kind', 'INT32', ({ span }) => span.kind),
    column('start', 'INT64', ({ span }) => bigOf(span.startTimeUnixNano)),
    column('duration_ns', 'INT64', ({ span }) => durationOf(span)),
    column('status_code', 'INT32', ({ span }) => span.status?.code ?? 0),
    column('status_message', 'STRING', ({ span }) => span.status?.message ?? ''),
    column('trace_state', 'STRING', ({ span }) => span.traceState),
    column('flags', 'INT32', ({ span }) => span.flags),
    column('scope_name', 'STRING', ({ scope }) => scope),
    column('events', 'STRING', ({ span }) => textOf(span.events)),
    column('links', 'STRING', ({ span }) => textOf(span.links)),
  ]
}

/** One column for each key and type met, with nulls where a row lacks it. */
function attributeColumns(rows: readonly RowObject[]): ColumnSource[] {
  const columns = new Map<string, { type: ColumnType; data: (Scalar | undefined)[] }>()
  const set = (prefix: string, { key, value }: KeyValueObject, row: number): void => {
    const [type, scalar] = scalarOf(value)
    const name = `${prefix}_${key}_${type}`
    let column = columns.get(name)
    if (column === undefined) {
      column = { type, data: new Array(rows.length) }
      columns.set(name, column)
    }
    column.data[row] = scalar
  }
  for (const [row, { span, resource }] of rows.entries()) {
    for (const attribute of resource) set('resource', attribute, row)
    for (const attribute of span.attributes) set('span', attribute, row)
  }
  return Array.from(columns, ([name, { type, data }]) => ({ name, type, data, nullable: true }))
}

function scalarOf(value: KeyValueObject['value']): [ColumnType, Scalar] {
  switch (value?.value) {
    case 'intValue':
      return ['INT64', bigOf(value.intValue ?? 0)]
    case 'doubleValue':
      return ['DOUBLE', value.doubleValue ?? 0]
    case 'boolValue':
      return ['BOOLEAN', value.boolValue ?? false]
    default:
      return ['STRING', value?.stringValue ?? '']
  }
}

function durationOf({ startTimeUnixNano, endTimeUnixNano }: SpanObject): bigint {
  return bigOf(endTimeUnixNano) - bigOf(startTimeUnixNano)
}

function bigOf(value: Fixed64): bigint {
  if (typeof value === 'number') return BigInt(value)
  return (BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0)
}

function textOf(items: readonly unknown[]): string {
  return items.length === 0 ? '' : JSON.stringify(items)
}
