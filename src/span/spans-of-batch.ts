import { intOf, parseAnyValueText, parseDoubleText } from './any-value-text.ts'
import type { AnyValue, KeyValue, Resource, Scope, Span, SpanEvent, SpanLink } from './span.ts'
import {
  type AttributeType,
  attributeTypes,
  type BatchAttribute,
  type NestedAttributes,
  type SpanBatch,
} from './span-batch.ts'
import { stringAt } from './string-table.ts'

/** A batch's spans as objects, in row order: for answers, tests and tools, never on the way in. */
export function spansOfBatch(batch: SpanBatch): Span[] {
  const resources = batch.resources.map(
    (resource): Resource => ({
      attributes: resource.attributes.map((attribute) => keyValueOf(batch, attribute)),
      droppedAttributesCount: resource.droppedAttributesCount,
      schemaUrl: stringAt(batch.strings, resource.schemaUrl),
    }),
  )
  const scopes = batch.scopes.map(
    (scope): Scope => ({
      name: stringAt(batch.strings, scope.name),
      version: stringAt(batch.strings, scope.version),
      attributes: scope.attributes.map((attribute) => keyValueOf(batch, attribute)),
      droppedAttributesCount: scope.droppedAttributesCount,
      schemaUrl: stringAt(batch.strings, scope.schemaUrl),
    }),
  )
  const attributes = attributesByRow(batch)
  return Array.from({ length: batch.rows }, (_, row): Span => {
    const parent = batch.parentSpanIds.slice(8 * row, 8 * row + 8)
    return {
      traceId: batch.traceIds.slice(16 * row, 16 * row + 16),
      spanId: batch.spanIds.slice(8 * row, 8 * row + 8),
      parentSpanId: parent.some((byte) => byte !== 0) ? parent : undefined,
      traceState: stringAt(batch.strings, batch.traceStates[row]!),
      name: stringAt(batch.strings, batch.names[row]!),
      kind: batch.kinds[row]!,
      startNs: BigInt.asUintN(64, batch.startNs[row]!),
      endNs: BigInt.asUintN(64, batch.endNs[row]!),
      statusCode: batch.statusCodes[row]!,
      statusMessage: stringAt(batch.strings, batch.statusMessages[row]!),
      flags: batch.flags[row]!,
      attributes: attributes[row] ?? [],
      droppedAttributesCount: batch.droppedAttributesCounts[row]!,
      events: eventsOf(batch, row),
      droppedEventsCount: batch.droppedEventsCounts[row]!,
      links: linksOf(batch, row),
      droppedLinksCount: batch.droppedLinksCounts[row]!,
      resource: resources[batch.resourceOfRow[row]!]!,
      scope: scopes[batch.scopeOfRow[row]!]!,
    }
  })
}

function attributesByRow(batch: SpanBatch): KeyValue[][] {
  const byRow: KeyValue[][] = []
  for (const { key, type, length, rowsWithIt, values } of batch.spanAttributes) {
    for (let i = 0; i < length; i++) {
      const row = rowsWithIt[i]!
      byRow[row] ??= []
      byRow[row].push(keyValueOf(batch, { key, type, value: values[i]! }))
    }
  }
  return byRow
}

function keyValueOf(batch: SpanBatch, { key, type, value }: BatchAttribute): KeyValue {
  return { key: stringAt(batch.strings, key), value: toValue(batch, type, value) }
}

function toValue(batch: SpanBatch, type: AttributeType, value: number): AnyValue {
  switch (type) {
    case 'string':
      return { kind: 'string', value: stringAt(batch.strings, value) }
    case 'int':
      return { kind: 'int', value: batch.ints[value]! }
    case 'double':
      return { kind: 'double', value: batch.doubles[value]! }
    case 'bool':
      return { kind: 'bool', value: value === 1 }
    case 'json':
      return parseAnyValueText(stringAt(batch.strings, value))
  }
}

/** The value of an event's or link's attribute, from its type and text. */
export function valueOfText(type: AttributeType, text: string): AnyValue {
  switch (type) {
    case 'string':
      return { kind: 'string', value: text }
    case 'int':
      return { kind: 'int', value: intOf(text) }
    case 'double':
      return { kind: 'double', value: parseDoubleText(text) }
    case 'bool':
      return { kind: 'bool', value: text === 'true' }
    case 'json':
      return parseAnyValueText(text)
  }
}

function eventsOf(batch: SpanBatch, row: number): SpanEvent[] {
  const { events, strings } = batch
  return rangeOf(events.firstOfRow, row).map((at) => ({
    timeNs: BigInt.asUintN(64, events.timeNs[at]!),
    name: stringAt(strings, events.names[at]!),
    attributes: nestedOf(batch, events.attributes, at),
    droppedAttributesCount: events.droppedAttributesCounts[at]!,
  }))
}

function linksOf(batch: SpanBatch, row: number): SpanLink[] {
  const { links, strings } = batch
  return rangeOf(links.firstOfRow, row).map((at) => ({
    traceId: links.traceIds.slice(16 * at, 16 * at + 16),
    spanId: links.spanIds.slice(8 * at, 8 * at + 8),
    traceState: stringAt(strings, links.traceStates[at]!),
    flags: links.flags[at]!,
    attributes: nestedOf(batch, links.attributes, at),
    droppedAttributesCount: links.droppedAttributesCounts[at]!,
  }))
}

function nestedOf({ strings }: SpanBatch, nested: NestedAttributes, owner: number): KeyValue[] {
  return rangeOf(nested.firstOfOwner, owner).map((at) => ({
    key: stringAt(strings, nested.keys[at]!),
    value: valueOfText(attributeTypes[nested.types[at]!]!, stringAt(strings, nested.texts[at]!)),
  }))
}

function rangeOf(firsts: Uint32Array, owner: number): number[] {
  const first = firsts[owner]!
  return Array.from({ length: firsts[owner + 1]! - first }, (_, i) => first + i)
}
