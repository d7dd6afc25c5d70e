import { doubleText } from '../../../src/span/any-value-text.ts'
import { base64Of } from '../../../src/span/base64.ts'
import type { AnyValue, KeyValue, Resource, Span, SpanEvent } from '../../../src/span/span.ts'
import { kindName, statusError, statusOk } from './names.ts'
import { byKey, valueText } from './value-text.ts'

/** One key and value of Jaeger's own model. */
export interface JaegerTag {
  readonly key: string
  readonly type: 'string' | 'bool' | 'int64' | 'float64' | 'binary'
  readonly value: string | number | boolean
}

/** The attribute that carries what Jaeger has to say about a span: a list of texts. */
export const warningsKey = '@jaeger@warnings'

/**
 * What a span's tags are: its scope, its attributes by key, then what OTLP says in fields of their own (kind, status,
 * trace state), as OpenTelemetry's translation to Jaeger has it. A field that an attribute repeats word for word is there
 * once.
 */
export function spanTags(span: Span): JaegerTag[] {
  const attributes = span.attributes.filter(({ key }) => key !== warningsKey)
  const tags = [...scopeTags(span), ...jaegerTags(attributes)]
  const known = new Set(tags.map(tagText))
  return [...tags, ...fieldTags(span).filter((tag) => !known.has(tagText(tag)))]
}

/** The fields of a log: the event's name as `event`, unless an attribute says so, and its attributes. */
export function eventTags({ name, attributes }: SpanEvent): JaegerTag[] {
  const isNamed = name === '' || attributes.some(({ key }) => key === 'event')
  return [...(isNamed ? [] : [textTag('event', name)]), ...jaegerTags(attributes)]
}

/** The tags of a process: all of its resource but the service's name, which stands beside them. */
export function processTags({ attributes }: Resource): JaegerTag[] {
  return jaegerTags(attributes.filter(({ key }) => key !== 'service.name'))
}

/** The texts under the attribute that carries warnings; none without it. */
export function warningsOf({ attributes }: Span): readonly string[] {
  const warnings = attributes.find(({ key }) => key === warningsKey)?.value
  if (warnings === undefined) return []
  return warnings.kind === 'array' ? warnings.values.map(valueText) : [valueText(warnings)]
}

/** Attributes as they are at rest have no order of their own: by key they are the same every time. */
function jaegerTags(attributes: readonly KeyValue[]): JaegerTag[] {
  return attributes.toSorted(byKey).map(({ key, value }) => ({ key, ...typedValue(value) }))
}

function typedValue(value: AnyValue): Pick<JaegerTag, 'type' | 'value'> {
  switch (value.kind) {
    case 'bool':
      return { type: 'bool', value: value.value }
    case 'int':
      return { type: 'int64', value: safeInteger(value.value) }
    case 'double':
      return { type: 'float64', value: finite(value.value) }
    case 'bytes':
      return { type: 'binary', value: base64Of(value.value) }
    case 'string':
    case 'array':
    case 'map':
    case 'empty':
      return { type: 'string', value: valueText(value) }
  }
}

/** Beyond 2^53 a browser's numbers have gaps: such integers travel as text. */
function safeInteger(value: bigint): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value.toString()
}

/** JSON has no NaN and no infinity. */
function finite(value: number): number | string {
  return Number.isFinite(value) ? value : doubleText(value)
}

function scopeTags({ scope: { name, version } }: Span): JaegerTag[] {
  return [...filled('otel.scope.name', name), ...filled('otel.scope.version', version)]
}

function fieldTags({ kind, statusCode, statusMessage, traceState }: Span): JaegerTag[] {
  return [
    ...filled('span.kind', kindName(kind)),
    ...statusTags(statusCode),
    ...filled('otel.status_description', statusMessage),
    ...filled('w3c.tracestate', traceState),
  ]
}

/** An unset status adds nothing. */
function statusTags(code: number): JaegerTag[] {
  if (code === statusOk) return [textTag('otel.status_code', 'OK')]
  if (code !== statusError) return []
  return [textTag('otel.status_code', 'ERROR'), { key: 'error', type: 'bool', value: true }]
}

function filled(key: string, value: string): JaegerTag[] {
  return value === '' ? [] : [textTag(key, value)]
}

function textTag(key: string, value: string): JaegerTag {
  return { key, type: 'string', value }
}

function tagText({ key, type, value }: JaegerTag): string {
  return JSON.stringify([key, type, value])
}
