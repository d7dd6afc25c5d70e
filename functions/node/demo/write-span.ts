import type { AsciiWriter } from './ascii-writer.ts'
import {
  type DemoAttribute,
  double,
  encodeFixed,
  isFixed,
  text,
  type Visit,
  writeAttribute,
} from './demo-attributes.ts'
import type { DemoOperation } from './demo-operations.ts'

type SpanId = readonly [number, number]

/** Where a span stands; ids as 32-bit words. */
export interface SpanPlace {
  readonly traceId: readonly [number, number, number, number]
  readonly spanId: SpanId
  readonly parent: SpanId | undefined
  readonly startNs: bigint
  readonly endNs: bigint
}

// Fields of opentelemetry.proto.trace.v1.Span, number * 8 + wire type.
const attributesTag = 0x4a
const eventsTag = 0x5a
const linksTag = 0x6a
const flagsTag = 0x85 // of two bytes, with 0x01 behind it
const sampledAndRemoteKnown = 0x101

const fixedAttributes = new WeakMap<DemoOperation, Uint8Array>()

/** Appends one span as a field of ScopeSpans. */
export function writeSpan(
  writer: AsciiWriter,
  operation: DemoOperation,
  place: SpanPlace,
  visit: Visit,
): void {
  const start = writer.open(0x12)
  writeBytes(writer, 0x0a, place.traceId)
  writeBytes(writer, 0x12, place.spanId)
  if (place.parent) writeBytes(writer, 0x22, place.parent)
  writer.text(0x2a, operation.name)
  writer.byte(0x30)
  writer.byte(operation.kind)
  writer.byte(0x39)
  writer.fixed64(place.startNs)
  writer.byte(0x41)
  writer.fixed64(place.endNs)
  writer.raw(fixedOf(operation))
  for (const attribute of operation.attributes) {
    if (!isFixed(attribute)) writeAttribute(writer, attributesTag, attribute, visit)
  }
  if (operation.event) {
    writeEvent(
      writer,
      operation.event.name,
      place.endNs - 1_000n,
      operation.event.attributes,
      visit,
    )
  }
  if (operation.linked && place.parent) writeLink(writer, place.traceId, place.parent)
  if (visit.numbers.chance(operation.errorRate ?? 0.001)) writeFailure(writer, place, visit)
  writer.byte(flagsTag)
  writer.byte(0x01)
  writer.fixed32(sampledAndRemoteKnown)
  writer.close(start)
}

function fixedOf(operation: DemoOperation): Uint8Array {
  const known = fixedAttributes.get(operation)
  if (known) return known
  const bytes = encodeFixed(attributesTag, operation.attributes)
  fixedAttributes.set(operation, bytes)
  return bytes
}

function writeBytes(writer: AsciiWriter, tag: number, words: readonly number[]): void {
  writer.byte(tag)
  writer.byte(words.length * 4)
  for (const word of words) writer.fixed32(word)
}

function writeEvent(
  writer: AsciiWriter,
  name: string,
  timeNs: bigint,
  attributes: readonly DemoAttribute[],
  visit: Visit,
): void {
  const start = writer.open(eventsTag)
  writer.byte(0x09)
  writer.fixed64(timeNs)
  writer.text(0x12, name)
  for (const attribute of attributes) writeAttribute(writer, 0x1a, attribute, visit)
  writer.close(start)
}

function writeLink(writer: AsciiWriter, traceId: SpanPlace['traceId'], spanId: SpanId): void {
  const start = writer.open(linksTag)
  writeBytes(writer, 0x0a, traceId)
  writeBytes(writer, 0x12, spanId)
  writer.close(start)
}

const failures = [
  { type: 'context.DeadlineExceeded', message: 'context deadline exceeded', at: 'rpc_call' },
  { type: 'RpcError', message: 'upstream connect error or disconnect before headers', at: 'call' },
  { type: 'CardDeclined', message: 'payment request failed, invalid token', at: 'charge' },
]

/** An exception event and an error status. */
function writeFailure(writer: AsciiWriter, place: SpanPlace, visit: Visit): void {
  const { type, message, at } = visit.numbers.pick(failures)
  const line = visit.numbers.whole(20, 60)
  const trace = `${type}: ${message}\n    at ${at} (/app/lib/${at}.js:${line}:11)\n    at run (/app/main.js:88:5)`
  const exception = [
    text('exception.type', type),
    text('exception.message', message),
    text('exception.stacktrace', trace),
    double('app.retry.backoff', 0.5),
  ]
  writeEvent(writer, 'exception', place.endNs - 500n, exception, visit)
  const start = writer.open(0x7a)
  writer.text(0x12, message)
  writer.byte(0x18)
  writer.byte(2)
  writer.close(start)
}
