import type { KeyValue, Span } from '../../src/span/span.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import type { Column, FieldValue, ScalarValue, SpanTable } from '../traceql/span-table.ts'
import { durationNs, fieldValue, kindName, statusName } from './span-values.ts'

/** Spans as the evaluator asks for them: those of one trace together, by start and then span id. */
export function spansTable(spans: readonly Span[]): SpanTable {
  const column =
    <Value>(read: (span: Span) => Value): Column<Value> =>
    (row) =>
      read(spans[row] as Span)
  return {
    rows: spans.length,
    traceId: column(({ traceId }) => hexOf(traceId)),
    spanId: column(({ spanId }) => hexOf(spanId)),
    parentId: column(({ parentSpanId }) => parentSpanId && hexOf(parentSpanId)),
    startNs: column(({ startNs }) => startNs),
    durationNs: column(({ startNs, endNs }) => durationNs(startNs, endNs)),
    name: column(({ name }) => name),
    kind: column(({ kind }) => kindName(kind)),
    status: column(({ statusCode }) => statusName(statusCode)),
    statusMessage: column(({ statusMessage }) => statusMessage),
    scopeName: column(({ scope }) => scope.name),
    scopeVersion: column(({ scope }) => scope.version),
    eventNames: column(({ events }) => events.map(({ name }) => name)),
    eventNsSinceStart: column(({ events, startNs }) => events.map((one) => one.timeNs - startNs)),
    linkTraceIds: column(({ links }) => links.map(({ traceId }) => hexOf(traceId))),
    linkSpanIds: column(({ links }) => links.map(({ spanId }) => hexOf(spanId))),
    attribute(scope, key) {
      switch (scope) {
        case 'span':
          return column(({ attributes }) => valueIn(attributes, key))
        case 'resource':
          return column(({ resource }) => valueIn(resource.attributes, key))
        case 'instrumentation':
          return column((span) => valueIn(span.scope.attributes, key))
        case 'event':
          return column(({ events }) => valuesIn(events, key))
        case 'link':
          return column(({ links }) => valuesIn(links, key))
      }
    },
    attributeKeys(scope) {
      const attributesOf = (span: Span): readonly KeyValue[] => {
        if (scope === 'span') return span.attributes
        return scope === 'resource' ? span.resource.attributes : span.scope.attributes
      }
      return [...new Set(spans.flatMap((span) => attributesOf(span).map(({ key }) => key)))]
    },
  }
}

function valueIn(attributes: readonly KeyValue[], key: string): FieldValue {
  const found = attributes.find((one) => one.key === key)
  return found && fieldValue(found.value)
}

/** Of events or links: the values of those that have the attribute, as one list; undefined where none has. */
export function valuesIn(
  items: readonly { readonly attributes: readonly KeyValue[] }[],
  key: string,
): readonly ScalarValue[] | undefined {
  const values = items.flatMap(({ attributes }): readonly ScalarValue[] => {
    const value = valueIn(attributes, key)
    return typeof value === 'object' && value !== null ? value : value === undefined ? [] : [value]
  })
  return values.length === 0 ? undefined : values
}
