import type { Condition } from '../../src/prune/condition.ts'
import type { Field, Stage } from '../traceql/ast.ts'
import { columnsOf } from '../traceql/columns-of.ts'
import {
  necessaryConditions,
  type SpanCondition,
  type TraceCondition,
} from '../traceql/conditions.ts'
import { fieldsOfCondition } from '../traceql/fields-of-condition.ts'
import { printField } from '../traceql/print-field.ts'
import { fieldsOfStages } from '../traceql/walk-fields.ts'
import { pruningCondition } from './pruning-condition.ts'

/** What a search asks of files and rows, before it asks any. */
export interface SearchNeeds {
  readonly stages: readonly Stage[]
  /** Without such a span in the range, a trace is not found. */
  readonly span: SpanCondition
  /** The same of columns: what cannot hold such a span is not read. */
  readonly pruning: Condition
  /** The spans that a trace must have, each some: true of a trace by the set of those that it has. */
  readonly some: readonly SpanCondition[]
  readonly traceMightMatch: (has: ReadonlySet<number>) => boolean
  /** Whether rows that `span` is true of tell of themselves whether they are found. */
  readonly rowsSuffice: boolean
  /** Whether any row that has a part in the answer makes its trace a candidate, whatever else is scanned of it. */
  readonly oneRowTells: boolean
  /** What has to be read to ask rows. */
  readonly fields: readonly Field[]
}

export function searchNeeds(stages: readonly Stage[]): SearchNeeds {
  const { trace, span } = necessaryConditions(stages)
  const { needsWholeTrace } = columnsOf({ kind: 'search', stages, hints: [] })
  const keyOf = conditionKeys()
  const spans = spansOf(trace, keyOf)
  const some = [...spans.values()]
  const places = new Map(Array.from(spans.keys(), (key, place) => [key, place]))
  // In a whole trace every span may have a part: candidates are told by what the trace must have.
  const asked: SpanCondition = needsWholeTrace ? { kind: 'any', of: some } : span
  const told = needsWholeTrace ? [] : fieldsOfStages(stages.filter(({ kind }) => kind !== 'select'))
  const fields = [...told, ...fieldsOfCondition(asked), ...some.flatMap(fieldsOfCondition)]
  return {
    stages,
    span: asked,
    pruning: pruningCondition(asked),
    some,
    traceMightMatch: traceTest(trace, keyOf, places),
    rowsSuffice: !needsWholeTrace,
    oneRowTells: needsWholeTrace ? some.length === 1 : stages.every(isOfEachRow),
    fields: [...new Map(fields.map((field) => [printField(field), field])).values()],
  }
}

/** Whether what the stage finds among some rows it finds in each of them alone. */
function isOfEachRow({ kind }: Stage): boolean {
  return kind === 'filter' || kind === 'select' || kind === 'by' || kind === 'coalesce'
}

type KeyOf = (span: SpanCondition) => string

/** The spans that the condition names, each once, by its key. */
function spansOf(trace: TraceCondition, keyOf: KeyOf, found = new Map<string, SpanCondition>()) {
  if (trace.kind === 'some') found.set(keyOf(trace.span), trace.span)
  else for (const one of trace.of) spansOf(one, keyOf, found)
  return found
}

function traceTest(
  trace: TraceCondition,
  keyOf: KeyOf,
  places: ReadonlyMap<string, number>,
): SearchNeeds['traceMightMatch'] {
  if (trace.kind === 'some') {
    const place = places.get(keyOf(trace.span)) ?? -1
    return (has) => has.has(place)
  }
  const tests = trace.of.map((one) => traceTest(one, keyOf, places))
  if (trace.kind === 'all') return (has) => tests.every((test) => test(has))
  return (has) => tests.some((test) => test(has))
}

/** The same key for conditions that say the same. A test that many conditions hold is spelt once. */
function conditionKeys(): KeyOf {
  const keys = new Map<SpanCondition, string>()
  const places = new Map<string, number>()
  const spelt = (span: SpanCondition): string => {
    if (span.kind === 'all' || span.kind === 'any') return `${span.kind}(${span.of.map(keyOf)})`
    const text = JSON.stringify(span, (_, value) =>
      typeof value === 'bigint' ? `${value}n` : value,
    )
    const place = places.get(text) ?? places.size
    places.set(text, place)
    return `${place}`
  }
  const keyOf: KeyOf = (span) => {
    const key = keys.get(span) ?? spelt(span)
    keys.set(span, key)
    return key
  }
  return keyOf
}
