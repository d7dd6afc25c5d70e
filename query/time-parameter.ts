import { SpanlakeError } from '../src/errors.ts'
import { excerptOf } from './traceql/syntax-error.ts'

/** The year 2261: what is later, not every reader of timestamps can print. */
const timeMaxNs = 9_200_000_000_000_000_000n

const rfc3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/i

/**
 * Nanoseconds since 1970 of a parameter: unix seconds (up to 10 digits), nanoseconds (more) or RFC 3339. Throws kind
 * `invalid`.
 */
export function parseTimeParameter(name: string, text: string): bigint {
  const ns = timeOf(text)
  if (ns !== undefined && ns <= timeMaxNs) return ns
  const what = 'unix seconds, nanoseconds or a time such as 2026-11-20T17:00:00Z'
  throw new SpanlakeError('invalid', `${name} must be ${what}, got ${excerptOf(text)}`)
}

function timeOf(text: string): bigint | undefined {
  if (/^\d{1,10}$/.test(text)) return BigInt(text) * 1_000_000_000n
  if (/^\d{11,19}$/.test(text)) return BigInt(text)
  const [, time, fraction = '', zone] = text.match(rfc3339) ?? []
  const ms = Date.parse(`${time}${zone}`)
  return ms >= 0 ? BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0')) : undefined
}
