import { SpanlakeError } from '../../../src/errors.ts'
import { parseBase64 } from '../../../src/span/base64.ts'
import { parseTraceId } from '../../../src/span/trace-id.ts'
import { parseDuration } from '../../traceql/duration-literal.ts'
import { int64Max } from '../../traceql/number-literal.ts'

/** A parameter of a request by its name; undefined when it is not there, or empty. */
export type Parameter = (name: string) => string | undefined

export function malformed(name: string, rule: string, got: string): SpanlakeError {
  const shown = got.length > 80 ? `${got.slice(0, 80)}…` : got
  return new SpanlakeError('invalid', `malformed parameter ${name}: must be ${rule}, got ${shown}`)
}

/** Go's words for true and false. */
export function parseBool(name: string, text: string | undefined): boolean {
  const value = text === undefined ? false : boolOf(text)
  if (value === undefined) throw malformed(name, 'true or false', text ?? '')
  return value
}

export function boolOf(text: string): boolean | undefined {
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true
  return /^(0|f|F|FALSE|false|False)$/.test(text) ? false : undefined
}

export function parseCount(
  name: string,
  text: string | undefined,
  { least, most, otherwise }: { least: number; most: number; otherwise: number },
): number {
  if (text === undefined) return otherwise
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= least && count <= most) return count
  throw malformed(name, `a number from ${least} to ${most}`, text)
}

const goDuration = /^\+?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|[smh]))+$/

/** Nanoseconds of a duration as Go writes it, `1m30s`, `1.5ms`; zero is no bound. */
export function parseGoDuration(name: string, text: string | undefined): bigint | undefined {
  if (text === undefined || /^[+-]?0$/.test(text)) return undefined
  const ns = goDuration.test(text) ? parseDuration(text.replace('+', '')) : undefined
  if (ns === undefined) throw malformed(name, 'a duration such as 1.5s or 100ms', text)
  return ns === 0n ? undefined : ns
}

/** Nanoseconds of a whole number of a unit, since 1970 or long. */
export function parseUnits(
  name: string,
  text: string | undefined,
  unitNs: bigint,
  unit: string,
): bigint | undefined {
  if (text === undefined) return undefined
  const ns = /^\d{1,19}$/.test(text) ? BigInt(text) * unitNs : undefined
  if (ns === undefined || ns > int64Max) throw malformed(name, `a number of ${unit}`, text)
  return ns
}

// RFC 3339 section 5.6. Grafana leaves the sign of an offset unescaped, so that it comes as a blank.
const rfc3339 =
  /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:[.,](\d{1,9})\d*)?(?:[Zz]|([+ -])(\d{2}):(\d{2}))$/

/** Nanoseconds since 1970 of a time in RFC 3339. */
export function parseRfc3339(name: string, text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined
  const [, date, time, fraction = '', sign, hours = '00', minutes = '00'] =
    text.match(rfc3339) ?? []
  const utcMs = Date.parse(`${date}T${time}Z`)
  const isTime = Number(hours) < 24 && Number(minutes) < 60 && isSame(utcMs, `${date}T${time}`)
  if (!isTime) throw malformed(name, 'a time such as 2026-01-31T10:20:30.5Z', text)
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * 60_000
  const ms = sign === '-' ? utcMs + offsetMs : utcMs - offsetMs
  return BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}

/** A 30th of February is read as the 2nd of March. */
function isSame(ms: number, text: string): boolean {
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text)
}

/** Hexadecimal of any length up to 32 digits, or base64 of 16 or 8 bytes, standard or URL-safe, padded or not. */
export function parseV3TraceId(text: string): Uint8Array {
  if (!/^[0-9a-f]{1,32}$/i.test(text)) {
    const bytes = text.length <= 24 ? parseBase64(text) : undefined
    if (bytes?.length === 16 && bytes.some((byte) => byte !== 0)) return bytes
    if (bytes?.length === 8 && bytes.some((byte) => byte !== 0)) {
      const padded = new Uint8Array(16)
      padded.set(bytes, 8)
      return padded
    }
  }
  return parseTraceId(text)
}
