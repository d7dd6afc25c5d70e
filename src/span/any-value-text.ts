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
  return toAnyValue(parseJson(text), 0)
}

/** Attributes by key as one object of AnyValues, as rest columns hold them. Throws kind `corrupt`. */
export function parseAttributesText(text: string): KeyValue[] {
  const members = Object.entries(objectOf(parseJson(text)))
  return members.map(([key, value]) => ({ key, value: toAnyValue(value, 0) }))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw broken(`must be json, got ${text.slice(0, 80)}`, cause)
  }
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
  if (depth > 4 * nestingDepthMax) throw broken(`must nest less than ${depth} deep`)
  const [member] = Object.entries(objectOf(json))
  if (member === undefined) return { kind: 'empty' }
  const [name, value] = member
  switch (name) {
    case 'stringValue':
      return { kind: 'string', value: textOf(value) }
    case 'boolValue':
      if (typeof value !== 'boolean') throw broken('must have a boolean')
      return { kind: 'bool', value }
    case 'intValue':
      return { kind: 'int', value: intOf(textOf(value)) }
    case 'doubleValue':
      return {
        kind: 'double',
        value: typeof value === 'number' ? value : parseDoubleText(textOf(value)),
      }
    case 'bytesValue':
      return { kind: 'bytes', value: bytesOfBase64(textOf(value)) }
    case 'arrayValue':
      return { kind: 'array', values: listOf(value).map((item) => toAnyValue(item, depth + 1)) }
    case 'kvlistValue':
      return { kind: 'map', entries: listOf(value).map((item) => toKeyValue(item, depth + 1)) }
    default:
      throw broken(`must be an AnyValue, got ${name}`)
  }
}

function toKeyValue(json: unknown, depth: number): KeyValue {
  const { key, value } = objectOf(json)
  return { key: textOf(key), value: toAnyValue(value, depth) }
}

function objectOf(json: unknown): Readonly<Record<string, unknown>> {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) {
    return json as Readonly<Record<string, unknown>>
  }
  throw broken('must be an object')
}

function listOf(json: unknown): readonly unknown[] {
  const { values } = objectOf(json)
  if (!Array.isArray(values)) throw broken('must have a list of values')
  return values
}

function textOf(json: unknown): string {
  if (typeof json !== 'string') throw broken('must have a string')
  return json
}

/** What decimal text says; 20 characters hold every 64-bit integer. */
export function intOf(text: string): bigint {
  if (!/^-?\d{1,19}$/.test(text)) throw broken(`must be an integer, got ${text.slice(0, 80)}`)
  return BigInt(text)
}

function broken(complaint: string, cause?: unknown): SpanlakeError {
  return new SpanlakeError('corrupt', `attribute value ${complaint}`, { cause })
}
