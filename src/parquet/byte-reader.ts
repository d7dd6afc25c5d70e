import { SpanlakeError } from '../errors.ts'

/** A cursor over bytes that nobody has checked yet: every read past the end throws kind `corrupt`. */
export class ByteReader {
  readonly bytes: Uint8Array
  offset: number
  readonly end: number
  /** What is being read, for messages. */
  readonly name: string

  constructor(bytes: Uint8Array, name: string, offset = 0, end = bytes.length) {
    this.bytes = bytes
    this.name = name
    this.offset = offset
    this.end = end
    if (offset < 0 || end > bytes.length || offset > end) {
      throw corrupt(name, `must lie within ${bytes.length} bytes, got ${offset} to ${end}`)
    }
  }

  get left(): number {
    return this.end - this.offset
  }

  need(bytes: number): void {
    if (!(bytes >= 0 && bytes <= this.end - this.offset)) {
      throw corrupt(this.name, `is cut short at byte ${this.offset}`)
    }
  }

  u8(): number {
    this.need(1)
    return this.bytes[this.offset++]!
  }

  u32(): number {
    this.need(4)
    const { bytes, offset } = this
    this.offset += 4
    return (
      (bytes[offset]! |
        (bytes[offset + 1]! << 8) |
        (bytes[offset + 2]! << 16) |
        (bytes[offset + 3]! << 24)) >>>
      0
    )
  }

  i64(): bigint {
    const low = this.u32()
    return BigInt.asIntN(64, (BigInt(this.u32()) << 32n) | BigInt(low))
  }

  /** Unsigned LEB128 up to 2^53. */
  varint(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.u8()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) break
      scale *= 0x80
      if (scale > 2 ** 49)
        throw corrupt(this.name, `holds a varint too long at byte ${this.offset}`)
    }
    if (value > Number.MAX_SAFE_INTEGER) {
      throw corrupt(this.name, `holds a varint too large at byte ${this.offset}`)
    }
    return value
  }

  /** Unsigned LEB128 of 64 bits. */
  varint64(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.u8()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw corrupt(this.name, `holds a varint too long at byte ${this.offset}`)
  }

  /** Shares memory with what is read. */
  take(bytes: number): Uint8Array {
    this.need(bytes)
    this.offset += bytes
    return this.bytes.subarray(this.offset - bytes, this.offset)
  }
}

export function corrupt(name: string, complaint: string, cause?: unknown): SpanlakeError {
  return new SpanlakeError('corrupt', `${name} ${complaint}`, { cause })
}
