import { SpanlakeError } from '../errors.ts'

/**
 * A trace id as people paste it: up to 32 hex digits in any case, short ones padded on the left, or a whole W3C
 * `traceparent` (https://www.w3.org/TR/trace-context/#traceparent-header). 16 bytes; throws kind `invalid`.
 */
export function parseTraceId(text: string): Uint8Array {
  const trimmed = text.trim()
  const inParent = trimmed.match(/^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/i)?.[1]
  const digits = inParent ?? trimmed
  if (!/^[0-9a-f]{1,32}$/i.test(digits)) {
    const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text
    throw new SpanlakeError('invalid', `trace id must be 1 to 32 hex digits, got ${shown}`)
  }
  if (/^0+$/.test(digits)) throw new SpanlakeError('invalid', 'trace id must not be all zero')
  return bytesOfHex(digits.padStart(32, '0'))
}

const hexOfByte: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
)

/** Lower-case hex digits, two a byte. */
export function hexOf(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += hexOfByte[byte]
  return hex
}

/** The inverse of `hexOf`, for digits already checked: an even number of hex digits in any case. */
export function bytesOfHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

export function sameTraceId(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < 16; i++) if (a[i] !== b[i]) return false
  return true
}

/** In the order of bytes, as files and the index have them. */
export function compareTraceIds(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < 16; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return 0
}
