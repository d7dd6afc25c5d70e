/** A buffer that grows: little-endian numbers, varints and bytes, one after the other. */
export class ByteWriter {
  bytes: Uint8Array
  length = 0

  constructor(bytesAtFirst = 256) {
    this.bytes = new Uint8Array(bytesAtFirst)
  }

  /** Makes room for `bytesToAppend` more, without appending them. */
  reserve(bytesToAppend: number): void {
    const needed = this.length + bytesToAppend
    if (needed <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }

  u8(value: number): void {
    this.reserve(1)
    this.bytes[this.length++] = value
  }

  u32(value: number): void {
    this.reserve(4)
    this.bytes[this.length++] = value
    this.bytes[this.length++] = value >>> 8
    this.bytes[this.length++] = value >>> 16
    this.bytes[this.length++] = value >>> 24
  }

  i64(value: bigint): void {
    this.u32(Number(value & 0xffff_ffffn))
    this.u32(Number((value >> 32n) & 0xffff_ffffn))
  }

  f64(value: number): void {
    this.reserve(8)
    new DataView(this.bytes.buffer).setFloat64(this.length, value, true)
    this.length += 8
  }

  /** Unsigned LEB128 of a whole number up to 2^53. */
  varint(value: number): void {
    this.reserve(8)
    let rest = value
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.bytes[this.length++] = rest
  }

  /** Unsigned LEB128 of 64 bits. */
  varint64(value: bigint): void {
    let rest = BigInt.asUintN(64, value)
    while (rest >= 0x80n) {
      this.u8(Number(rest & 0x7fn) | 0x80)
      rest >>= 7n
    }
    this.u8(Number(rest))
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  /** What was written; shares memory with the writer. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length)
  }

  /** What was written, as a copy of exactly that size. */
  copy(): Uint8Array {
    return this.bytes.slice(0, this.length)
  }
}
