import { RE2JS, RE2JSException } from 're2js'
import { SpanlakeError } from '../../src/errors.ts'
import {
  patternAnswersKept,
  patternCharsMax,
  patternProgramMax,
  patternStepsMax,
  patternsKept,
} from '../../src/limits.ts'
import { patternSize } from './pattern-size.ts'
import { excerptOf } from './syntax-error.ts'

/** Whether the whole text is what a regular expression describes; in time linear in the text. */
export type Pattern = (text: string) => boolean

/**
 * The RE2 expression, ready to match, whole texts only, as Tempo does. Throws `invalid` for what is none; and when it has been
 * asked for so much that others would have to wait.
 */
export function patternOf(source: string): Pattern {
  const compiled = compile(source)
  if (typeof compiled === 'string') {
    throw new SpanlakeError(
      'invalid',
      `traceql pattern must be RE2: ${excerptOf(compiled)}, got ${excerptOf(source)}`,
    )
  }
  let steps = 0
  return (text) => {
    const before = compiled.progress()
    const answer = compiled.matches(text)
    // An automaton that is known is walked in no time. One that still grows costs instructions by characters, at worst.
    if (compiled.progress() !== before) steps += compiled.size * text.length
    if (steps > patternStepsMax) {
      const rule = `traceql pattern must take at most ${patternStepsMax} steps`
      throw new SpanlakeError('invalid', `${rule}, got ${excerptOf(source)}`)
    }
    return answer
  }
}

/** The same, with its answers kept: spans have the same few texts again and again. */
export function rememberingPattern(matches: Pattern): Pattern {
  const answers = new Map<string, boolean>()
  return (text) => {
    const known = answers.get(text)
    if (known !== undefined) return known
    const answer = matches(text)
    if (answers.size < patternAnswersKept) answers.set(text, answer)
    return answer
  }
}

/** What is wrong with the expression; undefined when nothing is. */
export function patternFault(source: string): string | undefined {
  const compiled = compile(source)
  return typeof compiled === 'string' ? compiled : undefined
}

// One query asks for its patterns trace by trace, a page of panels asks for the same ones again.
const kept = new Map<string, Compiled>()

interface Compiled {
  readonly matches: Pattern
  /** Its instructions. */
  readonly size: number
  /** Another one whenever the automaton has grown, or was made anew. */
  readonly progress: () => string
}

function compile(source: string): Compiled | string {
  const known = kept.get(source)
  const compiled = known ?? compileNew(source)
  if (typeof compiled === 'string') return compiled
  kept.delete(source)
  kept.set(source, compiled)
  if (kept.size > patternsKept) {
    const [oldest = ''] = kept.keys()
    kept.delete(oldest)
  }
  return compiled
}

const tooLarge = `more than ${patternProgramMax} instructions`

function compileNew(source: string): Compiled | string {
  if (source.length > patternCharsMax) return `more than ${patternCharsMax} characters`
  // Made in full, what is short could fill the memory before it is judged.
  if (patternSize(source) > 4 * patternProgramMax) return tooLarge
  try {
    const expression = RE2JS.compile(source)
    const size = expression.programSize()
    if (size > patternProgramMax) return tooLarge
    const { dfa } = expression.re2Input
    return {
      matches: (text) => expression.testExact(text),
      size,
      progress: () => `${dfa.memBudget} ${dfa.stateCount}`,
    }
  } catch (error) {
    if (error instanceof RE2JSException) return error.message.replace('error parsing regexp: ', '')
    throw error
  }
}
