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

/** What is thrown for text that is no TraceQL: the place, then the problem, and the same as data. */
export class TraceqlSyntaxError extends SpanlakeError {
  readonly place: Place
  /** What may stand there; undefined for what may not stand anywhere. */
  readonly expected: string | undefined
  /** What stands there instead. */
  readonly got: string | undefined

  constructor(
    place: Place,
    problem: string,
    { expected, got }: { readonly expected?: string; readonly got?: string | undefined } = {},
  ) {
    super('invalid', `traceql line ${place.line} column ${place.column}: ${problem}`)
    this.name = 'TraceqlSyntaxError'
    const { offset, line, column } = place
    this.place = { offset, line, column }
    this.expected = expected
    this.got = got
  }
}

/** What is thrown where something else was expected. */
export function expectedError(place: Place, expected: string, got?: string): TraceqlSyntaxError {
  const problem = `expected ${expected}${got === undefined ? '' : `, got ${got}`}`
  return new TraceqlSyntaxError(place, problem, { expected, got })
}

/** A part of a query as one short line. */
export function excerptOf(text: string): string {
  const line = text.replace(/\s+/g, ' ')
  return line.length > queryExcerptCharsMax
    ? `${line.slice(0, queryExcerptCharsMax).toWellFormed()}…`
    : line
}
