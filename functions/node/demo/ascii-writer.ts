/** Grows protobuf bytes whose texts are ASCII; a writer of its own, so that the generator shares no code with the reader. */
export class AsciiWriter {
  #bytes: Uint8Array<ArrayBuffer>
  #view: DataView
  length = 0

  constructor(bytesExpected = 1024) {
    this.#bytes = new Uint8Array(bytesExpected)
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** A view of what was written, valid until the next write. */
  written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.length)
  }

  clear(): void {
    this.length = 0
  }

  /** Begins a submessage; `close` takes what this returns. */
  open(tag: number): number {
    this.byte(tag)
    this.byte(0)
    return this.length
  }

  /** Writes the length of what came since `open`, and makes room for it when one byte is not enough. */
  close(start: number): void {
    const length = this.length - start
    if (length < 0x80) {
      this.#bytes[start - 1] = length
      return
    }
    const moreBytes = length < 0x4000 ? 1 : length < 0x200000 ? 2 : 3
    this.#room(moreBytes)
    this.#bytes.copyWithin(start + moreBytes, start, this.length)
    this.length = start - 1
    this.varint(length)
    this.length += length
  }

  byte(value: number): void {
    this.#room(1)
    this.#bytes[this.length++] = value
  }

  varint(value: number): void {
    this.#room(10)
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.length++] = rest
  }

  fixed64(value: bigint): void {
    this.#room(8)
    this.#view.setBigUint64(this.length, value, true)
    this.length += 8
  }

  fixed32(value: number): void {
    this.#room(4)
    this.#view.setUint32(this.length, value, true)
    this.length += 4
  }

  double(value: number): void {
    this.#room(8)
    this.#view.setFloat64(this.length, value, true)
    this.length += 8
  }

  /** Bytes as they are, with neither tag nor length. */
  raw(bytes: Uint8Array): void {
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  text(tag: number, value: string): void {
    this.byte(tag)
    this.varint(value.length)
    this.#room(value.length)
    const bytes = this.#bytes
    for (let i = 0; i < value.length; i++) bytes[this.length + i] = value.charCodeAt(i)
    this.length += value.length
  }

  #room(bytes: number): void {
    if (this.length + bytes <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(this.length + bytes, this.#bytes.length * 2))
    larger.set(this.#bytes)
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
}
