import type {
  AnyValue,
  KeyValue,
  Resource,
  Scope,
  Span,
  SpanEvent,
  SpanLink,
} from '../span/span.ts'
import * as fields from './fields.ts'
import { groupSpans } from './group-spans.ts'
import { WireWriter } from './wire-writer.ts'

/** Spans as protobuf TracesData, which reads as ExportTraceServiceRequest too: field 1, repeated ResourceSpans. */
export function encodeTracesData(spans: readonly Span[]): Uint8Array {
  const writer = new WireWriter(256 * spans.length + 64)
  for (const { resource, scopes } of groupSpans(spans)) {
    const resourceSpans = writer.open(fields.exportRequest.resourceSpans)
    writeResource(writer, resource)
    for (const { scope, spans: scopeSpans } of scopes) {
      const start = writer.open(fields.resourceSpans.scopeSpans)
      writeScope(writer, scope)
      for (const span of scopeSpans) writeSpan(writer, span)
      writer.text(fields.scopeSpans.schemaUrl, scope.schemaUrl)
      writer.close(start)
    }
    writer.text(fields.resourceSpans.schemaUrl, resource.schemaUrl)
    writer.close(resourceSpans)
  }
  return writer.finish()
}

function writeResource(writer: WireWriter, resource: Resource): void {
  const start = writer.open(fields.resourceSpans.resource)
  writeAttributes(writer, fields.resource.attributes, resource.attributes)
  writer.number(fields.resource.droppedAttributesCount, resource.droppedAttributesCount)
  writer.close(start)
}

function writeScope(writer: WireWriter, scope: Scope): void {
  const start = writer.open(fields.scopeSpans.scope)
  writer.text(fields.scope.name, scope.name)
  writer.text(fields.scope.version, scope.version)
  writeAttributes(writer, fields.scope.attributes, scope.attributes)
  writer.number(fields.scope.droppedAttributesCount, scope.droppedAttributesCount)
  writer.close(start)
}

function writeSpan(writer: WireWriter, span: Span): void {
  const start = writer.open(fields.scopeSpans.spans)
  writer.bytes(fields.span.traceId, span.traceId)
  writer.bytes(fields.span.spanId, span.spanId)
  writer.text(fields.span.traceState, span.traceState)
  if (span.parentSpanId) writer.bytes(fields.span.parentSpanId, span.parentSpanId)
  writer.text(fields.span.name, span.name)
  writer.number(fields.span.kind, span.kind)
  writer.fixed64(fields.span.startTimeUnixNano, span.startNs)
  writer.fixed64(fields.span.endTimeUnixNano, span.endNs)
  writeAttributes(writer, fields.span.attributes, span.attributes)
  writer.number(fields.span.droppedAttributesCount, span.droppedAttributesCount)
  for (const event of span.events) writeEvent(writer, event)
  writer.number(fields.span.droppedEventsCount, span.droppedEventsCount)
  for (const link of span.links) writeLink(writer, link)
  writer.number(fields.span.droppedLinksCount, span.droppedLinksCount)
  writeStatus(writer, span)
  writer.fixed32(fields.span.flags, span.flags)
  writer.close(start)
}

function writeStatus(writer: WireWriter, { statusCode, statusMessage }: Span): void {
  if (statusCode === 0 && statusMessage === '') return
  const start = writer.open(fields.span.status)
  writer.text(fields.status.message, statusMessage)
  writer.number(fields.status.code, statusCode)
  writer.close(start)
}

function writeEvent(writer: WireWriter, event: SpanEvent): void {
  const start = writer.open(fields.span.events)
  writer.fixed64(fields.event.timeUnixNano, event.timeNs)
  writer.text(fields.event.name, event.name)
  writeAttributes(writer, fields.event.attributes, event.attributes)
  writer.number(fields.event.droppedAttributesCount, event.droppedAttributesCount)
  writer.close(start)
}

function writeLink(writer: WireWriter, link: SpanLink): void {
  const start = writer.open(fields.span.links)
  writer.bytes(fields.link.traceId, link.traceId)
  writer.bytes(fields.link.spanId, link.spanId)
  writer.text(fields.link.traceState, link.traceState)
  writeAttributes(writer, fields.link.attributes, link.attributes)
  writer.number(fields.link.droppedAttributesCount, link.droppedAttributesCount)
  writer.fixed32(fields.link.flags, link.flags)
  writer.close(start)
}

function writeAttributes(writer: WireWriter, tag: number, attributes: readonly KeyValue[]): void {
  for (const { key, value } of attributes) {
    const start = writer.open(tag)
    writer.text(fields.keyValue.key, key)
    writeAnyValue(writer, fields.keyValue.value, value)
    writer.close(start)
  }
}

const encoder = new TextEncoder()

function writeAnyValue(writer: WireWriter, tag: number, value: AnyValue): void {
  const start = writer.open(tag)
  switch (value.kind) {
    case 'string':
      writer.bytes(fields.anyValue.stringValue, encoder.encode(value.value))
      break
    case 'bool':
      writer.varint(fields.anyValue.boolValue)
      writer.varint(value.value ? 1 : 0)
      break
    case 'int':
      writer.varint(fields.anyValue.intValue)
      writer.varint64(value.value)
      break
    case 'double':
      writer.double(fields.anyValue.doubleValue, value.value)
      break
    case 'bytes':
      writer.bytes(fields.anyValue.bytesValue, value.value)
      break
    case 'array': {
      const array = writer.open(fields.anyValue.arrayValue)
      for (const item of value.values) writeAnyValue(writer, fields.arrayValue.values, item)
      writer.close(array)
      break
    }
    case 'map': {
      const map = writer.open(fields.anyValue.kvlistValue)
      writeAttributes(writer, fields.keyValueList.values, value.entries)
      writer.close(map)
      break
    }
    case 'empty':
      break
  }
  writer.close(start)
}
