import { SpanlakeError } from '../errors.ts'
import { nestingDepthMax } from '../limits.ts'
import { bytesOfBase64 } from './base64.ts'
import type { AnyValue, KeyValue } from './span.ts'

/**
 * AnyValue as text, for values that have no typed column: OTLP/JSON, exact in both directions. 64-bit integers are
 * decimal strings, bytes base64, doubles the shortest text that reads back the same (`-0` and, as strings, `NaN`,
 * `Infinity`, `-Infinity`); an empty value is `{}`.
 */
export function parseAnyValueText(text: string): AnyValue {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new SpanlakeError('corrupt', `attribute value must be JSON, got ${text.slice(0, 80)}`, {
      cause,
    })
  }
  return toAnyValue(parsed, 0)
}

/** The text of a double: what `Number()` reads back exactly, but for the three that JSON cannot hold. */
export function doubleText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

/** The inverse of `doubleText`. */
export function parseDoubleText(text: string): number {
  const value = Number(text)
  if (text === '' || (Number.isNaN(value) && text !== 'NaN')) {
    throw new SpanlakeError('corrupt', `double must be a number, got ${text.slice(0, 80)}`)
  }
  return value
}

function toAnyValue(json: unknown, depth: number): AnyValue {
  if (depth > 4 * nestingDepthMax) throw new SpanlakeError('corrupt', 'attribute value is too deep')
  const [member] = Object.entries(json as Record<string, unknown>)
  if (member === undefined) return { kind: 'empty' }
  const [name, value] = member
  switch (name) {
    case 'stringValue':
      return { kind: 'string', value: String(value) }
    case 'boolValue':
      return { kind: 'bool', value: value === true }
    case 'intValue':
      return { kind: 'int', value: BigInt(value as string) }
    case 'doubleValue':
      return {
        kind: 'double',
        value: typeof value === 'number' ? value : parseDoubleText(String(value)),
      }
    case 'bytesValue':
      return { kind: 'bytes', value: bytesOfBase64(String(value)) }
    case 'arrayValue':
      return { kind: 'array', values: listOf(value).map((item) => toAnyValue(item, depth + 1)) }
    case 'kvlistValue':
      return { kind: 'map', entries: listOf(value).map((item) => toKeyValue(item, depth + 1)) }
    default:
      throw new SpanlakeError('corrupt', `attribute value must be an AnyValue, got ${name}`)
  }
}

function toKeyValue(json: unknown, depth: number): KeyValue {
  const { key, value } = json as { key: string; value: unknown }
  return { key, value: toAnyValue(value, depth) }
}

function listOf(json: unknown): unknown[] {
  return (json as { values: unknown[] }).values
}
