import { SpanlakeError } from '../errors.ts'
import { nestingDepthMax } from '../limits.ts'
import { parseBase64 } from '../span/base64.ts'
import { bytesOfHex } from '../span/trace-id.ts'
import * as fields from './fields.ts'
import { checkJsonBounds } from './json-bounds.ts'
import { parseLosslessJson } from './lossless-json.ts'
import { WireWriter } from './wire-writer.ts'

type JsonObject = { readonly [key: string]: unknown }
type WriteField = (writer: WireWriter, value: unknown, name: string) => void

/**
 * An OTLP/JSON ExportTraceServiceRequest as protobuf, so that one format lives inside. Rules 34 to 39 of OTLP's JSON
 * encoding: ids are hex in any case, enums are numbers (names are understood), unknown and snake_case keys are ignored,
 * 64-bit integers come as strings or numbers and lose nothing, null is absent. Throws kind `invalid`, naming the field, or
 * `too-large`.
 * An id of a wrong length passes: the check counts its span as invalid.
 */
export function jsonToProtobuf(body: Uint8Array): Uint8Array {
  checkJsonBounds(body)
  const request = asObject(parseLosslessJson(body), 'request')
  const writer = new WireWriter(body.length)
  each(request.resourceSpans, 'resourceSpans', (item) => {
    writeMessage(
      writer,
      fields.exportRequest.resourceSpans,
      item,
      'resourceSpans',
      resourceSpansFields,
    )
  })
  return writer.finish()
}

const attributeDepth = 0

const resourceSpansFields: Readonly<Record<string, WriteField>> = {
  resource: messageField(fields.resourceSpans.resource, () => resourceFields),
  scopeSpans: messagesField(fields.resourceSpans.scopeSpans, () => scopeSpansFields),
  schemaUrl: textField(fields.resourceSpans.schemaUrl),
}

const resourceFields: Readonly<Record<string, WriteField>> = {
  attributes: attributesField(fields.resource.attributes),
  droppedAttributesCount: uint32Field(fields.resource.droppedAttributesCount),
}

const scopeSpansFields: Readonly<Record<string, WriteField>> = {
  scope: messageField(fields.scopeSpans.scope, () => scopeFields),
  spans: messagesField(fields.scopeSpans.spans, () => spanFields),
  schemaUrl: textField(fields.scopeSpans.schemaUrl),
}

const scopeFields: Readonly<Record<string, WriteField>> = {
  name: textField(fields.scope.name),
  version: textField(fields.scope.version),
  attributes: attributesField(fields.scope.attributes),
  droppedAttributesCount: uint32Field(fields.scope.droppedAttributesCount),
}

const spanKinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']
const statusCodes = ['UNSET', 'OK', 'ERROR']

const spanFields: Readonly<Record<string, WriteField>> = {
  traceId: idField(fields.span.traceId),
  spanId: idField(fields.span.spanId),
  traceState: textField(fields.span.traceState),
  parentSpanId: idField(fields.span.parentSpanId),
  name: textField(fields.span.name),
  kind: enumField(fields.span.kind, 'SPAN_KIND_', spanKinds),
  startTimeUnixNano: fixed64Field(fields.span.startTimeUnixNano),
  endTimeUnixNano: fixed64Field(fields.span.endTimeUnixNano),
  attributes: attributesField(fields.span.attributes),
  droppedAttributesCount: uint32Field(fields.span.droppedAttributesCount),
  events: messagesField(fields.span.events, () => eventFields),
  droppedEventsCount: uint32Field(fields.span.droppedEventsCount),
  links: messagesField(fields.span.links, () => linkFields),
  droppedLinksCount: uint32Field(fields.span.droppedLinksCount),
  status: messageField(fields.span.status, () => statusFields),
  flags: fixed32Field(fields.span.flags),
}

const eventFields: Readonly<Record<string, WriteField>> = {
  timeUnixNano: fixed64Field(fields.event.timeUnixNano),
  name: textField(fields.event.name),
  attributes: attributesField(fields.event.attributes),
  droppedAttributesCount: uint32Field(fields.event.droppedAttributesCount),
}

const linkFields: Readonly<Record<string, WriteField>> = {
  traceId: idField(fields.link.traceId),
  spanId: idField(fields.link.spanId),
  traceState: textField(fields.link.traceState),
  attributes: attributesField(fields.link.attributes),
  droppedAttributesCount: uint32Field(fields.link.droppedAttributesCount),
  flags: fixed32Field(fields.link.flags),
}

const statusFields: Readonly<Record<string, WriteField>> = {
  message: textField(fields.status.message),
  code: enumField(fields.status.code, 'STATUS_CODE_', statusCodes),
}

function writeMessage(
  writer: WireWriter,
  tag: number,
  value: unknown,
  name: string,
  known: Readonly<Record<string, WriteField>>,
): void {
  const object = asObject(value, name)
  const start = writer.open(tag)
  for (const key of Object.keys(object)) {
    const member = object[key]
    if (member !== null && Object.hasOwn(known, key)) known[key]?.(writer, member, key)
  }
  writer.close(start)
}

// Fields are given by a function where their table stands further down.
function messageField(tag: number, known: () => Readonly<Record<string, WriteField>>): WriteField {
  return (writer, value, name) => writeMessage(writer, tag, value, name, known())
}

function messagesField(tag: number, known: () => Readonly<Record<string, WriteField>>): WriteField {
  return (writer, value, name) =>
    each(value, name, (item) => writeMessage(writer, tag, item, name, known()))
}

function textField(tag: number): WriteField {
  return (writer, value, name) => writer.text(tag, asText(value, name))
}

function idField(tag: number): WriteField {
  return (writer, value, name) => {
    const digits = asText(value, name)
    if (digits === '') return
    if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) {
      throw wrong(name, 'must be hex digits, two a byte', digits)
    }
    writer.bytes(tag, bytesOfHex(digits))
  }
}

function enumField(tag: number, prefix: string, names: readonly string[]): WriteField {
  return (writer, value, name) => {
    const number =
      typeof value === 'string' && value.startsWith(prefix)
        ? names.indexOf(value.slice(prefix.length))
        : Number(asInteger(value, name, -(2n ** 31n), 2n ** 31n - 1n))
    if (number === -1 && typeof value === 'string') throw wrong(name, 'must be a known name', value)
    writer.number(tag, number)
  }
}

function uint32Field(tag: number): WriteField {
  return (writer, value, name) =>
    writer.number(tag, Number(asInteger(value, name, 0n, 2n ** 32n - 1n)))
}

function fixed32Field(tag: number): WriteField {
  return (writer, value, name) =>
    writer.fixed32(tag, Number(asInteger(value, name, 0n, 2n ** 32n - 1n)))
}

function fixed64Field(tag: number): WriteField {
  return (writer, value, name) => writer.fixed64(tag, asInteger(value, name, 0n, 2n ** 64n - 1n))
}

function attributesField(tag: number): WriteField {
  return (writer, value, name) => writeAttributes(writer, tag, value, name, attributeDepth)
}

function writeAttributes(
  writer: WireWriter,
  tag: number,
  value: unknown,
  name: string,
  depth: number,
): void {
  each(value, name, (item) => {
    const attribute = asObject(item, name)
    const start = writer.open(tag)
    if (attribute.key !== undefined && attribute.key !== null) {
      writer.text(fields.keyValue.key, asText(attribute.key, 'key'))
    }
    if (attribute.value !== undefined && attribute.value !== null) {
      writeAnyValue(writer, fields.keyValue.value, attribute.value, depth)
    }
    writer.close(start)
  })
}

function writeAnyValue(writer: WireWriter, tag: number, value: unknown, depth: number): void {
  if (depth > nestingDepthMax) {
    throw new SpanlakeError('invalid', `otlp nesting must be at most ${nestingDepthMax} deep`)
  }
  const object = asObject(value, 'value')
  const start = writer.open(tag)
  for (const key of Object.keys(object)) {
    const member = object[key]
    if (member !== null) writeMember(writer, key, member, depth)
  }
  writer.close(start)
}

const encoder = new TextEncoder()

function writeMember(writer: WireWriter, key: string, member: unknown, depth: number): void {
  switch (key) {
    case 'stringValue':
      return writer.bytes(fields.anyValue.stringValue, encoder.encode(asText(member, key)))
    case 'boolValue':
      if (typeof member !== 'boolean') throw wrong(key, 'must be true or false', member)
      writer.varint(fields.anyValue.boolValue)
      return writer.varint(member ? 1 : 0)
    case 'intValue':
      writer.varint(fields.anyValue.intValue)
      return writer.varint64(asInteger(member, key, -(2n ** 63n), 2n ** 63n - 1n))
    case 'doubleValue':
      return writer.double(fields.anyValue.doubleValue, asDouble(member, key))
    case 'bytesValue': {
      const bytes = parseBase64(asText(member, key))
      if (bytes === undefined) throw wrong(key, 'must be base64', member)
      return writer.bytes(fields.anyValue.bytesValue, bytes)
    }
    case 'arrayValue': {
      const array = writer.open(fields.anyValue.arrayValue)
      each(asObject(member, key).values, 'values', (item) => {
        writeAnyValue(writer, fields.arrayValue.values, item ?? {}, depth + 1)
      })
      return writer.close(array)
    }
    case 'kvlistValue': {
      const map = writer.open(fields.anyValue.kvlistValue)
      const { values } = asObject(member, key)
      writeAttributes(writer, fields.keyValueList.values, values, 'values', depth + 1)
      return writer.close(map)
    }
    default:
    // An unknown key.
  }
}

function each(value: unknown, name: string, visit: (item: unknown) => void): void {
  if (value === undefined || value === null) return
  if (!Array.isArray(value)) throw wrong(name, 'must be an array', value)
  for (const item of value) visit(item)
}

function asObject(value: unknown, name: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as JsonObject
  throw wrong(name, 'must be an object', value)
}

function asText(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  throw wrong(name, 'must be a string', value)
}

function asInteger(value: unknown, name: string, min: bigint, max: bigint): bigint {
  const integer = integerOf(value)
  if (integer !== undefined && integer >= min && integer <= max) return integer
  throw wrong(name, `must be an integer from ${min} to ${max}`, value)
}

function integerOf(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined
}

function asDouble(value: unknown, name: string): number {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (typeof value === 'string' && /^(-?Infinity|NaN|-?\d+(\.\d+)?([eE][+-]?\d+)?)$/.test(value)) {
    return Number(value)
  }
  throw wrong(name, 'must be a number', value)
}

function wrong(name: string, must: string, value: unknown): SpanlakeError {
  return new SpanlakeError('invalid', `otlp json ${name} ${must}, got ${shownOf(value)}`)
}

/** Only what is short is shown as it is: the value may be the whole body, or nested without end. */
function shownOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : String(value)
}
