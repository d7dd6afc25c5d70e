import { grown } from '../span/string-table.ts'

const encoder = new TextEncoder()

/** Grows protobuf bytes. Submessages are opened and closed; the length goes in front once it is known. */
export class WireWriter {
  #bytes: Uint8Array<ArrayBufferLike>
  #view: DataView
  #at = 0

  constructor(bytesExpected = 4096) {
    this.#bytes = new Uint8Array(bytesExpected)
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** What was written; shares the writer's memory. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#at)
  }

  /** Begins a submessage; `close` takes what this returns. */
  open(tag: number): number {
    this.varint(tag)
    this.#room(1)
    return ++this.#at
  }

  close(start: number): void {
    const length = this.#at - start
    let lengthBytes = 1
    for (let rest = length; rest >= 0x80; rest = Math.floor(rest / 128)) lengthBytes++
    if (lengthBytes > 1) {
      this.#room(lengthBytes)
      this.#bytes.copyWithin(start + lengthBytes - 1, start, this.#at)
    }
    this.#at = start - 1
    this.varint(length)
    this.#at += length
  }

  /** An unsigned number below 2^53. */
  varint(value: number): void {
    this.#room(10)
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.#at++] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.#at++] = rest
  }

  /** A 64-bit number, negative ones as their two's complement. */
  varint64(value: bigint): void {
    this.#room(10)
    let rest = BigInt.asUintN(64, value)
    while (rest >= 0x80n) {
      this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.#bytes[this.#at++] = Number(rest)
  }

  number(tag: number, value: number): void {
    if (value === 0) return
    this.varint(tag)
    if (value < 0) this.varint64(BigInt(value))
    else this.varint(value)
  }

  fixed64(tag: number, value: bigint): void {
    if (value === 0n) return
    this.varint(tag)
    this.#room(8)
    this.#view.setBigUint64(this.#at, BigInt.asUintN(64, value), true)
    this.#at += 8
  }

  fixed32(tag: number, value: number): void {
    if (value === 0) return
    this.varint(tag)
    this.#room(4)
    this.#view.setUint32(this.#at, value, true)
    this.#at += 4
  }

  /** Also zero: a member of a oneof is there by being written. */
  double(tag: number, value: number): void {
    this.varint(tag)
    this.#room(8)
    this.#view.setFloat64(this.#at, value, true)
    this.#at += 8
  }

  /** Also empty, for members of a oneof. */
  bytes(tag: number, value: Uint8Array): void {
    this.varint(tag)
    this.varint(value.length)
    this.#room(value.length)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  text(tag: number, value: string): void {
    if (value !== '') this.bytes(tag, encoder.encode(value))
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return
    this.#bytes = grown(this.#bytes as Uint8Array, this.#at + bytes)
    this.#view = new DataView(this.#bytes.buffer)
  }
}
