import type { TimeRange } from '../../src/prune/condition.ts'
import { serviceOf } from '../../src/span/service-of.ts'
import type { Span } from '../../src/span/span.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import type { Stage } from '../traceql/ast.ts'
import { shownFields } from '../traceql/columns-of.ts'
import { fieldReader, type Spanset, searchEvaluator } from '../traceql/evaluate-search.ts'
import { printField } from '../traceql/print-field.ts'
import type { SpanTable } from '../traceql/span-table.ts'
import type { FoundSet, FoundSpan, FoundTrace } from './search-answer.ts'
import { spansTable } from './spans-table.ts'

export interface FindOptions {
  readonly stages: readonly Stage[]
  /** Spans that start outside of it are not found; what they say of the trace counts. */
  readonly range: TimeRange | undefined
  readonly spansPerSet: number
}

/** What a query finds in a whole trace: its spans each once, by start and then span id. Undefined when it finds nothing. */
export function foundTrace(
  spans: readonly Span[],
  { stages, range, spansPerSet }: FindOptions,
): FoundTrace | undefined {
  const table = spansTable(spans)
  const trace = { from: 0, to: spans.length }
  const asked = range && spans.flatMap((span, row) => (isWithin(span, range) ? row : []))
  const sets = searchEvaluator(stages, table)(trace, asked)
  const [first] = spans
  if (sets.length === 0 || first === undefined) return undefined
  const read = spanReader(stages, table)
  const traceId = hexOf(first.traceId)
  return { traceId, ...aboutTrace(spans), sets: sets.map(foundSet), spans }

  function foundSet({ rows, attributes }: Spanset): FoundSet {
    return { matched: rows.length, spans: rows.slice(0, spansPerSet).map(read), attributes }
  }
}

function isWithin({ startNs }: Span, { fromNs, toNs }: TimeRange): boolean {
  const signedNs = BigInt.asIntN(64, startNs)
  return signedNs >= fromNs && signedNs < toNs
}

function spanReader(stages: readonly Stage[], table: SpanTable): (row: number) => FoundSpan {
  const trace = { from: 0, to: table.rows }
  const fields = shownFields(stages).map((field) => {
    const reader = fieldReader(field, table)
    reader.enter(trace)
    return { field, name: printField(field), type: reader.type, read: reader.read }
  })
  return (row) => ({
    spanId: table.spanId(row),
    name: table.name(row),
    startNs: table.startNs(row),
    durationNs: table.durationNs(row),
    fields: fields.flatMap(({ read, ...field }) => {
      const value = read(row)
      return value === undefined ? [] : { ...field, value }
    }),
  })
}

/** OTLP's STATUS_CODE_ERROR. */
const statusError = 2

function aboutTrace(
  spans: readonly Span[],
): Pick<FoundTrace, 'root' | 'startNs' | 'durationNs' | 'services'> {
  let startNs = spans[0]?.startNs ?? 0n
  let endNs = startNs
  const services = new Map<string, { spans: number; errors: number }>()
  for (const span of spans) {
    if (span.startNs < startNs) startNs = span.startNs
    if (span.endNs > endNs) endNs = span.endNs
    const service = serviceOf(span) ?? ''
    const counts = services.get(service) ?? { spans: 0, errors: 0 }
    counts.spans++
    if (span.statusCode === statusError) counts.errors++
    services.set(service, counts)
  }
  const root = spans.find(({ parentSpanId }) => parentSpanId === undefined)
  return {
    root: root && { service: serviceOf(root) ?? '', name: root.name },
    startNs,
    durationNs: endNs - startNs,
    services,
  }
}
