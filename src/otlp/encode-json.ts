import { doubleText } from '../span/any-value-text.ts'
import { base64Of } from '../span/base64.ts'
import type { AnyValue, KeyValue, Span, SpanEvent, SpanLink } from '../span/span.ts'
import { hexOf } from '../span/trace-id.ts'
import { groupSpans } from './group-spans.ts'

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json }

/**
 * Spans as OTLP/JSON: ids in hex, 64-bit integers as decimal strings, enums as numbers; fields at their default are
 * left out (OTLP specification, JSON Protobuf Encoding).
 */
export function otlpJson(spans: readonly Span[]): { readonly resourceSpans: Json } {
  const resourceSpans = groupSpans(spans).map(({ resource, scopes }) => ({
    resource: {
      attributes: resource.attributes.map(otlpJsonAttribute),
      ...count('droppedAttributesCount', resource.droppedAttributesCount),
    },
    scopeSpans: scopes.map(({ scope, spans: ofScope }) => ({
      scope: {
        ...text('name', scope.name),
        ...text('version', scope.version),
        ...list('attributes', scope.attributes.map(otlpJsonAttribute)),
        ...count('droppedAttributesCount', scope.droppedAttributesCount),
      },
      spans: ofScope.map(spanJson),
      ...text('schemaUrl', scope.schemaUrl),
    })),
    ...text('schemaUrl', resource.schemaUrl),
  }))
  return { resourceSpans }
}

function spanJson(span: Span): Json {
  const status = { ...text('message', span.statusMessage), ...count('code', span.statusCode) }
  return {
    traceId: hexOf(span.traceId),
    spanId: hexOf(span.spanId),
    ...text('traceState', span.traceState),
    ...(span.parentSpanId ? { parentSpanId: hexOf(span.parentSpanId) } : {}),
    name: span.name,
    kind: span.kind,
    startTimeUnixNano: span.startNs.toString(),
    endTimeUnixNano: span.endNs.toString(),
    ...list('attributes', span.attributes.map(otlpJsonAttribute)),
    ...count('droppedAttributesCount', span.droppedAttributesCount),
    ...list('events', span.events.map(eventJson)),
    ...count('droppedEventsCount', span.droppedEventsCount),
    ...list('links', span.links.map(linkJson)),
    ...count('droppedLinksCount', span.droppedLinksCount),
    status,
    ...count('flags', span.flags),
  }
}

function eventJson(event: SpanEvent): Json {
  return {
    timeUnixNano: event.timeNs.toString(),
    ...text('name', event.name),
    ...list('attributes', event.attributes.map(otlpJsonAttribute)),
    ...count('droppedAttributesCount', event.droppedAttributesCount),
  }
}

function linkJson(link: SpanLink): Json {
  return {
    traceId: hexOf(link.traceId),
    spanId: hexOf(link.spanId),
    ...text('traceState', link.traceState),
    ...list('attributes', link.attributes.map(otlpJsonAttribute)),
    ...count('droppedAttributesCount', link.droppedAttributesCount),
    ...count('flags', link.flags),
  }
}

export function otlpJsonAttribute({ key, value }: KeyValue): Json {
  return { key, value: otlpJsonValue(value) }
}

export function otlpJsonValue(value: AnyValue): Json {
  switch (value.kind) {
    case 'string':
      return { stringValue: value.value }
    case 'bool':
      return { boolValue: value.value }
    case 'int':
      return { intValue: value.value.toString() }
    case 'double':
      return { doubleValue: doubleJson(value.value) }
    case 'bytes':
      return { bytesValue: base64Of(value.value) }
    case 'array':
      return { arrayValue: { values: value.values.map(otlpJsonValue) } }
    case 'map':
      return { kvlistValue: { values: value.entries.map(otlpJsonAttribute) } }
    case 'empty':
      return {}
  }
}

/** JSON has no NaN and no infinity, and `JSON.stringify` no -0; OTLP/JSON takes numbers as strings too. */
function doubleJson(value: number): number | string {
  return Number.isFinite(value) && !Object.is(value, -0) ? value : doubleText(value)
}

function text(key: string, value: string): { readonly [key: string]: Json } {
  return value === '' ? {} : { [key]: value }
}

function count(key: string, value: number): { readonly [key: string]: Json } {
  return value === 0 ? {} : { [key]: value }
}

function list(key: string, values: readonly Json[]): { readonly [key: string]: Json } {
  return values.length === 0 ? {} : { [key]: values }
}
