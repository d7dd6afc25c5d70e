import type { BatchAttribute } from '../span/span-batch.ts'
import { attributeTypes } from '../span/span-batch.ts'
import type { SpanBatchBuilder } from '../span/span-batch-builder.ts'
import { scalarText, valueText } from './any-value-text.ts'
import { type ValueWalker, valueKinds } from './value-walker.ts'
import { RequestWalker, type SpanSink } from './walk.ts'

export interface DecodeOptions {
  /** Written to `envelopeOfRow`: the envelope's place in its file's list. */
  readonly envelope: number
  /** Only spans with ordinals in `[fromOrdinal, toOrdinal)`. */
  readonly fromOrdinal?: number
  readonly toOrdinal?: number
}

/**
 * Appends the valid spans of a protobuf ExportTraceServiceRequest to the batch, in wire order. Takes every body that
 * `checkRequest` takes, and of the others none whose spans it walks to the end; the builder is then spoilt.
 */
export function decodeRequest(
  body: Uint8Array,
  builder: SpanBatchBuilder,
  options: DecodeOptions,
): void {
  new RequestWalker(body, new BatchSink(builder, options)).walk()
}

const predictedKeys = 32

const [typeString, typeInt, typeDouble, typeBool, typeJson] = [0, 1, 2, 3, 4]

class BatchSink implements SpanSink {
  readonly #builder: SpanBatchBuilder
  readonly #envelope: number
  readonly toOrdinal: number
  readonly #from: number
  #resource = 0
  #scope = 0
  #row = 0
  /** The key ids of the span before, by position: spans of one kind list the same keys in the same order. */
  readonly #keysBefore = new Uint32Array(predictedKeys)
  #position = 0

  constructor(builder: SpanBatchBuilder, options: DecodeOptions) {
    this.#builder = builder
    this.#envelope = options.envelope
    this.#from = options.fromOrdinal ?? 0
    this.toOrdinal = options.toOrdinal ?? Number.POSITIVE_INFINITY
  }

  resource(bytes: Uint8Array, start: number, end: number, schemaUrl: Uint8Array): void {
    const builder = this.#builder
    const message = builder.messages.intern(bytes, start, end)
    const url = builder.strings.intern(schemaUrl, 0, schemaUrl.length)
    this.#resource = this.#once(`r${message}/${url}`, () => {
      const walker = new RequestWalker(bytes)
      const attributes = this.#attributesOf((add) => walker.walkResource(start, end, add))
      const droppedAttributesCount = walker.droppedAttributes
      return builder.resources.push({ attributes, droppedAttributesCount, schemaUrl: url }) - 1
    })
  }

  scope(bytes: Uint8Array, start: number, end: number, schemaUrl: Uint8Array): void {
    const builder = this.#builder
    const message = builder.messages.intern(bytes, start, end)
    const url = builder.strings.intern(schemaUrl, 0, schemaUrl.length)
    this.#scope = this.#once(`s${message}/${url}`, () => {
      const walker = new RequestWalker(bytes)
      const attributes = this.#attributesOf((add) => walker.walkScope(start, end, add))
      return (
        builder.scopes.push({
          name: builder.strings.intern(bytes, walker.nameStart, walker.nameEnd),
          version: builder.strings.intern(bytes, walker.versionStart, walker.versionEnd),
          attributes,
          droppedAttributesCount: walker.droppedAttributes,
          schemaUrl: url,
        }) - 1
      )
    })
  }

  wants(ordinal: number): boolean {
    return ordinal >= this.#from && ordinal < this.toOrdinal
  }

  span(walker: RequestWalker, ordinal: number): void {
    const builder = this.#builder
    const row = builder.addRow()
    const { body } = walker
    const { strings } = builder
    this.#row = row
    this.#position = 0
    copy(body, walker.traceIdStart, 16, builder.traceIds, 16 * row)
    copy(body, walker.spanIdStart, 8, builder.spanIds, 8 * row)
    if (walker.parentEnd > walker.parentStart) {
      copy(body, walker.parentStart, 8, builder.parentSpanIds, 8 * row)
    }
    builder.startHalves[2 * row] = walker.startLow
    builder.startHalves[2 * row + 1] = walker.startHigh
    builder.endHalves[2 * row] = walker.endLow
    builder.endHalves[2 * row + 1] = walker.endHigh
    builder.names[row] = strings.intern(body, walker.nameStart, walker.nameEnd)
    builder.statusMessages[row] = strings.intern(body, walker.messageStart, walker.messageEnd)
    builder.traceStates[row] = strings.intern(body, walker.stateStart, walker.stateEnd)
    builder.kinds[row] = walker.kind
    builder.statusCodes[row] = walker.statusCode
    builder.flags[row] = walker.flags
    builder.droppedAttributesCounts[row] = walker.droppedAttributes
    builder.droppedEventsCounts[row] = walker.droppedEvents
    builder.droppedLinksCounts[row] = walker.droppedLinks
    builder.resourceOfRow[row] = this.#resource
    builder.scopeOfRow[row] = this.#scope
    builder.envelopeOfRow[row] = this.#envelope
    builder.ordinals[row] = ordinal
  }

  attribute(walker: RequestWalker): void {
    const { attributes, strings } = this.#builder
    const key = this.#keyOf(walker)
    if (walker.valueKind !== valueKinds.string) {
      attributes.set(this.#row, key, typeOfKind[walker.valueKind] as number, this.#valueId(walker))
      return
    }
    // Neighbours often have the same value: comparing is cheaper than hashing.
    const { body, valueStart, valueEnd } = walker
    const before = attributes.lastValue(key, typeString)
    const same = strings.is(before, body, valueStart, valueEnd)
    const value = same ? before : strings.intern(body, valueStart, valueEnd)
    attributes.set(this.#row, key, typeString, value)
  }

  #keyOf(walker: RequestWalker): number {
    const { attributes } = this.#builder
    const { body, keyStart, keyEnd } = walker
    const position = this.#position++
    if (position >= predictedKeys) return attributes.keyId(body, keyStart, keyEnd)
    const before = this.#keysBefore[position] as number
    if (attributes.isKey(before, body, keyStart, keyEnd)) return before
    const key = attributes.keyId(body, keyStart, keyEnd)
    this.#keysBefore[position] = key
    return key
  }

  event(walker: RequestWalker): void {
    const { events, strings } = this.#builder
    const name = strings.intern(walker.body, walker.nameStart, walker.nameEnd)
    events.add(walker.startLow, walker.startHigh, name, walker.droppedAttributes)
  }

  eventAttribute(walker: RequestWalker): void {
    const { events } = this.#builder
    const { key, type, text } = this.#textual(walker)
    events.attributes.add(events.length - 1, key, type, text)
  }

  link(walker: RequestWalker): void {
    const { links, strings } = this.#builder
    const { body } = walker
    const state = strings.intern(body, walker.stateStart, walker.stateEnd)
    const at = links.add(state, walker.flags, walker.droppedAttributes)
    if (walker.traceIdEnd - walker.traceIdStart === 16) {
      copy(body, walker.traceIdStart, 16, links.traceIds, 16 * at)
    }
    if (walker.spanIdEnd - walker.spanIdStart === 8) {
      copy(body, walker.spanIdStart, 8, links.spanIds, 8 * at)
    }
  }

  linkAttribute(walker: RequestWalker): void {
    const { links } = this.#builder
    const { key, type, text } = this.#textual(walker)
    links.attributes.add(links.length - 1, key, type, text)
  }

  #once(identity: string, add: () => number): number {
    const known = this.#builder.knownMessages.get(identity)
    if (known !== undefined) return known
    const index = add()
    this.#builder.knownMessages.set(identity, index)
    return index
  }

  /** The attributes of a resource or scope; of a key that stands twice, the last counts. */
  #attributesOf(walk: (add: (walker: ValueWalker) => void) => void): BatchAttribute[] {
    const byKey = new Map<number, BatchAttribute>()
    walk((walker) => {
      const key = this.#builder.strings.intern(walker.body, walker.keyStart, walker.keyEnd)
      const type = attributeTypes[typeOfKind[walker.valueKind] as number] as BatchAttribute['type']
      byKey.set(key, { key, type, value: this.#valueId(walker) })
    })
    return [...byKey.values()]
  }

  /** How a `SpanBatch` holds the value at hand. */
  #valueId(walker: ValueWalker): number {
    const { strings, ints, doubles } = this.#builder
    switch (walker.valueKind) {
      case valueKinds.string:
        return strings.intern(walker.body, walker.valueStart, walker.valueEnd)
      case valueKinds.int:
        return ints.intern(walker.valueLow, walker.valueHigh)
      case valueKinds.double:
        return doubles.intern(walker.valueLow, walker.valueHigh)
      case valueKinds.bool:
        return walker.valueLow !== 0 || walker.valueHigh !== 0 ? 1 : 0
      default:
        return strings.internText(valueText(walker))
    }
  }

  /** The attribute at hand as events and links hold theirs. Few spans have any, so an object is fine here. */
  #textual(walker: ValueWalker): { key: number; type: number; text: number } {
    const { strings } = this.#builder
    const key = strings.intern(walker.body, walker.keyStart, walker.keyEnd)
    const type = typeOfKind[walker.valueKind] as number
    if (type === typeString) {
      return { key, type, text: strings.intern(walker.body, walker.valueStart, walker.valueEnd) }
    }
    const value = type === typeJson ? valueText(walker) : scalarText(walker)
    return { key, type, text: strings.internText(value) }
  }
}

/** Indexes into `attributeTypes`, by `valueKinds`. */
const typeOfKind: readonly number[] = [
  typeJson,
  typeString,
  typeBool,
  typeInt,
  typeDouble,
  typeJson,
  typeJson,
  typeJson,
]

function copy(from: Uint8Array, start: number, length: number, to: Uint8Array, at: number): void {
  for (let i = 0; i < length; i++) to[at + i] = from[start + i] as number
}
