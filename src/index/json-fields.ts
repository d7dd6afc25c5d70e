import { corrupt } from '../parquet/byte-reader.ts'

/** Reads typed members of JSON that nobody has checked yet; everything odd is thrown as kind `corrupt`. */
export function jsonFields(json: unknown, name: string) {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw corrupt(name, 'must be an object')
  }
  const object = json as Readonly<Record<string, unknown>>
  const odd = (field: string, expected: string) =>
    corrupt(name, `must have ${expected} as ${field}`)
  const text = (field: string): string => {
    const value = object[field]
    if (typeof value !== 'string') throw odd(field, 'a string')
    return value
  }
  const count = (value: unknown, field: string): number =>
    isCount(value) ? value : fail(odd(field, 'a count'))
  const list = <T>(field: string, read: (item: unknown) => T): T[] => {
    const value = object[field]
    if (!Array.isArray(value)) throw odd(field, 'a list')
    return value.map((item) => read(item))
  }
  return {
    text,
    /** A string of a shape. */
    shaped(field: string, pattern: RegExp): string {
      const value = text(field)
      if (!pattern.test(value)) throw odd(field, String(pattern))
      return value
    },
    /** A whole number from 0 to 2^53. */
    count: (field: string): number => count(object[field], field),
    counts: (field: string): number[] => list(field, (item) => count(item, field)),
    /** A signed 64-bit number, as decimal text. */
    int64(field: string): bigint {
      const value = text(field)
      if (!/^-?\d{1,19}$/.test(value) || BigInt.asIntN(64, BigInt(value)) !== BigInt(value)) {
        throw odd(field, 'a 64-bit number')
      }
      return BigInt(value)
    },
    bytes(field: string): Uint8Array {
      return bytesOfHex(text(field)) ?? fail(odd(field, 'hex digits'))
    },
    texts: (field: string): string[] =>
      list(field, (item) => (typeof item === 'string' ? item : fail(odd(field, 'strings')))),
    list,
    value: (field: string): unknown => object[field],
  }
}

/** A whole number from 0 to 2^53. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function fail(error: Error): never {
  throw error
}

export function hexOfBytes(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0')
  return hex
}

function bytesOfHex(hex: string): Uint8Array | undefined {
  if (hex.length % 2 !== 0 || !/^[0-9a-f]*$/.test(hex)) return undefined
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) =>
    Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16),
  )
}

/** Throws kind `corrupt` unless each item comes after the one before. */
export function checkAscending(items: readonly string[], what: string, name: string): void {
  const at = items.findIndex((item, i) => i > 0 && item <= (items[i - 1] as string))
  if (at > 0) throw corrupt(name, `must have ascending ${what}, got ${items[at]}`)
}
