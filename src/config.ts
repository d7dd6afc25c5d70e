import { SpanlakeError } from './errors.ts'
import { regionCharsMax } from './limits.ts'

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** `127.0.0.1:4318`, `[::1]:4318`, `localhost:0`; port 0 takes a free one. */
export function parseListen(text: string): ListenAddress {
  const [, bracketed, plain, digits] =
    text.match(/^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/) ?? []
  const host = bracketed ?? plain
  const port = Number(digits)
  if (host === undefined || port > 65_535) {
    throw new SpanlakeError(
      'invalid',
      `listen address must be HOST:PORT, for example 127.0.0.1:4318, got ${text}`,
    )
  }
  return { host, port }
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

const durationUnitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** `250ms`, `1s`, `2m`, `1h`, `30d`, in milliseconds; at least `msMin` and at most `msMax`. */
export function parseDurationMs(text: string, msMin: number, msMax: number): number {
  const [, digits, unit] = text.match(/^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/) ?? []
  const ms = Number(digits) * (durationUnitsMs[unit ?? ''] ?? Number.NaN)
  if (!(ms >= msMin && ms <= msMax)) {
    throw new SpanlakeError(
      'invalid',
      `duration must be from ${durationText(msMin)} to ${durationText(msMax)}, written like 250ms, 1s, 2m or 30d, got ${text}`,
    )
  }
  return Math.round(ms)
}

/** In the largest unit that needs no fraction. */
export function durationText(ms: number): string {
  const units = Object.entries(durationUnitsMs).sort(([, a], [, b]) => b - a)
  const [unit, unitMs] = units.find(([, size]) => ms % size === 0) ?? ['ms', 1]
  return `${ms / unitMs}${unit}`
}

const byteUnits: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
}

/** `64MiB`, `4GiB`, `1048576B`, in bytes; at least `bytesMin` and at most `bytesMax`. */
export function parseBytes(text: string, bytesMin: number, bytesMax: number): number {
  const [, digits, unit] = text.match(/^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB|TiB)$/) ?? []
  const bytes = Math.round(Number(digits) * (byteUnits[unit ?? ''] ?? Number.NaN))
  if (!(bytes >= bytesMin && bytes <= bytesMax)) {
    throw new SpanlakeError(
      'invalid',
      `size must be from ${bytesMin}B to ${bytesMax}B, written like 64MiB or 4GiB, got ${text}`,
    )
  }
  return bytes
}

/** The path of a data directory, as given; an empty one would be the current folder. */
export function parseDataDirectory(text: string): string {
  if (text === '' || text.includes('\0')) {
    throw new SpanlakeError('invalid', `data directory must be a path, got ${JSON.stringify(text)}`)
  }
  return text
}

/** A region's name: lower-case letters, digits and dashes, beginning with a letter; it becomes part of object keys. */
export function parseRegion(text: string): string {
  if (text.length > regionCharsMax || !/^[a-z][a-z0-9-]*$/.test(text)) {
    throw new SpanlakeError(
      'invalid',
      `region must be at most ${regionCharsMax} lower-case letters, digits and dashes, beginning with a letter, got ${text}`,
    )
  }
  return text
}

/** An origin as browsers send it: scheme, host and, where it is not the scheme's own, port. */
export function parseOrigin(text: string): string {
  const origin = URL.canParse(text) ? new URL(text).origin : undefined
  if (origin !== text || origin === 'null') {
    throw new SpanlakeError('invalid', `origin must be like https://app.example.com, got ${text}`)
  }
  return origin
}
