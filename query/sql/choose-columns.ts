import { fixedColumns as c } from '../../src/layout/columns.ts'
import { sqlStarKeysMax } from '../../src/limits.ts'
import { type AttributeViewColumn, attributeViewColumns } from './attribute-view-columns.ts'
import type { CheckedSelect } from './checked-select.ts'
import { fixedViewColumns } from './fixed-view-columns.ts'
import type { KnownKey } from './known-keys.ts'
import type { SourceColumn, ViewColumn } from './source-column.ts'
import {
  type TraceInput,
  type TraceViewColumn,
  traceInputs,
  traceViewColumns,
} from './trace-view-columns.ts'

/** What the views of one query have: the columns that it names, or all up to a bound. */
export interface ChosenColumns {
  /** Undefined: the query does not read the view. */
  readonly spans: readonly ViewColumn[] | undefined
  readonly traces:
    | {
        readonly columns: readonly TraceViewColumn[]
        readonly inputs: Readonly<Record<TraceInput, ViewColumn>>
      }
    | undefined
  /** All that is read of files. */
  readonly sources: readonly SourceColumn[]
  /** The keys that they hold: where some share a column, only for those it is read. */
  readonly keys: readonly KnownKey[]
  /** Every name that the views could have, for whoever looks for one. */
  readonly names: readonly string[]
  /** Keys that `*` leaves out. */
  readonly keysLeftOut: number
}

export function chooseColumns(
  { views, columns }: CheckedSelect,
  keys: readonly KnownKey[],
): ChosenColumns {
  const attributes = attributeViewColumns(keys)
  const isNamed = ({ name }: { readonly name: string }) =>
    columns === 'all' || columns.has(name.toLowerCase())
  const starred = mostFrequent(attributes.filter(({ isAlias }) => !isAlias))
  const wanted = columns === 'all' ? starred : attributes.filter(isNamed)
  const inputs = traceInputs(keys)
  const some = [...fixedViewColumns.filter(isNamed), ...wanted]
  // Kinds take the fewest bytes; ids of traces are read anyway.
  const ofSpans = atLeastOne(some, fixedViewColumns, c.kind)
  const ofTraces = atLeastOne(traceViewColumns.filter(isNamed), traceViewColumns, c.traceId)
  const spans = views.has('spans') ? ofSpans : []
  const traces = views.has('traces') ? ofTraces : []
  const read = new Set<TraceInput>(traces.flatMap((column) => ['id' as const, ...column.inputs]))
  const isService = ({ scope, key }: KnownKey) => scope === 'resource' && key === 'service.name'
  const keysRead = [
    ...(views.has('spans') ? wanted.map(({ of }) => of) : []),
    ...(read.has('service') ? keys.filter(isService) : []),
  ]
  return {
    spans: views.has('spans') ? spans : undefined,
    traces: views.has('traces') ? { columns: traces, inputs } : undefined,
    sources: [...spans, ...[...read].map((name) => inputs[name])].flatMap(({ sources }) => sources),
    keys: [...new Set(keysRead)],
    names: [...fixedViewColumns, ...traceViewColumns, ...attributes].map(({ name }) => name),
    keysLeftOut:
      columns === 'all' && views.has('spans')
        ? attributes.filter(({ isAlias }) => !isAlias).length - starred.length
        : 0,
  }
}

/** A view without columns is none, and `count(*)` names nothing. */
function atLeastOne<Column extends { readonly name: string }>(
  some: readonly Column[],
  all: readonly Column[],
  other: string,
): readonly Column[] {
  return some.length > 0 ? some : all.filter(({ name }) => name === other)
}

/** By scope and key, so that the next one looks the same. */
function mostFrequent(columns: readonly AttributeViewColumn[]): AttributeViewColumn[] {
  return [...columns]
    .sort((a, b) => b.of.count - a.of.count)
    .slice(0, sqlStarKeysMax)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
