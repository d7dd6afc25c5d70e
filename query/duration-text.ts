const units: readonly (readonly [name: string, ns: number])[] = [
  ['s', 1e9],
  ['ms', 1e6],
  ['µs', 1e3],
]

/** A duration in nanoseconds for people: three digits that matter, `1.24 s`, `850 ns`, from a minute on `2m 03s`. */
export function durationText(ns: bigint): string {
  if (ns < 0n) return `-${durationText(-ns)}`
  const value = Number(ns)
  if (value >= 59.95e9) return longText(Math.round(value / 1e9))
  for (const [name, size] of units) {
    const rounded = (value / size).toPrecision(3)
    if (Number(rounded) >= 1) return `${Number(rounded)} ${name}`
  }
  return `${ns} ns`
}

function longText(seconds: number): string {
  const two = (count: number) => String(count).padStart(2, '0')
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  const days = Math.floor(hours / 24)
  if (days > 0) return `${days}d ${two(hours % 24)}h`
  if (hours > 0) return `${hours}h ${two(minutes % 60)}m`
  return `${minutes}m ${two(seconds % 60)}s`
}

/** Nanoseconds since 1970 as RFC 3339 in UTC, all nine digits. */
export function timeText(ns: bigint): string {
  const seconds = ns / 1_000_000_000n
  const rest = (ns % 1_000_000_000n).toString().padStart(9, '0')
  return `${new Date(Number(seconds) * 1_000).toISOString().slice(0, -5)}.${rest}Z`
}
