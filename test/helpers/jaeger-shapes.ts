import {
  base64,
  bool,
  count,
  hexId,
  int64,
  listOf,
  mapOf,
  nothing,
  number,
  oneField,
  oneOf,
  orNull,
  record,
  type Shape,
  text,
  uint64,
} from './strict-json.ts'

// What Jaeger's UI checks (its schemas of version 3) and what Grafana's data source decodes, and no field more.

const keyValue: Shape = (value, place) => {
  const kinds: Readonly<Record<string, Shape>> = {
    string: text,
    bool,
    // Beyond 2^53 a number would not be the one that was sent.
    int64: (one, at) => (typeof one === 'string' ? int64(one, at) : number(one, at)),
    float64: number,
    binary: base64,
  }
  const { type } = value as { type?: string }
  return record({
    key: text,
    type: oneOf(...Object.keys(kinds)),
    value: kinds[type ?? ''] ?? nothing,
  })(value, place)
}

/** The short form of ids of 64 bits too. */
const traceId: Shape = (value, place) =>
  String(value).length === 16 ? hexId(16)(value, place) : hexId(32)(value, place)

const trace = record({
  traceID: traceId,
  // Grafana looks into the first one before anything else.
  spans: listOf(
    record({
      traceID: traceId,
      spanID: hexId(16),
      'flags?': count,
      operationName: text,
      references: listOf(
        record({ refType: oneOf('CHILD_OF', 'FOLLOWS_FROM'), traceID: traceId, spanID: hexId(16) }),
      ),
      startTime: count,
      duration: count,
      tags: listOf(keyValue),
      logs: listOf(record({ timestamp: count, fields: listOf(keyValue) })),
      processID: text,
      warnings: orNull(listOf(text, 1)),
    }),
    1,
  ),
  processes: mapOf(record({ serviceName: text, tags: listOf(keyValue) })),
  warnings: orNull(listOf(text, 1)),
})

const errors = listOf(record({ 'code?': count, msg: text, 'traceID?': traceId }), 1)

function envelope(data: Shape): Shape {
  return record({ data, total: count, limit: count, offset: count, errors: orNull(errors) })
}

const dependency = (calls: Shape) => record({ parent: text, child: text, callCount: calls })

const kindWord = oneOf('', 'internal', 'server', 'client', 'producer', 'consumer')

const summary = record({
  traceId: hexId(32),
  'rootServiceName?': text,
  'rootOperationName?': text,
  minStartTimeUnixNano: uint64,
  maxEndTimeUnixNano: uint64,
  spanCount: count,
  errorSpanCount: count,
  orphanSpanCount: count,
  services: listOf(record({ name: text, spanCount: count, errorSpanCount: count })),
})

const anyValue: Shape = (value, place) =>
  oneField({
    stringValue: text,
    boolValue: bool,
    intValue: int64,
    doubleValue: number,
    arrayValue: record({ 'values?': listOf(anyValue) }),
    kvlistValue: record({ 'values?': listOf(attribute) }),
    bytesValue: base64,
  })(value, place)
const attribute: Shape = (value, place) => record({ key: text, value: anyValue })(value, place)
const attributes = { 'attributes?': listOf(attribute), 'droppedAttributesCount?': count }

/** OTLP/JSON as its specification says: ids in hex, enums as numbers. */
const otlp = record({
  result: record({
    resourceSpans: listOf(
      record({
        'resource?': record(attributes),
        scopeSpans: listOf(
          record({
            'scope?': record({ 'name?': text, 'version?': text, ...attributes }),
            spans: listOf(
              record({
                traceId: hexId(32),
                spanId: hexId(16),
                'parentSpanId?': hexId(16),
                'traceState?': text,
                'flags?': count,
                name: text,
                'kind?': count,
                startTimeUnixNano: uint64,
                endTimeUnixNano: uint64,
                ...attributes,
                'events?': listOf(record({ timeUnixNano: uint64, 'name?': text, ...attributes })),
                'droppedEventsCount?': count,
                'links?': listOf(
                  record({
                    traceId: hexId(32),
                    spanId: hexId(16),
                    'traceState?': text,
                    'flags?': count,
                    ...attributes,
                  }),
                ),
                'droppedLinksCount?': count,
                'status?': record({ 'code?': count, 'message?': text }),
              }),
              1,
            ),
            'schemaUrl?': text,
          }),
        ),
        'schemaUrl?': text,
      }),
      1,
    ),
  }),
})

/** By the path below Jaeger's root: what a reply with status 200 looks like. */
export const jaegerShapes: readonly (readonly [RegExp, Shape])[] = [
  [/^\/api\/services$/, envelope(listOf(text))],
  [/^\/api\/services\/.+\/operations$/, envelope(listOf(text))],
  [/^\/api\/operations$/, envelope(listOf(record({ name: text, spanKind: kindWord })))],
  [/^\/api\/traces(?:\/[^/]+)?$/, envelope(listOf(trace))],
  [/^\/api\/dependencies$/, envelope(listOf(dependency(count)))],
  [/^\/api\/v3\/services$/, record({ services: listOf(text) })],
  [
    /^\/api\/v3\/operations$/,
    record({ operations: listOf(record({ name: text, spanKind: kindWord })) }),
  ],
  [/^\/api\/v3\/traces(?:\/[^/]+)?$/, otlp],
  [/^\/api\/v3\/trace-summaries$/, record({ summaries: listOf(summary) })],
  [/^\/api\/v3\/dependencies$/, record({ dependencies: listOf(dependency(uint64)) })],
]

/** What a reply with any other status looks like: the envelope, or version 3's own. */
export function jaegerErrorShape(path: string): Shape {
  if (/^\/api\/v3\//.test(path)) {
    return record({ error: record({ httpCode: count, message: text }) })
  }
  return record({ data: nothing, total: count, limit: count, offset: count, errors })
}
