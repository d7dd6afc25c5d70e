import { printDuration } from '../../traceql/duration-literal.ts'
import type { FieldValue, ScalarValue } from '../../traceql/span-table.ts'
import type { ValueType } from '../../traceql/value-type.ts'

/** A TraceQL value as proto3 JSON's AnyValue: 64-bit integers are strings, durations text such as `1.5s`. */
export function anyValueJson(type: ValueType, value: FieldValue): AnyValueJson {
  if (value === undefined || value === null) return { stringValue: 'nil' }
  if (typeof value === 'object') {
    return { arrayValue: { values: value.map((one) => anyValueJson(type, one)) } }
  }
  return scalarJson(type, value)
}

export type AnyValueJson =
  | { readonly stringValue: string }
  | { readonly intValue: string }
  | { readonly doubleValue: number | string }
  | { readonly boolValue: boolean }
  | { readonly arrayValue: { readonly values: readonly AnyValueJson[] } }

function scalarJson(type: ValueType, value: Exclude<ScalarValue, null>): AnyValueJson {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (type === 'duration')
    return {
      stringValue: printDuration(typeof value === 'bigint' ? value : BigInt(Math.trunc(value))),
    }
  if (typeof value === 'bigint') return { intValue: String(value) }
  return { doubleValue: Number.isFinite(value) ? value : String(value) }
}
