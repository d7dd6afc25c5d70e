import { SpanlakeError } from '../../../src/errors.ts'
import { excerptOf } from '../../traceql/syntax-error.ts'

const secondNs = 1_000_000_000n

/**
 * A time as Tempo's metrics take it, in unix nanoseconds: integers of up to 10 digits are seconds, longer ones nanoseconds,
 * decimals seconds, all else RFC 3339. Throws kind `invalid`.
 */
export function parseTime(name: string, text: string): bigint {
  if (/^\d{1,10}$/.test(text)) return BigInt(text) * secondNs
  if (/^\d{11,19}$/.test(text)) return BigInt(text)
  const [, whole, fraction] = /^(\d{1,10})\.(\d*)$/.exec(text) ?? []
  if (whole !== undefined) return BigInt(whole) * secondNs + nanoseconds(fraction)
  const [, second, part, zone] = rfc3339.exec(text) ?? []
  const ms = Date.parse(`${second}${zone}`)
  if (second !== undefined && !Number.isNaN(ms)) return BigInt(ms) * 1_000_000n + nanoseconds(part)
  const rule = `${name} must be unix seconds, nanoseconds or RFC 3339`
  throw new SpanlakeError('invalid', `${rule}, got ${excerptOf(text)}`)
}

const rfc3339 = /^(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/

/** What is less than a nanosecond is cut off. */
function nanoseconds(fraction = ''): bigint {
  return BigInt(fraction.slice(0, 9).padEnd(9, '0'))
}
