import { doubleText } from '../../../src/span/any-value-text.ts'
import { base64Of } from '../../../src/span/base64.ts'
import type { AnyValue, KeyValue } from '../../../src/span/span.ts'
import { textOrder } from '../../traceql/compare-values.ts'

/**
 * A value as one text, as Jaeger shows what its own model has no type for, and compares tags: lists and maps are JSON
 * with sorted keys, bytes base64, and what is empty has no text.
 */
export function valueText(value: AnyValue): string {
  switch (value.kind) {
    case 'string':
      return value.value
    case 'bytes':
      return base64Of(value.value)
    case 'empty':
      return ''
    case 'double':
      return doubleText(value.value)
    default:
      return jsonText(value)
  }
}

/** JSON of the plain value: all digits of a 64-bit integer stay. */
function jsonText(value: AnyValue): string {
  switch (value.kind) {
    case 'int':
    case 'bool':
      return String(value.value)
    case 'double':
      return Number.isFinite(value.value) ? doubleText(value.value) : `"${doubleText(value.value)}"`
    case 'array':
      return `[${value.values.map(jsonText).join(',')}]`
    case 'map':
      return `{${value.entries.toSorted(byKey).map(memberText).join(',')}}`
    case 'empty':
      return 'null'
    case 'string':
    case 'bytes':
      return JSON.stringify(valueText(value))
  }
}

function memberText({ key, value }: KeyValue): string {
  return `${JSON.stringify(key)}:${jsonText(value)}`
}

export function byKey(a: KeyValue, b: KeyValue): number {
  return textOrder(a.key, b.key)
}
