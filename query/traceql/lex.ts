import type { AttributeScope, NumberLiteral } from './ast.ts'
import { durationPattern, parseDuration } from './duration-literal.ts'
import { int64Max, int64Min, numberPattern, parseNumber } from './number-literal.ts'
import { unescapeString } from './string-literal.ts'
import { excerptOf, expectedError, type Place } from './syntax-error.ts'

export type Token = Place & TokenValue & { /** As it was written. */ readonly text: string }

export type TokenValue =
  | { readonly kind: 'symbol' }
  /** A name, perhaps with a colon inside: `rate`, `true`, `span:name`. */
  | { readonly kind: 'word' }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'number'; readonly value: NumberLiteral }
  | {
      readonly kind: 'attribute'
      readonly scope: WrittenScope
      readonly key: string
    }
  | { readonly kind: 'end' }

/** The parent's attributes can be written, and nothing else done with them. */
export type WrittenScope = AttributeScope | 'parent'

interface Cursor {
  readonly text: string
  offset: number
  line: number
  lineOffset: number
}

// Go's white space; JavaScript's \s differs in two characters.
const blank = '\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const blanks = new RegExp(`(?:[${blank}]+|//[^\\n]*)+`, 'y')
const comment = /\/\*[\s\S]*?\*\//y
const symbol = /&>>|&<<|!>>|!<<|&&|\|\||&>|&<|&~|!>|!<|!~|!=|>>|<<|>=|<=|=~|[{}(),=<>~!+\-*/%^|]/y
const word = /[\p{L}_][\p{L}\p{Nd}_]*(?::[\p{L}_][\p{L}\p{Nd}_]*)?/uy
const scopes = ['span', 'resource', 'event', 'link', 'instrumentation', 'parent'] as const
const attributeStart = new RegExp(`(?:${scopes.join('|')})\\.|\\.(?!\\d)`, 'y')
const bareKey = new RegExp(`[^${blank}{}()=~!<>&|^,"]+`, 'y')
const quotedKey = /"([^"\\]*(?:\\["\\][^"\\]*)*)"/y
const quotedString = /"([^"\\\n]*(?:\\[^\n][^"\\\n]*)*)"/y
const rawString = /`([^`]*)`/y
const runOn = /[\p{L}\p{N}_.]+/uy

/** All tokens of a query, the last of kind `end`; throws `invalid` for text that is none. */
export function lexTraceql(text: string): readonly Token[] {
  const cursor: Cursor = { text, offset: 0, line: 1, lineOffset: 0 }
  const tokens: Token[] = []
  for (;;) {
    skipBlanks(cursor)
    const token = readToken(cursor)
    tokens.push(token)
    if (token.kind === 'end') return tokens
  }
}

/** Blanks and comments, which are Go's. */
function skipBlanks(cursor: Cursor): void {
  do take(cursor, blanks)
  while (skipComment(cursor))
}

function skipComment(cursor: Cursor): boolean {
  if (!cursor.text.startsWith('/*', cursor.offset)) return false
  const place = placeOf(cursor)
  if (take(cursor, comment) === undefined) throw expectedError(place, 'a closing */')
  return true
}

function readToken(cursor: Cursor): Token {
  const place = placeOf(cursor)
  const value = readValue(cursor, place)
  return { ...value, ...place, text: cursor.text.slice(place.offset, cursor.offset) }
}

function readValue(cursor: Cursor, place: Place): TokenValue {
  if (cursor.offset === cursor.text.length) return { kind: 'end' }
  return (
    readAttribute(cursor, place) ??
    readNumber(cursor, place) ??
    readString(cursor, place) ??
    readPlain(cursor, place)
  )
}

function readPlain(cursor: Cursor, place: Place): TokenValue {
  const name = take(cursor, word)?.[0]
  if (name !== undefined) return wordOrNumber(name)
  if (take(cursor, symbol) !== undefined) return { kind: 'symbol' }
  const char = String.fromCodePoint(cursor.text.codePointAt(cursor.offset) ?? 0)
  throw expectedError(place, 'a word, a value or an operator', char)
}

function wordOrNumber(name: string): TokenValue {
  if (name === 'minInt') return { kind: 'number', value: { kind: 'int', value: int64Min } }
  if (name === 'maxInt') return { kind: 'number', value: { kind: 'int', value: int64Max } }
  return { kind: 'word' }
}

// --- Attributes ---------------------------------------------------------------------------------------------------------

function readAttribute(cursor: Cursor, place: Place): TokenValue | undefined {
  const start = take(cursor, attributeStart)
  if (start === undefined) return undefined
  const [prefix] = start
  const key = readKey(cursor)
  if (key === '') throw expectedError(place, `an attribute's name after ${prefix}`)
  return { kind: 'attribute', scope: scopeOf(prefix), key }
}

/** Everything up to a blank, a bracket or an operator; parts in quotes may hold those too. */
function readKey(cursor: Cursor): string {
  let key = ''
  for (;;) {
    const part = take(cursor, bareKey)?.[0] ?? readQuotedKey(cursor)
    if (part === undefined) return key
    key += part
  }
}

function readQuotedKey(cursor: Cursor): string | undefined {
  if (cursor.text[cursor.offset] !== '"') return undefined
  const place = placeOf(cursor)
  const inner = take(cursor, quotedKey)?.[1]
  if (inner === undefined) {
    throw expectedError(place, 'a closing " and no escapes but \\" and \\\\ in a name')
  }
  return inner.replace(/\\(.)/g, '$1')
}

function scopeOf(prefix: string): WrittenScope {
  return scopes.find((scope) => prefix === `${scope}.`) ?? 'any'
}

// --- Values -------------------------------------------------------------------------------------------------------------

function readNumber(cursor: Cursor, place: Place): TokenValue | undefined {
  const duration = take(cursor, durationPattern)?.[0]
  const text = duration ?? take(cursor, numberPattern)?.[0]
  if (text === undefined) return undefined
  const rest = take(cursor, runOn)?.[0]
  if (rest !== undefined) {
    const got = excerptOf(text + rest)
    throw expectedError(place, 'a number or a duration such as 1m30s', got)
  }
  const value = duration === undefined ? parseNumber(text) : durationOf(duration)
  if (value === undefined) {
    throw expectedError(place, 'a number of at most 64 bits', excerptOf(text))
  }
  return { kind: 'number', value }
}

function durationOf(text: string): NumberLiteral | undefined {
  const ns = parseDuration(text)
  return ns === undefined ? undefined : { kind: 'duration', ns }
}

function readString(cursor: Cursor, place: Place): TokenValue | undefined {
  const opening = cursor.text[cursor.offset]
  if (opening === '`') return { kind: 'string', value: readRaw(cursor, place) }
  if (opening !== '"') return undefined
  const inner = take(cursor, quotedString)?.[1]
  if (inner === undefined) throw expectedError(place, 'a closing " on the same line')
  const string = unescapeString(inner)
  if ('fault' in string) {
    throw expectedError(place, 'an escape such as \\n or \\\\ in a string', string.fault)
  }
  return { kind: 'string', value: string.value }
}

/** Backticks keep everything but carriage returns, as in Go. */
function readRaw(cursor: Cursor, place: Place): string {
  const inner = take(cursor, rawString)?.[1]
  if (inner === undefined) throw expectedError(place, 'a closing backtick')
  return inner.replaceAll('\r', '')
}

// --- The cursor ---------------------------------------------------------------------------------------------------------

function placeOf({ offset, line, lineOffset }: Cursor): Place {
  return { offset, line, column: offset - lineOffset + 1 }
}

/** What a sticky pattern finds right here, if anything; the cursor moves behind it. */
function take(cursor: Cursor, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = cursor.offset
  const found = pattern.exec(cursor.text)
  if (found === null) return undefined
  for (const { index } of found[0].matchAll(/\n/g)) {
    cursor.line += 1
    cursor.lineOffset = cursor.offset + index + 1
  }
  cursor.offset += found[0].length
  return found
}
