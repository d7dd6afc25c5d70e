import { doubleText } from '../../../src/span/any-value-text.ts'
import type { AnyValue, KeyValue, Span } from '../../../src/span/span.ts'
import {
  type AttributeColumn,
  type AttributeType,
  attributeTypes,
  type BatchAttribute,
  type BatchResource,
  type BatchScope,
  type NestedAttributes,
  type SpanBatch,
} from '../../../src/span/span-batch.ts'

export interface PlacedSpan {
  readonly span: Span
  readonly envelope: number
}

/** A batch from objects, written without regard to speed: what tests of the press start from. */
export function batchOfSpans(placed: readonly PlacedSpan[]): SpanBatch {
  const strings = interning<string>((text) => text)
  strings.idOf('')
  const ints = interning<bigint>(String)
  const doubles = interning<number>((value) => (Object.is(value, -0) ? '-0' : String(value)))
  const value = (any: AnyValue): { type: AttributeType; value: number } => {
    if (any.kind === 'string') return { type: 'string', value: strings.idOf(any.value) }
    if (any.kind === 'int') return { type: 'int', value: ints.idOf(any.value) }
    if (any.kind === 'double') return { type: 'double', value: doubles.idOf(any.value) }
    if (any.kind === 'bool') return { type: 'bool', value: any.value ? 1 : 0 }
    return { type: 'json', value: strings.idOf(JSON.stringify(anyValueJson(any))) }
  }
  const owned = (attributes: readonly KeyValue[]): BatchAttribute[] =>
    attributes.map(({ key, value: any }) => ({ key: strings.idOf(key), ...value(any) }))
  const nested = (
    owners: readonly { readonly attributes: readonly KeyValue[] }[],
  ): NestedAttributes => {
    const all = owners.flatMap((owner) => owner.attributes)
    return {
      length: all.length,
      firstOfOwner: offsets(owners.map((owner) => owner.attributes.length)),
      keys: Uint32Array.from(all, ({ key }) => strings.idOf(key)),
      types: Uint8Array.from(all, ({ value: any }) => attributeTypes.indexOf(value(any).type)),
      texts: Uint32Array.from(all, ({ value: any }) => strings.idOf(textOf(any))),
    }
  }

  const spans = placed.map(({ span }) => span)
  const u32 = (of: (span: Span) => number) => Uint32Array.from(spans, of)
  const text = (of: (span: Span) => string) =>
    Uint32Array.from(spans, (span) => strings.idOf(of(span)))
  const events = spans.flatMap((span) => span.events)
  const links = spans.flatMap((span) => span.links)
  const columns = new Map<
    string,
    { key: number; type: AttributeType; rows: number[]; values: number[] }
  >()
  for (const [row, span] of spans.entries()) {
    for (const { key, value: any } of span.attributes) {
      const { type, value: id } = value(any)
      const column = columns.get(`${type} ${key}`) ?? {
        key: strings.idOf(key),
        type,
        rows: [],
        values: [],
      }
      column.rows.push(row)
      column.values.push(id)
      columns.set(`${type} ${key}`, column)
    }
  }
  const batch = {
    rows: spans.length,
    traceIds: joined(spans.map((span) => span.traceId)),
    spanIds: joined(spans.map((span) => span.spanId)),
    parentSpanIds: joined(spans.map((span) => span.parentSpanId ?? new Uint8Array(8))),
    startNs: BigInt64Array.from(spans, (span) => BigInt.asIntN(64, span.startNs)),
    endNs: BigInt64Array.from(spans, (span) => BigInt.asIntN(64, span.endNs)),
    names: text((span) => span.name),
    statusMessages: text((span) => span.statusMessage),
    traceStates: text((span) => span.traceState),
    kinds: Int32Array.from(spans, (span) => span.kind),
    statusCodes: Int32Array.from(spans, (span) => span.statusCode),
    flags: u32((span) => span.flags),
    droppedAttributesCounts: u32((span) => span.droppedAttributesCount),
    droppedEventsCounts: u32((span) => span.droppedEventsCount),
    droppedLinksCounts: u32((span) => span.droppedLinksCount),
    resourceOfRow: Uint32Array.from(spans.keys()),
    scopeOfRow: Uint32Array.from(spans.keys()),
    envelopeOfRow: Uint32Array.from(placed, ({ envelope }) => envelope),
    ordinals: Uint32Array.from(spans.keys()),
    resources: spans.map(
      ({ resource }): BatchResource => ({
        attributes: owned(resource.attributes),
        droppedAttributesCount: resource.droppedAttributesCount,
        schemaUrl: strings.idOf(resource.schemaUrl),
      }),
    ),
    scopes: spans.map(
      ({ scope }): BatchScope => ({
        name: strings.idOf(scope.name),
        version: strings.idOf(scope.version),
        attributes: owned(scope.attributes),
        droppedAttributesCount: scope.droppedAttributesCount,
        schemaUrl: strings.idOf(scope.schemaUrl),
      }),
    ),
    spanAttributes: Array.from(
      columns.values(),
      ({ key, type, rows, values }): AttributeColumn => ({
        key,
        type,
        length: rows.length,
        rowsWithIt: Uint32Array.from(rows),
        values: Uint32Array.from(values),
      }),
    ),
    events: {
      length: events.length,
      firstOfRow: offsets(spans.map((span) => span.events.length)),
      timeNs: BigInt64Array.from(events, (event) => BigInt.asIntN(64, event.timeNs)),
      names: Uint32Array.from(events, (event) => strings.idOf(event.name)),
      droppedAttributesCounts: Uint32Array.from(events, (event) => event.droppedAttributesCount),
      attributes: nested(events),
    },
    links: {
      length: links.length,
      firstOfRow: offsets(spans.map((span) => span.links.length)),
      traceIds: joined(links.map((link) => link.traceId)),
      spanIds: joined(links.map((link) => link.spanId)),
      traceStates: Uint32Array.from(links, (link) => strings.idOf(link.traceState)),
      flags: Uint32Array.from(links, (link) => link.flags),
      droppedAttributesCounts: Uint32Array.from(links, (link) => link.droppedAttributesCount),
      attributes: nested(links),
    },
  }
  const encoded = strings.list.map((string) => new TextEncoder().encode(string))
  return {
    ...batch,
    ints: BigInt64Array.from(ints.list),
    doubles: Float64Array.from(doubles.list),
    strings: {
      count: encoded.length,
      starts: offsets(encoded.map(({ length }) => length)),
      bytes: joined(encoded),
    },
  }
}

/** OTLP/JSON AnyValue. */
export function anyValueJson(any: AnyValue): unknown {
  switch (any.kind) {
    case 'string':
      return { stringValue: any.value }
    case 'bool':
      return { boolValue: any.value }
    case 'int':
      return { intValue: String(any.value) }
    case 'double':
      return { doubleValue: isPlain(any.value) ? any.value : doubleText(any.value) }
    case 'bytes':
      return { bytesValue: Buffer.from(any.value).toString('base64') }
    case 'array':
      return { arrayValue: { values: any.values.map(anyValueJson) } }
    case 'map':
      return {
        kvlistValue: {
          values: any.entries.map(({ key, value }) => ({ key, value: anyValueJson(value) })),
        },
      }
    case 'empty':
      return {}
  }
}

function textOf(any: AnyValue): string {
  if (any.kind === 'string') return any.value
  if (any.kind === 'double') return doubleText(any.value)
  if (any.kind === 'int' || any.kind === 'bool') return String(any.value)
  return JSON.stringify(anyValueJson(any))
}

function interning<T>(textOf: (value: T) => string) {
  const ids = new Map<string, number>()
  const list: T[] = []
  const idOf = (value: T): number => {
    const known = ids.get(textOf(value))
    if (known !== undefined) return known
    ids.set(textOf(value), list.length)
    return list.push(value) - 1
  }
  return { list, idOf }
}

function offsets(lengths: readonly number[]): Uint32Array {
  const starts = new Uint32Array(lengths.length + 1)
  for (const [i, length] of lengths.entries()) starts[i + 1] = starts[i]! + length
  return starts
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

/** Whether JSON.stringify keeps the double as it is. */
function isPlain(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0)
}
