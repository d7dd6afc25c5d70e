import { nestingDepthMax } from '../limits.ts'
import * as fields from './fields.ts'
import { WireReader } from './wire-reader.ts'

/** Which member of AnyValue's oneof a value is; `none` is an empty AnyValue. */
export const valueKinds = {
  none: 0,
  string: 1,
  bool: 2,
  int: 3,
  double: 4,
  array: 5,
  map: 6,
  bytes: 7,
} as const

/** Given as a depth: what is nested in the value was checked when the walk passed it first. */
export const checkedBefore = -1

/** The part of the walker that reads attributes, and the messages that are little else: resource and scope. */
export class ValueWalker extends WireReader {
  // Fields that spans, events, links, resources and scopes share. Ranges are offsets into `body`.
  nameStart = 0
  nameEnd = 0
  versionStart = 0
  versionEnd = 0
  droppedAttributes = 0

  // The attribute at hand. A string or bytes value is a range; a number is `valueLow`, `valueHigh`; an array, a map
  // or an empty value is the range of the whole AnyValue message.
  keyStart = 0
  keyEnd = 0
  valueKind = 0
  valueStart = 0
  valueEnd = 0
  valueLow = 0
  valueHigh = 0

  /** Keys and values given as indexes into a table of strings, which only profiles have: read as absent. */
  stringIndexes = 0

  /** Walks a Resource; leaves its count in `droppedAttributes` and hands each attribute on. */
  walkResource(start: number, end: number, onAttribute?: (walker: ValueWalker) => void): void {
    this.droppedAttributes = 0
    this.at = start
    while (this.at < end) {
      const tag = this.tag(end)
      if (tag === fields.resource.droppedAttributesCount) {
        this.varint(end)
        this.droppedAttributes = this.low
      } else if (tag === fields.resource.attributes) this.#walkOwn(end, onAttribute)
      else this.skip(tag, end)
    }
  }

  /** Walks an InstrumentationScope in the same way; name and version are left as ranges. */
  walkScope(start: number, end: number, onAttribute?: (walker: ValueWalker) => void): void {
    this.nameStart = this.nameEnd = this.versionStart = this.versionEnd = 0
    this.droppedAttributes = 0
    this.at = start
    while (this.at < end) {
      const tag = this.tag(end)
      if (tag === fields.scope.name) {
        this.enter(end)
        this.nameStart = this.at
        this.at = this.nameEnd = this.fieldEnd
      } else if (tag === fields.scope.version) {
        this.enter(end)
        this.versionStart = this.at
        this.at = this.versionEnd = this.fieldEnd
      } else if (tag === fields.scope.droppedAttributesCount) {
        this.varint(end)
        this.droppedAttributes = this.low
      } else if (tag === fields.scope.attributes) this.#walkOwn(end, onAttribute)
      else this.skip(tag, end)
    }
  }

  #walkOwn(end: number, onAttribute?: (walker: ValueWalker) => void): void {
    this.item()
    this.enter(end)
    const next = this.fieldEnd
    this.readKeyValue(this.at, next, 0)
    onAttribute?.(this)
    this.at = next
  }

  /**
   * Reads one KeyValue into the fields of the attribute at hand, and checks all that is nested in it, which stands
   * `depth` levels deep.
   */
  readKeyValue(start: number, end: number, depth: number): void {
    if (this.isShortString(start, end)) {
      this.keyStart = start + 2
      this.keyEnd = start + 2 + (this.body[start + 1] as number)
      this.valueKind = valueKinds.string
      this.valueStart = this.keyEnd + 4
      this.valueEnd = this.at = end
      return
    }
    let keyStart = 0
    let keyEnd = 0
    this.valueKind = valueKinds.none
    this.valueStart = this.valueEnd = 0
    this.at = start
    while (this.at < end) {
      const tag = this.tag(end)
      if (tag === fields.keyValue.key) {
        this.enter(end)
        keyStart = this.at
        this.at = keyEnd = this.fieldEnd
      } else if (tag === fields.keyValue.value) {
        this.enter(end)
        this.readAnyValue(this.at, this.fieldEnd, depth)
      } else {
        if (tag === fields.keyValue.keyStrindex) this.stringIndexes++
        this.skip(tag, end)
      }
    }
    this.keyStart = keyStart
    this.keyEnd = keyEnd
  }

  /**
   * Whether a KeyValue is a key and then a string, both shorter than 128 bytes, and nothing else: what nearly every
   * attribute is, told in a third of the steps.
   */
  isShortString(start: number, end: number): boolean {
    const body = this.body
    if (end - start < 6 || body[start] !== fields.keyValue.key) return false
    const keyEnd = start + 2 + (body[start + 1] as number)
    if (keyEnd + 4 > end || body[keyEnd] !== fields.keyValue.value) return false
    if (body[keyEnd + 2] !== fields.anyValue.stringValue) return false
    const stringBytes = end - keyEnd - 4
    if (stringBytes > 125 || body[keyEnd + 3] !== stringBytes) return false
    return body[keyEnd + 1] === stringBytes + 2 && keyEnd - start <= 129
  }

  /** Reads an AnyValue into `valueKind` and what goes with it. */
  readAnyValue(start: number, end: number, depth: number): void {
    let kind: number = valueKinds.none
    let valueStart = start
    let valueEnd = end
    this.at = start
    while (this.at < end) {
      const tag = this.tag(end)
      switch (tag) {
        case fields.anyValue.stringValue:
        case fields.anyValue.bytesValue:
          this.enter(end)
          kind = tag === fields.anyValue.stringValue ? valueKinds.string : valueKinds.bytes
          valueStart = this.at
          this.at = valueEnd = this.fieldEnd
          break
        case fields.anyValue.boolValue:
        case fields.anyValue.intValue:
          this.varint(end)
          kind = tag === fields.anyValue.intValue ? valueKinds.int : valueKinds.bool
          this.valueLow = this.low
          this.valueHigh = this.high
          break
        case fields.anyValue.doubleValue:
          this.fixed64(end)
          kind = valueKinds.double
          this.valueLow = this.low
          this.valueHigh = this.high
          break
        case fields.anyValue.arrayValue:
          this.enter(end)
          kind = valueKinds.array
          valueStart = this.at
          valueEnd = this.fieldEnd
          if (depth === checkedBefore) this.at = valueEnd
          else this.#checkArray(valueStart, valueEnd, depth + 1)
          break
        case fields.anyValue.kvlistValue:
          this.enter(end)
          kind = valueKinds.map
          valueStart = this.at
          valueEnd = this.fieldEnd
          if (depth === checkedBefore) this.at = valueEnd
          else this.#checkMap(valueStart, valueEnd, depth + 1)
          break
        default:
          if (tag === fields.anyValue.stringValueStrindex) this.stringIndexes++
          this.skip(tag, end)
      }
    }
    this.valueKind = kind
    this.valueStart = valueStart
    this.valueEnd = valueEnd
    this.at = end
  }

  #checkArray(start: number, end: number, depth: number): void {
    this.#checkDepth(depth)
    this.at = start
    while (this.at < end) {
      const tag = this.tag(end)
      if (tag !== fields.arrayValue.values) {
        this.skip(tag, end)
        continue
      }
      this.item()
      this.enter(end)
      this.readAnyValue(this.at, this.fieldEnd, depth)
    }
    this.at = end
  }

  #checkMap(start: number, end: number, depth: number): void {
    this.#checkDepth(depth)
    this.at = start
    while (this.at < end) {
      const tag = this.tag(end)
      if (tag !== fields.keyValueList.values) {
        this.skip(tag, end)
        continue
      }
      this.item()
      this.enter(end)
      const next = this.fieldEnd
      this.readKeyValue(this.at, next, depth)
      this.at = next
    }
    this.at = end
  }

  #checkDepth(depth: number): void {
    if (depth > nestingDepthMax) this.fail(`otlp nesting must be at most ${nestingDepthMax} deep`)
  }
}
