import { kindNames, statusNames } from '../../query/search/span-values.ts'
import type { FieldValue } from '../../query/traceql/span-table.ts'
import type { AnyValue, KeyValue, Span } from '../../src/span/span.ts'
import { bytesOfHex } from '../../src/span/trace-id.ts'
import type { TestSpan } from '../unit/query/traceql/table-of.ts'
import { someSpan } from './some-span.ts'

/** A span of the evaluator's tests as one that can be stored; times count from `startNs`. */
export function spanOfTestSpan(test: TestSpan, startNs: bigint): Span {
  const { name, version, ...scopeAttributes } = test.scope ?? {}
  const begin = startNs + BigInt(test.start ?? 0)
  return someSpan({
    traceId: bytesOfHex((test.trace ?? '1').padStart(32, '0')),
    spanId: idOf(test.id),
    parentSpanId: test.parent === undefined ? undefined : idOf(test.parent),
    startNs: begin,
    endNs: begin + (test.duration ?? 0n),
    name: test.name ?? '',
    kind: kindNames.indexOf(test.kind ?? 'unspecified'),
    statusCode: statusNames.indexOf(test.status ?? 'unset'),
    statusMessage: test.statusMessage ?? '',
    attributes: attributesOf(test.span),
    resource: { attributes: attributesOf(test.resource), droppedAttributesCount: 0, schemaUrl: '' },
    scope: {
      name: name ?? '',
      version: version ?? '',
      attributes: attributesOf(scopeAttributes),
      droppedAttributesCount: 0,
      schemaUrl: '',
    },
    events: (test.events ?? []).map(({ name = '', since = 0n, attributes }) => ({
      timeNs: begin + since,
      name,
      attributes: attributesOf(attributes),
      droppedAttributesCount: 0,
    })),
    links: (test.links ?? []).map(({ trace = '', span = '', attributes }) => ({
      traceId: bytesOfHex(trace.padStart(32, '0')),
      spanId: idOf(span),
      traceState: '',
      flags: 0,
      attributes: attributesOf(attributes),
      droppedAttributesCount: 0,
    })),
  })
}

/** Names that are no hex are some id, too. */
function idOf(text: string): Uint8Array {
  const hex = /^[0-9a-f]*$/.test(text) ? text : 'dead'
  return bytesOfHex(hex.padStart(16, '0'))
}

function attributesOf(attributes: Readonly<Record<string, FieldValue>> = {}): KeyValue[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: anyValue(value) }],
  )
}

function anyValue(value: Exclude<FieldValue, undefined>): AnyValue {
  if (value === null) return { kind: 'empty' }
  switch (typeof value) {
    case 'string':
      return { kind: 'string', value }
    case 'bigint':
      return { kind: 'int', value }
    case 'number':
      return { kind: 'double', value }
    case 'boolean':
      return { kind: 'bool', value }
    default:
      return { kind: 'array', values: value.map(anyValue) }
  }
}
