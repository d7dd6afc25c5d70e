import { SpanlakeError } from '../errors.ts'
import { requestSpansMax, spanItemsMax } from '../limits.ts'
import * as fields from './fields.ts'
import { ValueWalker } from './value-walker.ts'

/** What a walk meets, in this order: resource, scope, span, then its attributes, events and links. */
export interface SpanSink {
  /** The bytes of a Resource message and of its schema URL; the sink walks those that it does not know. */
  resource(bytes: Uint8Array, start: number, end: number, schemaUrl: Uint8Array): void
  /** The bytes of an InstrumentationScope message and of its schema URL. */
  scope(bytes: Uint8Array, start: number, end: number, schemaUrl: Uint8Array): void
  /** Whether the span at this place on the wire is wanted. */
  wants(ordinal: number): boolean
  /** No span from this place on is wanted: what stands behind it need not be walked. */
  readonly toOrdinal: number
  /** A wanted, valid span: its fields are those of the walker, until the next call. */
  span(walker: RequestWalker, ordinal: number): void
  attribute(walker: RequestWalker): void
  event(walker: RequestWalker): void
  eventAttribute(walker: RequestWalker): void
  link(walker: RequestWalker): void
  linkAttribute(walker: RequestWalker): void
}

const noBytes = new Uint8Array(0)
const noParts = new Uint32Array(0)
const firstParts = 64
const spanOwner = 0
const eventOwner = 1
const linkOwner = 2
type Owner = typeof spanOwner | typeof eventOwner | typeof linkOwner

/**
 * Walks an ExportTraceServiceRequest. The door walks it without a sink, to check and to count; the press walks it with
 * one, to fill columns: one walker, so that what the one accepts the other can decode. Nothing is allocated per span or
 * attribute; what was found stands in the walker's fields. Throws kind `invalid` on anything that is not protobuf or is
 * nested deeper than `nestingDepthMax`, `too-large` where there is too much of it; unknown fields are passed over.
 *
 * Submessages that stand twice are merged as proto3 says (resource, scope, status); a second `value` of one KeyValue
 * replaces the first.
 */
export class RequestWalker extends ValueWalker {
  /** Spans met so far, valid or not: the next ordinal. */
  spans = 0
  invalidTraceIds = 0
  invalidSpanIds = 0
  /** Spans with more than `spanItemsMax` attributes, events and links. */
  oversizedSpans = 0
  /** Parent ids of a wrong length, read as absent. */
  oddParents = 0

  // The span, event or link at hand. Ranges are offsets into `body`.
  traceIdStart = 0
  traceIdEnd = 0
  spanIdStart = 0
  spanIdEnd = 0
  parentStart = 0
  parentEnd = 0
  stateStart = 0
  stateEnd = 0
  messageStart = 0
  messageEnd = 0
  kind = 0
  statusCode = 0
  flags = 0
  droppedEvents = 0
  droppedLinks = 0
  startLow = 0
  startHigh = 0
  endLow = 0
  endHigh = 0

  // The resource or scope message at hand, and its schema URL.
  headBytes: Uint8Array = noBytes
  headStart = 0
  headEnd = 0
  headSchemaUrl: Uint8Array = noBytes

  readonly #sink: SpanSink | undefined
  /** Whether the span at hand goes to the sink. */
  #emits = false
  /** Start and end of each attribute, event and link of the span at hand, kept until its ids are known to be good. */
  #parts = noParts
  #partTags = noBytes
  #partCount = 0
  #checkedAttributes = 0

  constructor(body: Uint8Array, sink?: SpanSink) {
    super(body)
    this.#sink = sink
  }

  walk(): void {
    const end = this.body.length
    while (this.at < end && !this.#isDone()) {
      const tag = this.tag(end)
      if (tag !== fields.exportRequest.resourceSpans) {
        this.skip(tag, end)
        continue
      }
      this.item()
      this.enter(end)
      this.#walkResourceSpans(this.at, this.fieldEnd)
    }
  }

  #walkResourceSpans(start: number, end: number): void {
    const { resource, scopeSpans, schemaUrl } = fields.resourceSpans
    this.#readHead(start, end, resource, schemaUrl)
    const { headBytes, headStart, headEnd, headSchemaUrl } = this
    if (this.#sink) this.#sink.resource(headBytes, headStart, headEnd, headSchemaUrl)
    else this.#checkHead((walker) => walker.walkResource(headStart, headEnd))
    this.at = start
    while (this.at < end && !this.#isDone()) {
      const tag = this.tag(end)
      if (tag !== scopeSpans) {
        this.skip(tag, end)
        continue
      }
      this.item()
      this.enter(end)
      this.#walkScopeSpans(this.at, this.fieldEnd)
    }
  }

  #walkScopeSpans(start: number, end: number): void {
    const { scope, spans, schemaUrl } = fields.scopeSpans
    this.#readHead(start, end, scope, schemaUrl)
    const { headBytes, headStart, headEnd, headSchemaUrl } = this
    if (this.#sink) this.#sink.scope(headBytes, headStart, headEnd, headSchemaUrl)
    else this.#checkHead((walker) => walker.walkScope(headStart, headEnd))
    this.at = start
    while (this.at < end && !this.#isDone()) {
      const tag = this.tag(end)
      if (tag !== spans) {
        this.skip(tag, end)
        continue
      }
      this.enter(end)
      this.#walkSpan(this.fieldEnd)
    }
  }

  #isDone(): boolean {
    return this.#sink !== undefined && this.spans >= this.#sink.toOrdinal
  }

  /**
   * Finds the message and the schema URL that belong to all spans of a ResourceSpans or ScopeSpans: they may stand
   * behind the spans.
   */
  #readHead(start: number, end: number, messageTag: number, schemaUrlTag: number): void {
    this.headBytes = this.body
    this.headStart = 0
    this.headEnd = 0
    this.headSchemaUrl = noBytes
    let found = 0
    this.at = start
    while (this.at < end) {
      const tag = this.tag(end)
      if (tag === messageTag) {
        this.enter(end)
        found++
        this.headStart = this.at
        this.at = this.headEnd = this.fieldEnd
      } else if (tag === schemaUrlTag) {
        this.enter(end)
        this.headSchemaUrl = this.body.subarray(this.at, this.fieldEnd)
        this.at = this.fieldEnd
      } else this.skip(tag, end)
    }
    if (found > 1) this.#mergeHeads(start, end, messageTag)
  }

  /** Merging messages of one field is to concatenate their bytes: in one go, as there may be millions of them. */
  #mergeHeads(start: number, end: number, messageTag: number): void {
    const merged = new Uint8Array(end - start)
    let length = 0
    this.at = start
    while (this.at < end) {
      const tag = this.tag(end)
      if (tag !== messageTag) {
        this.skip(tag, end)
        continue
      }
      this.enter(end)
      while (this.at < this.fieldEnd) merged[length++] = this.body[this.at++] as number
    }
    this.headBytes = merged
    this.headStart = 0
    this.headEnd = length
  }

  /** Walks the head just found, here or, when it was merged, where its bytes are. */
  #checkHead(walk: (walker: ValueWalker) => void): void {
    if (this.headBytes === this.body) return walk(this)
    const walker = new RequestWalker(this.headBytes)
    walk(walker)
    this.stringIndexes += walker.stringIndexes
    this.item(walker.items)
  }

  #walkSpan(end: number): void {
    this.item()
    const ordinal = this.spans++
    if (ordinal >= requestSpansMax) {
      throw new SpanlakeError(
        'too-large',
        `otlp request must have at most ${requestSpansMax} spans`,
      )
    }
    this.#resetSpan()
    while (this.at < end) this.#readSpanField(this.tag(end), end)
    this.#emits = false
    const valid = this.#checkIds() && this.#checkSize()
    const sink = this.#sink
    if (valid && sink?.wants(ordinal)) {
      this.#emits = true
      sink.span(this, ordinal)
    }
    this.#walkParts()
    this.at = end
  }

  #resetSpan(): void {
    this.traceIdStart = this.traceIdEnd = 0
    this.spanIdStart = this.spanIdEnd = 0
    this.parentStart = this.parentEnd = 0
    this.stateStart = this.stateEnd = 0
    this.nameStart = this.nameEnd = 0
    this.messageStart = this.messageEnd = 0
    this.kind = this.statusCode = this.flags = 0
    this.droppedAttributes = this.droppedEvents = this.droppedLinks = 0
    this.startLow = this.startHigh = this.endLow = this.endHigh = 0
    this.#partCount = this.#checkedAttributes = 0
  }

  #readSpanField(tag: number, end: number): void {
    // The labels are no literals and are compared one by one: what there is most of comes first.
    if (tag === fields.span.attributes) {
      if (this.#sink === undefined) this.#checkAttribute(end)
      else this.#keepPart(tag, end)
      return
    }
    switch (tag) {
      case fields.span.traceId:
        this.enter(end)
        this.traceIdStart = this.at
        this.at = this.traceIdEnd = this.fieldEnd
        return
      case fields.span.spanId:
        this.enter(end)
        this.spanIdStart = this.at
        this.at = this.spanIdEnd = this.fieldEnd
        return
      case fields.span.traceState:
        this.enter(end)
        this.stateStart = this.at
        this.at = this.stateEnd = this.fieldEnd
        return
      case fields.span.parentSpanId:
        this.enter(end)
        this.parentStart = this.at
        this.at = this.parentEnd = this.fieldEnd
        return
      case fields.span.name:
        this.enter(end)
        this.nameStart = this.at
        this.at = this.nameEnd = this.fieldEnd
        return
      case fields.span.kind:
        this.varint(end)
        this.kind = this.low | 0
        return
      case fields.span.startTimeUnixNano:
        this.fixed64(end)
        this.startLow = this.low
        this.startHigh = this.high
        return
      case fields.span.endTimeUnixNano:
        this.fixed64(end)
        this.endLow = this.low
        this.endHigh = this.high
        return
      case fields.span.events:
      case fields.span.links:
        return this.#keepPart(tag, end)
      case fields.span.droppedAttributesCount:
        this.varint(end)
        this.droppedAttributes = this.low
        return
      case fields.span.droppedEventsCount:
        this.varint(end)
        this.droppedEvents = this.low
        return
      case fields.span.droppedLinksCount:
        this.varint(end)
        this.droppedLinks = this.low
        return
      case fields.span.status:
        this.enter(end)
        return this.#readStatus(this.fieldEnd)
      case fields.span.flags:
        this.flags = this.fixed32(end)
        return
      default:
        this.skip(tag, end)
    }
  }

  /** Where there is no sink, nothing need wait for the ids: an attribute is read where it stands. */
  #checkAttribute(end: number): void {
    this.item()
    this.#checkedAttributes++
    this.enter(end)
    const next = this.fieldEnd
    if (!this.isShortString(this.at, next)) this.readKeyValue(this.at, next, 0)
    this.at = next
  }

  #keepPart(tag: number, end: number): void {
    this.item()
    this.enter(end)
    const part = this.#partCount++
    if (part >= this.#partTags.length) {
      const parts = new Uint32Array(Math.max(2 * firstParts, this.#parts.length * 2))
      const tags = new Uint8Array(Math.max(firstParts, this.#partTags.length * 2))
      parts.set(this.#parts)
      tags.set(this.#partTags)
      this.#parts = parts
      this.#partTags = tags
    }
    this.#partTags[part] = tag
    this.#parts[2 * part] = this.at
    this.#parts[2 * part + 1] = this.fieldEnd
    this.at = this.fieldEnd
  }

  #readStatus(end: number): void {
    while (this.at < end) {
      const tag = this.tag(end)
      if (tag === fields.status.message) {
        this.enter(end)
        this.messageStart = this.at
        this.at = this.messageEnd = this.fieldEnd
      } else if (tag === fields.status.code) {
        this.varint(end)
        this.statusCode = this.low | 0
      } else this.skip(tag, end)
    }
  }

  /** Whether the span's ids are what trace.proto asks for; counts what is wrong. */
  #checkIds(): boolean {
    const parentBytes = this.parentEnd - this.parentStart
    if (parentBytes !== 0 && parentBytes !== 8) {
      this.oddParents++
      this.parentEnd = this.parentStart
    }
    if (!this.#isId(this.traceIdStart, this.traceIdEnd, 16)) {
      this.invalidTraceIds++
      return false
    }
    if (!this.#isId(this.spanIdStart, this.spanIdEnd, 8)) {
      this.invalidSpanIds++
      return false
    }
    return true
  }

  #checkSize(): boolean {
    if (this.#partCount + this.#checkedAttributes <= spanItemsMax) return true
    this.oversizedSpans++
    return false
  }

  #isId(start: number, end: number, length: number): boolean {
    if (end - start !== length) return false
    for (let i = start; i < end; i++) if (this.body[i] !== 0) return true
    return false
  }

  /** Walks attributes, then events, then links; also those of spans that nobody wants, so that all are checked alike. */
  #walkParts(): void {
    const count = this.#partCount
    const tags = this.#partTags
    const parts = this.#parts
    let others = false
    for (let i = 0; i < count; i++) {
      if (tags[i] !== fields.span.attributes) others = true
      else this.#walkAttribute(parts[2 * i] as number, parts[2 * i + 1] as number, spanOwner)
    }
    if (!others) return
    for (let i = 0; i < count; i++) {
      if (tags[i] === fields.span.events) {
        this.#walkEvent(parts[2 * i] as number, parts[2 * i + 1] as number)
      }
    }
    for (let i = 0; i < count; i++) {
      if (tags[i] === fields.span.links) {
        this.#walkLink(parts[2 * i] as number, parts[2 * i + 1] as number)
      }
    }
  }

  #walkEvent(start: number, end: number): void {
    this.nameStart = this.nameEnd = 0
    this.startLow = this.startHigh = this.droppedAttributes = 0
    this.at = start
    while (this.at < end) {
      const tag = this.tag(end)
      if (tag === fields.event.timeUnixNano) {
        this.fixed64(end)
        this.startLow = this.low
        this.startHigh = this.high
      } else if (tag === fields.event.name) {
        this.enter(end)
        this.nameStart = this.at
        this.at = this.nameEnd = this.fieldEnd
      } else if (tag === fields.event.droppedAttributesCount) {
        this.varint(end)
        this.droppedAttributes = this.low
      } else this.skip(tag, end)
    }
    if (this.#emits) this.#sink?.event(this)
    this.#walkOwned(start, end, fields.event.attributes, eventOwner)
  }

  #walkLink(start: number, end: number): void {
    this.traceIdStart = this.traceIdEnd = this.spanIdStart = this.spanIdEnd = 0
    this.stateStart = this.stateEnd = this.droppedAttributes = this.flags = 0
    this.at = start
    while (this.at < end) this.#readLinkField(this.tag(end), end)
    if (this.#emits) this.#sink?.link(this)
    this.#walkOwned(start, end, fields.link.attributes, linkOwner)
  }

  #readLinkField(tag: number, end: number): void {
    switch (tag) {
      case fields.link.traceId:
        this.enter(end)
        this.traceIdStart = this.at
        this.at = this.traceIdEnd = this.fieldEnd
        return
      case fields.link.spanId:
        this.enter(end)
        this.spanIdStart = this.at
        this.at = this.spanIdEnd = this.fieldEnd
        return
      case fields.link.traceState:
        this.enter(end)
        this.stateStart = this.at
        this.at = this.stateEnd = this.fieldEnd
        return
      case fields.link.droppedAttributesCount:
        this.varint(end)
        this.droppedAttributes = this.low
        return
      case fields.link.flags:
        this.flags = this.fixed32(end)
        return
      default:
        this.skip(tag, end)
    }
  }

  /** The attributes of an event or link, whose other fields the sink has by now. */
  #walkOwned(start: number, end: number, attributesTag: number, owner: Owner): void {
    this.at = start
    while (this.at < end) {
      const tag = this.tag(end)
      if (tag !== attributesTag) {
        this.skip(tag, end)
        continue
      }
      this.item()
      this.enter(end)
      const next = this.fieldEnd
      this.#walkAttribute(this.at, next, owner)
      this.at = next
    }
  }

  #walkAttribute(start: number, end: number, owner: Owner): void {
    this.readKeyValue(start, end, 0)
    if (!this.#emits) return
    const sink = this.#sink as SpanSink
    if (owner === spanOwner) sink.attribute(this)
    else if (owner === eventOwner) sink.eventAttribute(this)
    else sink.linkAttribute(this)
  }
}
