import { SpanlakeError } from '../../src/errors.ts'
import { queryExcerptCharsMax } from '../../src/limits.ts'

/** A place in a query's text. */
export interface Place {
  /** UTF-16 units before it. */
  readonly offset: number
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units. */
  readonly column: number
}

/** What is thrown for text that is no TraceQL: the place, then the problem. */
export function syntaxError({ line, column }: Place, problem: string): SpanlakeError {
  return new SpanlakeError('invalid', `traceql line ${line} column ${column}: ${problem}`)
}

/** A part of a query as one short line. */
export function excerptOf(text: string): string {
  const line = text.replace(/\s+/g, ' ')
  return line.length > queryExcerptCharsMax
    ? `${line.slice(0, queryExcerptCharsMax).toWellFormed()}…`
    : line
}
