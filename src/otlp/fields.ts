/**
 * Tags of the OTLP trace messages: field number × 8 + wire type. From opentelemetry-proto v1: trace.proto, common.proto,
 * resource.proto, trace_service.proto. A field with another wire type than the one here has another tag, and is skipped
 * like any unknown one.
 */

// Wire types, https://protobuf.dev/programming-guides/encoding/#structure
export const wireVarint = 0
export const wireFixed64 = 1
export const wireBytes = 2
export const wireGroupStart = 3
export const wireGroupEnd = 4
export const wireFixed32 = 5

export const exportRequest = { resourceSpans: 0x0a } as const
export const resourceSpans = { resource: 0x0a, scopeSpans: 0x12, schemaUrl: 0x1a } as const
export const resource = { attributes: 0x0a, droppedAttributesCount: 0x10 } as const
export const scopeSpans = { scope: 0x0a, spans: 0x12, schemaUrl: 0x1a } as const
export const scope = {
  name: 0x0a,
  version: 0x12,
  attributes: 0x1a,
  droppedAttributesCount: 0x20,
} as const
export const span = {
  traceId: 0x0a,
  spanId: 0x12,
  traceState: 0x1a,
  parentSpanId: 0x22,
  name: 0x2a,
  kind: 0x30,
  startTimeUnixNano: 0x39,
  endTimeUnixNano: 0x41,
  attributes: 0x4a,
  droppedAttributesCount: 0x50,
  events: 0x5a,
  droppedEventsCount: 0x60,
  links: 0x6a,
  droppedLinksCount: 0x70,
  status: 0x7a,
  flags: 0x85,
} as const
export const event = {
  timeUnixNano: 0x09,
  name: 0x12,
  attributes: 0x1a,
  droppedAttributesCount: 0x20,
} as const
export const link = {
  traceId: 0x0a,
  spanId: 0x12,
  traceState: 0x1a,
  attributes: 0x22,
  droppedAttributesCount: 0x28,
  flags: 0x35,
} as const
export const status = { message: 0x12, code: 0x18 } as const
export const keyValue = { key: 0x0a, value: 0x12, keyStrindex: 0x18 } as const
export const keyValueList = { values: 0x0a } as const
export const arrayValue = { values: 0x0a } as const
export const anyValue = {
  stringValue: 0x0a,
  boolValue: 0x10,
  intValue: 0x18,
  doubleValue: 0x21,
  arrayValue: 0x2a,
  kvlistValue: 0x32,
  bytesValue: 0x3a,
  stringValueStrindex: 0x40,
} as const
