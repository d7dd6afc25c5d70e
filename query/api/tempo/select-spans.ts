import { SpanlakeError } from '../../../src/errors.ts'
import type { TraceAnswer } from '../../../src/lookup/lookup-trace.ts'
import type { Span } from '../../../src/span/span.ts'
import { hexOf } from '../../../src/span/trace-id.ts'
import { spansTable } from '../../search/spans-table.ts'
import type { FieldExpression } from '../../traceql/ast.ts'
import { checkTraceql } from '../../traceql/check.ts'
import { compileField } from '../../traceql/compile-field.ts'
import type { Intrinsic } from '../../traceql/intrinsics.ts'
import { parseTraceql } from '../../traceql/parse.ts'
import { patternFault } from '../../traceql/pattern.ts'
import { excerptOf } from '../../traceql/syntax-error.ts'
import { traceFrame } from '../../traceql/trace-frame.ts'
import { fieldsOf } from '../../traceql/walk-fields.ts'

/** Which spans of a trace are asked for. */
export interface SpanSelection {
  /** Of one span. */
  readonly condition: FieldExpression
  /** Generations of children, and of parents, that come along. */
  readonly childLevels: number
  readonly parentLevels: number
}

/** `q` and what goes with it in version 2 of a trace by id; undefined without `q`. Throws kind `invalid`. */
export function parseSelection(parameters: URLSearchParams): SpanSelection | undefined {
  const q = parameters.get('q') ?? ''
  if (q === '') return undefined
  const hierarchy = parameters.get('keep_hierarchy') ?? ''
  if (!/^(true|false|1|0|)$/.test(hierarchy)) {
    throw invalid('keep_hierarchy must be true or false', hierarchy)
  }
  const keepsParents = hierarchy === 'true' || hierarchy === '1'
  const parentLevels = levelsOf(parameters, 'ancestor_depth', Number.POSITIVE_INFINITY)
  return {
    condition: conditionOf(q),
    childLevels: levelsOf(parameters, 'match_depth', 0),
    parentLevels: keepsParents ? parentLevels : 0,
  }
}

function conditionOf(q: string): FieldExpression {
  const query = parseTraceql(q)
  checkTraceql(query, patternFault)
  const [filter, ...more] = query.kind === 'search' ? query.stages : []
  if (filter?.kind !== 'filter' || more.length > 0) {
    throw invalid('q must be one filter in braces', q)
  }
  for (const field of fieldsOf(filter.condition)) {
    if (field.kind === 'intrinsic' && ofTraces.has(field.name)) {
      throw invalid('q must ask of spans, not of their trace', field.name)
    }
  }
  return filter.condition
}

const ofTraces: ReadonlySet<Intrinsic> = new Set([
  'trace:id',
  'rootName',
  'rootServiceName',
  'traceDuration',
])

/** -1 is all there are. */
function levelsOf(parameters: URLSearchParams, name: string, otherwise: number): number {
  const text = parameters.get(name) ?? ''
  if (text === '') return otherwise
  if (text === '-1') return Number.POSITIVE_INFINITY
  if (!/^\d{1,9}$/.test(text)) throw invalid(`${name} must be -1 or a whole number`, text)
  return Number(text)
}

function invalid(rule: string, got: string): SpanlakeError {
  return new SpanlakeError('invalid', `${rule}, got ${excerptOf(got)}`)
}

/** The selected spans of a trace; when they are not all of them, the answer says so. */
export function selectSpans(answer: TraceAnswer, selection: SpanSelection): TraceAnswer {
  const spans = selected(answer.spans, selection)
  const all = answer.spans.length
  if (spans.length === all) return answer
  const reasons = [...answer.reasons, `q selects ${spans.length} of ${all} spans`]
  return { ...answer, spans, reasons, complete: false }
}

function selected(
  spans: readonly Span[],
  { condition, childLevels, parentLevels }: SpanSelection,
): readonly Span[] {
  const frame = traceFrame(spansTable(spans))
  frame.enter({ from: 0, to: spans.length })
  const { read } = compileField(condition, frame)
  const found = spans.flatMap((_, row) => (read(row) === true ? row : []))
  const rowsById = Map.groupBy(spans.keys(), (row) => idOf(spans[row]?.spanId))
  const rowsByParent = Map.groupBy(spans.keys(), (row) => idOf(spans[row]?.parentSpanId))
  const children = (row: number) => rowsByParent.get(idOf(spans[row]?.spanId)) ?? []
  const parents = (row: number) => {
    const id = spans[row]?.parentSpanId
    return (id && rowsById.get(idOf(id))) ?? []
  }
  const kept = new Set([
    ...withRelatives(found, childLevels, children),
    ...withRelatives(found, parentLevels, parents),
  ])
  return spans.filter((_, row) => kept.has(row))
}

function idOf(id: Uint8Array | undefined): string {
  return id ? hexOf(id) : ''
}

function withRelatives(
  rows: readonly number[],
  levels: number,
  next: (row: number) => readonly number[],
): ReadonlySet<number> {
  const seen = new Set(rows)
  let edge = rows
  for (let level = 0; level < levels && edge.length > 0; level++) {
    edge = [...new Set(edge.flatMap(next))].filter((row) => !seen.has(row))
    for (const row of edge) seen.add(row)
  }
  return seen
}
