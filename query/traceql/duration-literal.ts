import { int64Max } from './number-literal.ts'

const second = 1_000_000_000n
const minute = 60n * second
const hour = 60n * minute
const day = 24n * hour

// Go's units and Prometheus' longer ones, as Tempo reads both. The two signs for micro look alike.
const unitNs: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: second,
  m: minute,
  h: hour,
  d: day,
  w: 7n * day,
  y: 365n * day,
}

export const durationPattern = /(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|[smhdwy]))+/y
const partPattern = /(\d*)\.?(\d*)(\D+)/g

/** The nanoseconds of text that `durationPattern` matches, `1h2m3.5ms`; undefined when 64 bits cannot hold them. */
export function parseDuration(text: string): bigint | undefined {
  let sum = 0n
  for (const [, whole = '', fraction = '', unit = ''] of text.matchAll(partPattern)) {
    sum += partNs(whole.replace(/^0+/, ''), fraction, unitNs[unit] ?? 0n)
    if (sum > int64Max) return undefined
  }
  return sum
}

/** What is less than a nanosecond is cut off, as Go does. */
function partNs(whole: string, fraction: string, unit: bigint): bigint {
  if (whole.length > 19) return int64Max + 1n
  const digits = fraction.slice(0, 18)
  return BigInt(whole) * unit + (BigInt(digits) * unit) / 10n ** BigInt(digits.length)
}

/** The shortest such text: `1h2m3.5s`, `1.5ms`, `0s`; with a sign when it is negative. */
export function printDuration(ns: bigint): string {
  if (ns < 0n) return `-${printDuration(-ns)}`
  if (ns === 0n) return '0s'
  if (ns < 1_000n) return `${ns}ns`
  if (ns < 1_000_000n) return `${decimal(ns, 3)}us`
  if (ns < second) return `${decimal(ns, 6)}ms`
  const parts = [
    [ns / hour, 'h'],
    [(ns % hour) / minute, 'm'],
  ] as const
  const long = parts.map(([count, unit]) => (count > 0n ? `${count}${unit}` : '')).join('')
  const rest = ns % minute
  return rest > 0n ? `${long}${decimal(rest, 9)}s` : long
}

/** A count of the units that have so many decimals. */
function decimal(value: bigint, decimals: number): string {
  const size = 10n ** BigInt(decimals)
  const fraction = (value % size).toString().padStart(decimals, '0').replace(/0+$/, '')
  return fraction === '' ? `${value / size}` : `${value / size}.${fraction}`
}
