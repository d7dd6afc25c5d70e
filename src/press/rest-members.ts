import { corrupt } from '../parquet/byte-reader.ts'
import type { ColumnTable } from '../parquet/read-column.ts'
import { doubleText } from '../span/any-value-text.ts'
import type { AttributeType } from '../span/span-batch.ts'
import { entryText, entryValue } from './span-of-row.ts'

/** One attribute of a rest column's text. */
export interface RestMember {
  readonly key: string
  readonly type: AttributeType
  /** OTLP/JSON AnyValue, as it stands in the text. */
  readonly value: string
  /** Key and value, as they stand in the text. */
  readonly text: string
}

const name = 'rest column'

/**
 * Takes a rest column's text apart without touching the values, so that what moves on is what was there. Throws kind
 * `corrupt` for what is no object in the spelling that we write.
 */
export function restMembers(text: string): RestMember[] {
  if (text[0] !== '{' || !text.endsWith('}')) throw corrupt(name, 'must hold objects')
  const members: RestMember[] = []
  let at = 1
  while (at < text.length - 1) {
    if (members.length > 0 && text[at++] !== ',') throw corrupt(name, 'must part members by commas')
    const keyEnd = endOfString(text, at)
    const valueEnd = endOfObject(text, keyEnd + 1)
    if (text[keyEnd] !== ':') throw corrupt(name, 'must have a value for each key')
    const value = text.slice(keyEnd + 1, valueEnd)
    const key = keyOf(text.slice(at, keyEnd))
    members.push({ key, type: typeOf(value), value, text: text.slice(at, valueEnd) })
    at = valueEnd
  }
  if (at !== text.length - 1) throw corrupt(name, 'must hold objects')
  return members
}

/** A column's value as a member of a rest text. */
export function restMemberText(
  key: string,
  type: AttributeType,
  table: ColumnTable,
  entry: number,
): string {
  return `${JSON.stringify(key)}:${valueText(type, table, entry)}`
}

function valueText(type: AttributeType, table: ColumnTable, entry: number): string {
  if (type === 'json') return entryText(table, entry)
  const value = entryValue(table, type, entry)
  if (value.kind === 'string') return `{"stringValue":${JSON.stringify(value.value)}}`
  if (value.kind === 'int') return `{"intValue":"${value.value}"}`
  if (value.kind === 'bool') return `{"boolValue":${value.value}}`
  if (value.kind !== 'double') throw corrupt(name, `must not hold a value of kind ${value.kind}`)
  const text = doubleText(value.value)
  return `{"doubleValue":${Number.isFinite(value.value) ? text : `"${text}"`}}`
}

function typeOf(value: string): AttributeType {
  if (value.startsWith('{"stringValue":')) return 'string'
  if (value.startsWith('{"intValue":')) return 'int'
  if (value.startsWith('{"doubleValue":')) return 'double'
  return value.startsWith('{"boolValue":') ? 'bool' : 'json'
}

function keyOf(text: string): string {
  try {
    return String(JSON.parse(text))
  } catch (cause) {
    throw corrupt(name, 'must have keys in quotes', cause)
  }
}

/** The place behind the string that begins at `at`. */
function endOfString(text: string, at: number): number {
  if (text[at] !== '"') throw corrupt(name, 'must have keys in quotes')
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '"') return i + 1
  }
  throw corrupt(name, 'holds a string without end')
}

/** The place behind the object that begins at `at`. */
function endOfObject(text: string, at: number): number {
  if (text[at] !== '{') throw corrupt(name, 'must have objects as values')
  let depth = 0
  for (let i = at; i < text.length; i++) {
    if (text[i] === '"') i = endOfString(text, i) - 1
    else if (text[i] === '{') depth++
    else if (text[i] === '}' && --depth === 0) return i + 1
  }
  throw corrupt(name, 'holds an object without end')
}
