import type { AnyValue, KeyValue, Span } from '../../../src/span/span.ts'
import { warningsKey, warningsOf } from './tags.ts'
import { uniqueSpanIds } from './unique-span-ids.ts'
import { byKey, valueText } from './value-text.ts'

/**
 * The spans of one trace as Jaeger shows them unless it is asked for them raw: ids that are theirs alone, attributes and
 * events in order, IPv4 addresses as text, what describes the SDK with the resource, no links without a trace. Clocks are
 * left as they are: how wrong they were is a guess.
 */
export function adjustSpans(spans: readonly Span[]): Span[] {
  return uniqueSpanIds(spans).map((span) => sorted(libraryToResource(readable(span))))
}

function sorted(span: Span): Span {
  const events = span.events.map((event) => ({ ...event, ...sortedAttributes(event) }))
  return {
    ...span,
    ...sortedAttributes(span),
    events: events.sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0)),
  }
}

function sortedAttributes({ attributes }: { readonly attributes: readonly KeyValue[] }) {
  return { attributes: attributes.toSorted(byKey) }
}

function readable(span: Span): Span {
  return {
    ...span,
    attributes: span.attributes.map(readableIp),
    links: span.links.filter(({ traceId }) => traceId.some((byte) => byte !== 0)),
  }
}

const ipKeys = new Set(['ip', 'peer.ipv4'])

/** Old clients send an IPv4 address as one number. */
function readableIp({ key, value }: KeyValue): KeyValue {
  if (!ipKeys.has(key) || value.kind !== 'int') return { key, value }
  const bits = Number(BigInt.asUintN(32, value.value))
  const parts = [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff)
  return { key, value: { kind: 'string', value: parts.join('.') } }
}

// OpenTelemetry semantic conventions, telemetry.*: of the process, and sent on spans by some.
const libraryKeys = new Set([
  'telemetry.sdk.language',
  'telemetry.sdk.name',
  'telemetry.sdk.version',
  'telemetry.distro.name',
  'telemetry.distro.version',
])

/** Moves them; where the resource says something else, both stay, with a warning. */
function libraryToResource(span: Span): Span {
  const found = span.attributes.filter(({ key }) => libraryKeys.has(key))
  if (found.length === 0) return span
  const held = new Map(span.resource.attributes.map(({ key, value }) => [key, value]))
  const contradicts = ({ key, value }: KeyValue) => {
    const known = held.get(key)
    return known !== undefined && valueText(known) !== valueText(value)
  }
  const warnings = found
    .filter(contradicts)
    .map(({ key }) => `attribute must be the same on span and resource: ${key}`)
  const added = found.filter(({ key }) => !held.has(key))
  const rest = span.attributes.filter((one) => !libraryKeys.has(one.key) || contradicts(one))
  const resource = { ...span.resource, attributes: [...span.resource.attributes, ...added] }
  return withWarnings({ ...span, resource, attributes: rest }, warnings)
}

function withWarnings(span: Span, warnings: readonly string[]): Span {
  if (warnings.length === 0) return span
  const values = [...warningsOf(span), ...warnings].map(
    (value): AnyValue => ({ kind: 'string', value }),
  )
  const others = span.attributes.filter(({ key }) => key !== warningsKey)
  return {
    ...span,
    attributes: [...others, { key: warningsKey, value: { kind: 'array', values } }],
  }
}
