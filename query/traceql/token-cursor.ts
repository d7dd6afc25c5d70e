import { SpanlakeError } from '../../src/errors.ts'
import { queryNestingMax, queryOperatorsMax } from '../../src/limits.ts'
import type { Token } from './lex.ts'
import { excerptOf, expectedError } from './syntax-error.ts'

/** Where the parser stands, and what it has spent of its bounds. */
export interface TokenCursor {
  readonly tokens: readonly Token[]
  index: number
  nesting: number
  operators: number
}

export function tokenCursor(tokens: readonly Token[]): TokenCursor {
  return { tokens, index: 0, nesting: 0, operators: 0 }
}

/** The token that comes next; the last is of kind `end` and stays. */
export function peek({ tokens, index }: TokenCursor): Token {
  const token = tokens[index]
  if (token === undefined) throw new SpanlakeError('internal', 'traceql tokens must end in an end')
  return token
}

export function take(cursor: TokenCursor): Token {
  const token = peek(cursor)
  if (token.kind !== 'end') cursor.index += 1
  return token
}

export function isSymbol(token: Token, text: string): boolean {
  return token.kind === 'symbol' && token.text === text
}

export function isWord(token: Token, text: string): boolean {
  return token.kind === 'word' && token.text === text
}

/** Whether the symbol came next; it is taken then. */
export function takeSymbol(cursor: TokenCursor, text: string): boolean {
  const isNext = isSymbol(peek(cursor), text)
  if (isNext) take(cursor)
  return isNext
}

export function takeWord(cursor: TokenCursor, text: string): boolean {
  const isNext = isWord(peek(cursor), text)
  if (isNext) take(cursor)
  return isNext
}

export function expectSymbol(cursor: TokenCursor, text: string, expected = text): void {
  if (!takeSymbol(cursor, text)) throw expectation(expected, peek(cursor))
}

/** What is thrown when something else was expected. */
export function expectation(expected: string, got: Token): SpanlakeError {
  const found = got.kind === 'end' ? 'the end of the query' : excerptOf(got.text)
  return expectedError(got, expected, found)
}

/** The items of a list with commas, which count like operators: each item is asked of every span. */
export function parseList<Item>(
  cursor: TokenCursor,
  parseItem: (cursor: TokenCursor) => Item,
): Item[] {
  const items = [parseItem(cursor)]
  while (isSymbol(peek(cursor), ',')) {
    takeCounted(cursor)
    items.push(parseItem(cursor))
  }
  return items
}

/** What stands in brackets or behind a sign: parsed one level deeper. */
export function nested<Result>(
  cursor: TokenCursor,
  parseInner: (cursor: TokenCursor) => Result,
): Result {
  cursor.nesting += 1
  if (cursor.nesting > queryNestingMax) {
    throw expectedError(peek(cursor), `at most ${queryNestingMax} levels of nesting`)
  }
  const result = parseInner(cursor)
  cursor.nesting -= 1
  return result
}

/** Takes an operator, or the word that begins a stage: each may make the tree one level deeper. */
export function takeCounted(cursor: TokenCursor): Token {
  cursor.operators += 1
  if (cursor.operators > queryOperatorsMax) {
    throw expectedError(peek(cursor), `at most ${queryOperatorsMax} operators, stages and commas`)
  }
  return take(cursor)
}
