import { messageOf, SpanlakeError } from '../src/errors.ts'
import { caretText } from './caret-text.ts'
import { TraceqlSyntaxError } from './traceql/syntax-error.ts'

/** What was thrown for a TraceQL text, for people at a terminal: with the line, and a mark under the place. */
export function markedError(error: unknown, text: string, width: number): unknown {
  if (!(error instanceof TraceqlSyntaxError)) return error
  const marked = caretText(text, error.place, width - 2).replace(/^/gm, '  ')
  return new SpanlakeError(error.kind, `${messageOf(error)}\n${marked}`, { cause: error })
}
