import type { AnyValue } from '../../src/span/span.ts'
import type { SpanKindName, StatusName } from '../traceql/ast.ts'
import type { FieldValue, ScalarValue } from '../traceql/span-table.ts'

export const kindNames: readonly SpanKindName[] = [
  'unspecified',
  'internal',
  'server',
  'client',
  'producer',
  'consumer',
]
export const statusNames: readonly StatusName[] = ['unset', 'ok', 'error']

/** A number outside of the enum says nothing. */
export function kindName(kind: number): SpanKindName {
  return kindNames[kind] ?? 'unspecified'
}

export function statusName(code: number): StatusName {
  return statusNames[code] ?? 'unset'
}

/** Zero for a span that ends before it starts. */
export function durationNs(startNs: bigint, endNs: bigint): bigint {
  return endNs > startNs ? endNs - startNs : 0n
}

/** What TraceQL sees of an attribute's value: lists of one type, and null for what it cannot compare. */
export function fieldValue(value: AnyValue): Exclude<FieldValue, undefined> {
  switch (value.kind) {
    case 'string':
    case 'bool':
    case 'int':
    case 'double':
      return value.value
    case 'array':
      return listValue(value.values)
    case 'bytes':
    case 'map':
    case 'empty':
      return null
  }
}

function listValue(values: readonly AnyValue[]): readonly ScalarValue[] | null {
  const [first] = values
  const scalars: ScalarValue[] = []
  for (const value of values) {
    const scalar = fieldValue(value)
    if (value.kind !== first?.kind || scalar === null || typeof scalar === 'object') return null
    scalars.push(scalar)
  }
  return scalars
}
