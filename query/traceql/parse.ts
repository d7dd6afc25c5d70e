import { SpanlakeError } from '../../src/errors.ts'
import { queryCharsMax } from '../../src/limits.ts'
import type { Hint, TraceqlQuery } from './ast.ts'
import { lexTraceql } from './lex.ts'
import { parseLiteral } from './parse-field.ts'
import { parsePipeline } from './parse-pipeline.ts'
import {
  expectation,
  expectSymbol,
  parseList,
  peek,
  type TokenCursor,
  take,
  takeWord,
  tokenCursor,
} from './token-cursor.ts'

/**
 * The query that the text says. Throws `invalid` with line, column, what was expected and what stands there. What is
 * well formed may still make no sense: `checkTraceql` knows.
 */
export function parseTraceql(text: string): TraceqlQuery {
  checkText(text)
  const cursor = tokenCursor(lexTraceql(text))
  const pipeline = parsePipeline(cursor)
  if (pipeline.kind === 'scalar') throw expectation('a comparison such as > 1', peek(cursor))
  const hints = parseHints(cursor)
  const rest = peek(cursor)
  if (rest.kind !== 'end') throw expectation('an operator, | or the end of the query', rest)
  if (pipeline.kind === 'series') {
    return { kind: 'metrics', expression: pipeline.expression, hints }
  }
  return { kind: 'search', stages: pipeline.stages, hints }
}

function checkText(text: string): void {
  if (text.length > queryCharsMax) {
    const got = `${text.length} characters`
    throw new SpanlakeError(
      'invalid',
      `traceql text must have at most ${queryCharsMax} characters, got ${got}`,
    )
  }
  if (!text.isWellFormed()) {
    throw new SpanlakeError('invalid', 'traceql text must be well-formed unicode')
  }
}

function parseHints(cursor: TokenCursor): readonly Hint[] {
  if (!takeWord(cursor, 'with')) return []
  expectSymbol(cursor, '(')
  const hints = parseList(cursor, parseHint)
  expectSymbol(cursor, ')', 'a comma or )')
  return hints
}

function parseHint(cursor: TokenCursor): Hint {
  const name = take(cursor)
  if (name.kind !== 'word') throw expectation("a hint's name", name)
  expectSymbol(cursor, '=')
  const value = parseLiteral(cursor)
  if (value === undefined) throw expectation('a value', peek(cursor))
  return { name: name.text, value }
}
