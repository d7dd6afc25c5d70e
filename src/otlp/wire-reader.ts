import { SpanlakeError } from '../errors.ts'
import { nestingDepthMax, requestItemsMax } from '../limits.ts'
import {
  wireBytes,
  wireFixed32,
  wireFixed64,
  wireGroupEnd,
  wireGroupStart,
  wireVarint,
} from './fields.ts'

/**
 * A cursor over protobuf bytes. Reading leaves its result in fields rather than in objects, because one span makes a
 * hundred reads. Everything malformed is thrown as kind `invalid` with its place.
 */
export class WireReader {
  readonly body: Uint8Array
  readonly view: DataView
  at = 0
  /** The halves of the last 64-bit value read, unsigned. */
  low = 0
  high = 0
  /** Where the last length-delimited field ends; `at` stands at its beginning. */
  fieldEnd = 0
  /** Spans, attributes, values and whatever else there may be many of, as they were met. */
  items = 0

  constructor(body: Uint8Array) {
    this.body = body
    this.view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  }

  /** The next tag, as an unsigned 32-bit number. */
  tag(end: number): number {
    const byte = this.at < end ? (this.body[this.at] as number) : 0x80
    if (byte < 0x80) {
      this.at++
      if (byte < 8) this.fail('otlp field number must not be 0')
      return byte
    }
    this.varint(end)
    if (this.high !== 0) this.fail('otlp field number is too large')
    if (this.low < 8) this.fail('otlp field number must not be 0')
    return this.low
  }

  /** Enters a length-delimited field: sets `fieldEnd`. */
  enter(end: number): void {
    const byte = this.at < end ? (this.body[this.at] as number) : 0x80
    let length = byte
    if (byte < 0x80) this.at++
    else {
      this.varint(end)
      length = this.high === 0 ? this.low : Number.POSITIVE_INFINITY
    }
    if (length > end - this.at) this.fail('otlp field reaches past the end of its message')
    this.fieldEnd = this.at + length
  }

  /** Reads a varint of up to 64 bits into `low` and `high`. */
  varint(end: number): void {
    const body = this.body
    let at = this.at
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= end) this.fail('otlp body is cut short within a number')
      const byte = body[at++] as number
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high = bits >>> 4
      } else if (shift < 63) high |= bits << (shift - 32)
      else high |= (bits & 1) << 31
      if (byte < 0x80) {
        this.at = at
        this.low = low >>> 0
        this.high = high >>> 0
        return
      }
    }
    this.fail('otlp number must be at most 10 bytes')
  }

  /** Reads eight little-endian bytes into `low` and `high`. */
  fixed64(end: number): void {
    const at = this.at
    if (end - at < 8) this.fail('otlp body is cut short within a number')
    this.low = this.view.getUint32(at, true)
    this.high = this.view.getUint32(at + 4, true)
    this.at = at + 8
  }

  fixed32(end: number): number {
    const at = this.at
    if (end - at < 4) this.fail('otlp body is cut short within a number')
    this.at = at + 4
    return this.view.getUint32(at, true)
  }

  /** Passes over the field whose tag was read. */
  skip(tag: number, end: number, depth = 0): void {
    switch (tag & 7) {
      case wireVarint:
        return this.varint(end)
      case wireFixed64:
        return this.advance(8, end)
      case wireBytes:
        this.enter(end)
        this.at = this.fieldEnd
        return
      case wireGroupStart:
        return this.skipGroup(tag, end, depth)
      case wireFixed32:
        return this.advance(4, end)
      default:
        this.fail(`otlp wire type must be known, got ${tag & 7}`)
    }
  }

  /** Counts one item, or `more` at once. */
  item(more = 1): void {
    this.items += more
    if (this.items > requestItemsMax) {
      throw new SpanlakeError(
        'too-large',
        `otlp request must have at most ${requestItemsMax} spans, attributes and values`,
      )
    }
  }

  fail(why: string): never {
    throw new SpanlakeError('invalid', `${why}, at byte ${this.at}`)
  }

  private advance(bytes: number, end: number): void {
    if (end - this.at < bytes) this.fail('otlp body is cut short within a number')
    this.at += bytes
  }

  private skipGroup(startTag: number, end: number, depth: number): void {
    if (depth >= nestingDepthMax) this.fail(`otlp nesting must be at most ${nestingDepthMax} deep`)
    const endTag = startTag - wireGroupStart + wireGroupEnd
    for (;;) {
      const tag = this.tag(end)
      if (tag === endTag) return
      if ((tag & 7) === wireGroupEnd) this.fail('otlp group must end with its own tag')
      this.skip(tag, end, depth + 1)
    }
  }
}
