const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Standard base64 with padding (RFC 4648 section 4). */
export function base64Of(bytes: Uint8Array): string {
  let text = ''
  let at = 0
  for (; at + 3 <= bytes.length; at += 3) {
    text += quad(bytes[at] as number, bytes[at + 1] as number, bytes[at + 2] as number)
  }
  if (at + 1 === bytes.length) return `${text}${quad(bytes[at] as number, 0, 0).slice(0, 2)}==`
  if (at + 2 === bytes.length) {
    return `${text}${quad(bytes[at] as number, bytes[at + 1] as number, 0).slice(0, 3)}=`
  }
  return text
}

/** Standard or URL-safe, padded or not; undefined when it is neither. */
export function parseBase64(text: string): Uint8Array | undefined {
  const digits = text.replace(/={1,2}$/, '')
  if (digits.length % 4 === 1 || !/^[A-Za-z0-9+/_-]*$/.test(digits)) return undefined
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4))
  let bits = 0
  let held = 0
  let at = 0
  for (let i = 0; i < digits.length; i++) {
    held = ((held << 6) | digitOf(digits.charCodeAt(i))) & 0xffffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = (held >>> bits) & 0xff
  }
  return bytes
}

/** The bytes of base64 that we wrote ourselves. */
export function bytesOfBase64(text: string): Uint8Array {
  return parseBase64(text) ?? new Uint8Array(0)
}

function quad(a: number, b: number, c: number): string {
  const word = (a << 16) | (b << 8) | c
  return `${alphabet[word >>> 18]}${alphabet[(word >>> 12) & 63]}${alphabet[(word >>> 6) & 63]}${alphabet[word & 63]}`
}

function digitOf(code: number): number {
  if (code >= 0x61) return code - 0x61 + 26 // a-z
  if (code === 0x5f) return 63 // _
  if (code >= 0x41) return code - 0x41 // A-Z
  if (code >= 0x30 && code <= 0x39) return code - 0x30 + 52
  return code === 0x2b || code === 0x2d ? 62 : 63 // + - and /
}
