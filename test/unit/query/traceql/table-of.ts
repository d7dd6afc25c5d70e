import type { SpanKindName, StatusName } from '../../../../query/traceql/ast.ts'
import type { FieldValue, ScalarValue, SpanTable } from '../../../../query/traceql/span-table.ts'

type Attributes = Readonly<Record<string, FieldValue>>

/** A span of a test: what is not said is empty, zero or absent. */
export interface TestSpan {
  /** The last digits of its id. */
  readonly id: string
  readonly trace?: string
  readonly parent?: string
  readonly start?: number
  readonly duration?: bigint
  readonly name?: string
  readonly kind?: SpanKindName
  readonly status?: StatusName
  readonly statusMessage?: string
  readonly span?: Attributes
  readonly resource?: Attributes
  readonly scope?: Attributes & { readonly name?: string; readonly version?: string }
  readonly events?: readonly { name?: string; since?: bigint; attributes?: Attributes }[]
  readonly links?: readonly { trace?: string; span?: string; attributes?: Attributes }[]
}

/** The spans in the order given. */
export function tableOf(spans: readonly TestSpan[]): SpanTable {
  const column =
    <Value>(valueIn: (span: TestSpan) => Value) =>
    (row: number): Value => {
      const span = spans[row]
      if (span === undefined) throw new Error(`no row ${row}`)
      return valueIn(span)
    }
  const idOf = (text: string) => text.padStart(16, '0')
  return {
    rows: spans.length,
    traceId: column(({ trace = '1' }) => trace.padStart(32, '0')),
    spanId: column(({ id }) => idOf(id)),
    parentId: column(({ parent }) => (parent === undefined ? undefined : idOf(parent))),
    startNs: column(({ start = 0 }) => BigInt(start)),
    durationNs: column(({ duration = 0n }) => duration),
    name: column(({ name = '' }) => name),
    kind: column(({ kind = 'unspecified' }) => kind),
    status: column(({ status = 'unset' }) => status),
    statusMessage: column(({ statusMessage = '' }) => statusMessage),
    scopeName: column(({ scope }) => scope?.name ?? ''),
    scopeVersion: column(({ scope }) => scope?.version ?? ''),
    eventNames: column(({ events = [] }) => events.map(({ name = '' }) => name)),
    eventNsSinceStart: column(({ events = [] }) => events.map(({ since = 0n }) => since)),
    linkTraceIds: column(({ links = [] }) =>
      links.map(({ trace = '' }) => trace.padStart(32, '0')),
    ),
    linkSpanIds: column(({ links = [] }) => links.map(({ span = '' }) => idOf(span))),
    attribute(scope, key) {
      const valueIn = (span: TestSpan): FieldValue => {
        if (scope === 'span') return span.span?.[key]
        if (scope === 'resource') return span.resource?.[key]
        if (scope === 'instrumentation') {
          return key === 'name' || key === 'version' ? undefined : span.scope?.[key]
        }
        return listOf(scope === 'event' ? span.events : span.links, key)
      }
      return spans.some((span) => valueIn(span) !== undefined) ? column(valueIn) : undefined
    },
    attributeKeys(scope) {
      const of = { span: 'span', resource: 'resource', instrumentation: 'scope' } as const
      const keys = spans.flatMap((span) => Object.keys(span[of[scope]] ?? {}))
      const own = scope === 'instrumentation' ? ['name', 'version'] : []
      return [...new Set(keys)].filter((key) => !own.includes(key))
    },
  }
}

function listOf(
  items: readonly { attributes?: Attributes }[] = [],
  key: string,
): readonly ScalarValue[] | undefined {
  const values = items.flatMap(({ attributes }) => {
    const value = attributes?.[key]
    return value === undefined ? [] : value
  })
  return values.length === 0 ? undefined : values
}
