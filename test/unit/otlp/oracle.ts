import protobuf from 'protobufjs'
import type {
  AnyValue,
  KeyValue,
  Resource,
  Scope,
  Span,
  SpanEvent,
  SpanLink,
} from '../../../src/span/span.ts'

const list = (type: string, id: number) => ({ rule: 'repeated', type, id })
const attributes = (id: number) => ({
  attributes: list('KeyValue', id),
  droppedAttributesCount: { type: 'uint32', id: id + 1 },
})

/** opentelemetry-proto 1.9 as protobufjs reflects it: a codec that shares nothing with ours. */
const root = protobuf.Root.fromJSON({
  nested: {
    Request: { fields: { resourceSpans: list('ResourceSpans', 1) } },
    ResourceSpans: {
      fields: {
        resource: { type: 'Resource', id: 1 },
        scopeSpans: list('ScopeSpans', 2),
        schemaUrl: { type: 'string', id: 3 },
      },
    },
    Resource: { fields: attributes(1) },
    ScopeSpans: {
      fields: {
        scope: { type: 'Scope', id: 1 },
        spans: list('Span', 2),
        schemaUrl: { type: 'string', id: 3 },
      },
    },
    Scope: {
      fields: {
        name: { type: 'string', id: 1 },
        version: { type: 'string', id: 2 },
        ...attributes(3),
      },
    },
    Span: {
      fields: {
        traceId: { type: 'bytes', id: 1 },
        spanId: { type: 'bytes', id: 2 },
        traceState: { type: 'string', id: 3 },
        parentSpanId: { type: 'bytes', id: 4 },
        name: { type: 'string', id: 5 },
        kind: { type: 'int32', id: 6 },
        startTimeUnixNano: { type: 'fixed64', id: 7 },
        endTimeUnixNano: { type: 'fixed64', id: 8 },
        ...attributes(9),
        events: list('Event', 11),
        droppedEventsCount: { type: 'uint32', id: 12 },
        links: list('Link', 13),
        droppedLinksCount: { type: 'uint32', id: 14 },
        status: { type: 'Status', id: 15 },
        flags: { type: 'fixed32', id: 16 },
      },
    },
    Event: {
      fields: {
        timeUnixNano: { type: 'fixed64', id: 1 },
        name: { type: 'string', id: 2 },
        ...attributes(3),
      },
    },
    Link: {
      fields: {
        traceId: { type: 'bytes', id: 1 },
        spanId: { type: 'bytes', id: 2 },
        traceState: { type: 'string', id: 3 },
        ...attributes(4),
        flags: { type: 'fixed32', id: 6 },
      },
    },
    Status: { fields: { message: { type: 'string', id: 2 }, code: { type: 'int32', id: 3 } } },
    KeyValue: { fields: { key: { type: 'string', id: 1 }, value: { type: 'AnyValue', id: 2 } } },
    AnyValue: {
      oneofs: {
        value: {
          oneof: [
            'stringValue',
            'boolValue',
            'intValue',
            'doubleValue',
            'arrayValue',
            'kvlistValue',
            'bytesValue',
          ],
        },
      },
      fields: {
        stringValue: { type: 'string', id: 1 },
        boolValue: { type: 'bool', id: 2 },
        intValue: { type: 'int64', id: 3 },
        doubleValue: { type: 'double', id: 4 },
        arrayValue: { type: 'ArrayValue', id: 5 },
        kvlistValue: { type: 'KeyValueList', id: 6 },
        bytesValue: { type: 'bytes', id: 7 },
      },
    },
    ArrayValue: { fields: { values: list('AnyValue', 1) } },
    KeyValueList: { fields: { values: list('KeyValue', 1) } },
  },
})
const request = root.lookupType('Request')

type Message = { readonly [field: string]: unknown }

/** A request from its members by their JSON names; bytes as base64, 64-bit numbers as digits. */
export function encodeMessage(message: Message): Uint8Array {
  return new Uint8Array(request.encode(request.fromObject(message)).finish())
}

/** Each span in a ResourceSpans of its own: nothing here groups. */
export function encodeByOracle(spans: readonly Span[]): Uint8Array {
  return encodeMessage({
    resourceSpans: spans.map((span) => ({
      resource: withAttributes(span.resource),
      schemaUrl: span.resource.schemaUrl,
      scopeSpans: [
        {
          scope: {
            ...withAttributes(span.scope),
            name: span.scope.name,
            version: span.scope.version,
          },
          schemaUrl: span.scope.schemaUrl,
          spans: [spanMessage(span)],
        },
      ],
    })),
  })
}

function spanMessage(span: Span): Message {
  const { startNs, endNs, statusCode: code, statusMessage: message, parentSpanId, ...same } = span
  return {
    ...same,
    ...withAttributes(span),
    ...(parentSpanId ? { parentSpanId } : {}),
    startTimeUnixNano: startNs.toString(),
    endTimeUnixNano: endNs.toString(),
    status: { code, message },
    events: span.events.map((event) => ({
      ...withAttributes(event),
      name: event.name,
      timeUnixNano: event.timeNs.toString(),
    })),
    links: span.links.map((link) => ({ ...link, ...withAttributes(link) })),
  }
}

function withAttributes(owner: Omit<Resource, 'schemaUrl'>): Message {
  return {
    attributes: owner.attributes.map(keyValueMessage),
    droppedAttributesCount: owner.droppedAttributesCount,
  }
}

function keyValueMessage({ key, value }: KeyValue): Message {
  return { key, value: valueMessage(value) }
}

function valueMessage(any: AnyValue): Message {
  switch (any.kind) {
    case 'string':
      return { stringValue: any.value }
    case 'bool':
      return { boolValue: any.value }
    case 'int':
      return { intValue: any.value.toString() }
    case 'double':
      return { doubleValue: any.value }
    case 'bytes':
      return { bytesValue: any.value }
    case 'array':
      return { arrayValue: { values: any.values.map(valueMessage) } }
    case 'map':
      return { kvlistValue: { values: any.entries.map(keyValueMessage) } }
    case 'empty':
      return {}
  }
}

/** The spans of a request as protobufjs reads them. */
export function decodeByOracle(body: Uint8Array): Span[] {
  const message = request.toObject(request.decode(body), {
    longs: String,
    arrays: true,
    defaults: true,
  })
  return rows(message.resourceSpans).flatMap((resourceSpans) => {
    const { resource: ofResource, scopeSpans, schemaUrl } = resourceSpans
    const resource = { ...ownerOf(ofResource), schemaUrl: String(schemaUrl) }
    return rows(scopeSpans).flatMap((inScope) => {
      const { name = '', version = '' } = (inScope.scope ?? {}) as Partial<Scope>
      const scope = {
        ...ownerOf(inScope.scope),
        name,
        version,
        schemaUrl: String(inScope.schemaUrl),
      }
      return rows(inScope.spans).map((span) => spanOf(span, resource, scope))
    })
  })
}

function rows(value: unknown): readonly Message[] {
  return value as readonly Message[]
}

function ownerOf(value: unknown): Omit<Resource, 'schemaUrl'> {
  const { attributes = [], droppedAttributesCount = 0 } = (value ?? {}) as Message
  return {
    attributes: rows(attributes).map(keyValueOf),
    droppedAttributesCount: droppedAttributesCount as number,
  }
}

function spanOf(message: Message, resource: Resource, scope: Scope): Span {
  const status = (message.status ?? { code: 0, message: '' }) as { code: number; message: string }
  const parent = bytesOf(message.parentSpanId)
  return {
    ...ownerOf(message),
    traceId: bytesOf(message.traceId),
    spanId: bytesOf(message.spanId),
    parentSpanId: parent.length > 0 ? parent : undefined,
    traceState: message.traceState as string,
    name: message.name as string,
    kind: message.kind as number,
    startNs: BigInt(message.startTimeUnixNano as string),
    endNs: BigInt(message.endTimeUnixNano as string),
    statusCode: status.code,
    statusMessage: status.message,
    flags: message.flags as number,
    events: rows(message.events).map(
      (event): SpanEvent => ({
        ...ownerOf(event),
        timeNs: BigInt(event.timeUnixNano as string),
        name: event.name as string,
      }),
    ),
    droppedEventsCount: message.droppedEventsCount as number,
    links: rows(message.links).map(
      (link): SpanLink => ({
        ...ownerOf(link),
        traceId: bytesOf(link.traceId),
        spanId: bytesOf(link.spanId),
        traceState: link.traceState as string,
        flags: link.flags as number,
      }),
    ),
    droppedLinksCount: message.droppedLinksCount as number,
    resource,
    scope,
  }
}

function keyValueOf({ key, value }: Message): KeyValue {
  return { key: key as string, value: anyValueOf((value ?? {}) as Message) }
}

function anyValueOf(message: Message): AnyValue {
  const [kind, value] = Object.entries(message).find(([name]) => name !== 'value') ?? []
  switch (kind) {
    case 'stringValue':
      return { kind: 'string', value: value as string }
    case 'boolValue':
      return { kind: 'bool', value: value as boolean }
    case 'intValue':
      return { kind: 'int', value: BigInt(value as string) }
    case 'doubleValue':
      return { kind: 'double', value: value as number }
    case 'bytesValue':
      return { kind: 'bytes', value: bytesOf(value) }
    case 'arrayValue':
      return { kind: 'array', values: rows((value as Message).values).map(anyValueOf) }
    case 'kvlistValue':
      return { kind: 'map', entries: rows((value as Message).values).map(keyValueOf) }
    default:
      return { kind: 'empty' }
  }
}

function bytesOf(value: unknown): Uint8Array {
  return new Uint8Array(value as Uint8Array)
}
