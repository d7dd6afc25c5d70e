import type { ColumnType } from './condition.ts'

/** A bound as statistics have it, PLAIN and little-endian; undefined for what is no number or has another size. */
export function plainValue(
  type: ColumnType,
  bytes: Uint8Array,
): bigint | number | boolean | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  switch (type) {
    case 'int':
      return bytes.length === 8 ? view.getBigInt64(0, true) : undefined
    case 'int32':
      return bytes.length === 4 ? view.getInt32(0, true) : undefined
    case 'double':
      return bytes.length === 8 ? view.getFloat64(0, true) : undefined
    case 'bool':
      return bytes.length === 1 ? bytes[0] !== 0 : undefined
    case 'string':
    case 'json':
      return undefined
  }
}

/** A whole number as the PLAIN bytes of an INT64; undefined for what an INT64 cannot be. */
export function plainOf(value: bigint | number | boolean): Uint8Array | undefined {
  if (typeof value === 'boolean' || (typeof value === 'number' && !Number.isInteger(value))) {
    return undefined
  }
  const whole = BigInt(value)
  if (BigInt.asIntN(64, whole) !== whole) return undefined
  return new Uint8Array(BigInt64Array.of(whole).buffer)
}

/** The order of unsigned bytes, a beginning before what goes on. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
