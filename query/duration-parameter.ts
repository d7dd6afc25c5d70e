import { SpanlakeError } from '../src/errors.ts'
import { durationPattern, parseDuration } from './traceql/duration-literal.ts'
import { excerptOf } from './traceql/syntax-error.ts'

/** Nanoseconds of a parameter in Go's form: `1.5s`, `1m30s`, `0`. Throws kind `invalid`. */
export function parseDurationParameter(name: string, text: string): bigint {
  const isDuration = new RegExp(`^${durationPattern.source}$`).test(text)
  const ns = text === '0' ? 0n : isDuration ? parseDuration(text) : undefined
  if (ns !== undefined) return ns
  const got = excerptOf(text)
  throw new SpanlakeError('invalid', `${name} must be a duration such as 1.5s, got ${got}`)
}
