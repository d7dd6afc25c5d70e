import {
  base64,
  bool,
  count,
  hexId,
  int64,
  listOf,
  mapOf,
  number,
  oneField,
  oneOf,
  record,
  type Shape,
  text,
  uint64,
} from './strict-json.ts'

// What Grafana's Tempo data source and Perses decode, field by field: tempo.proto as proto3's JSON, unknown fields refused.

const anyValue: Shape = (value, place) =>
  oneField({
    stringValue: text,
    boolValue: bool,
    intValue: int64,
    doubleValue: number,
    arrayValue: record({ 'values?': listOf(anyValue) }),
    kvlistValue: record({ 'values?': listOf(keyValue) }),
    bytesValue: base64,
  })(value, place)

const keyValue: Shape = (value, place) => record({ key: text, value: anyValue })(value, place)

const additionalMetrics = mapOf(int64)

const searchMetrics = record({
  'inspectedTraces?': count,
  'inspectedBytes?': uint64,
  'totalBlocks?': count,
  'completedJobs?': count,
  'totalJobs?': count,
  'totalBlockBytes?': uint64,
  'inspectedSpans?': uint64,
  'backendReads?': uint64,
  'backendBytes?': uint64,
  'additionalMetrics?': additionalMetrics,
})

const spanSet = record({
  spans: listOf(
    record({
      spanID: hexId(16),
      'name?': text,
      startTimeUnixNano: uint64,
      durationNanos: uint64,
      'attributes?': listOf(keyValue),
    }),
  ),
  matched: count,
  'attributes?': listOf(keyValue),
})

const search = record({
  // `spanSet` beside several would hide all but one.
  traces: listOf(
    record({
      traceID: hexId(32),
      'rootServiceName?': text,
      'rootTraceName?': text,
      startTimeUnixNano: uint64,
      'durationMs?': count,
      spanSets: listOf(spanSet, 1),
      'serviceStats?': mapOf(record({ 'spanCount?': count, 'errorCount?': count })),
    }),
  ),
  metrics: searchMetrics,
})

const metadataMetrics = record({
  'inspectedBytes?': uint64,
  'totalJobs?': count,
  'completedJobs?': count,
  'totalBlocks?': count,
  'totalBlockBytes?': uint64,
  'backendReads?': uint64,
  'backendBytes?': uint64,
  'additionalMetrics?': additionalMetrics,
})

const scopeName = oneOf('resource', 'span', 'intrinsic', 'event', 'link', 'instrumentation')
const tags = record({
  scopes: listOf(record({ name: scopeName, tags: listOf(text, 1) })),
  metrics: metadataMetrics,
})
const tagsV1 = record({ tagNames: listOf(text), metrics: metadataMetrics })
const valueType = oneOf('string', 'int', 'float', 'bool', 'duration', 'keyword')
const values = record({
  tagValues: listOf(record({ type: valueType, value: text })),
  metrics: metadataMetrics,
})
const valuesV1 = record({ tagValues: listOf(text), metrics: metadataMetrics })

/** Tempo's form of OTLP: ids as base64, enums by name. */
const traceSpan = record({
  traceId: base64,
  spanId: base64,
  'parentSpanId?': base64,
  'traceState?': text,
  'flags?': count,
  name: text,
  'kind?': oneOf(
    ...['SPAN_KIND_UNSPECIFIED', 'SPAN_KIND_INTERNAL', 'SPAN_KIND_SERVER'],
    ...['SPAN_KIND_CLIENT', 'SPAN_KIND_PRODUCER', 'SPAN_KIND_CONSUMER'],
  ),
  startTimeUnixNano: uint64,
  endTimeUnixNano: uint64,
  'attributes?': listOf(keyValue),
  'droppedAttributesCount?': count,
  'events?': listOf(
    record({
      timeUnixNano: uint64,
      'name?': text,
      'attributes?': listOf(keyValue),
      'droppedAttributesCount?': count,
    }),
  ),
  'droppedEventsCount?': count,
  'links?': listOf(
    record({
      traceId: base64,
      spanId: base64,
      'traceState?': text,
      'attributes?': listOf(keyValue),
      'droppedAttributesCount?': count,
      'flags?': count,
    }),
  ),
  'droppedLinksCount?': count,
  'status?': record({
    'code?': oneOf('STATUS_CODE_UNSET', 'STATUS_CODE_OK', 'STATUS_CODE_ERROR'),
    'message?': text,
  }),
})

const resourceSpans = listOf(
  record({
    'resource?': record({ 'attributes?': listOf(keyValue), 'droppedAttributesCount?': count }),
    scopeSpans: listOf(
      record({
        'scope?': record({
          'name?': text,
          'version?': text,
          'attributes?': listOf(keyValue),
          'droppedAttributesCount?': count,
        }),
        spans: listOf(traceSpan, 1),
        'schemaUrl?': text,
      }),
    ),
    'schemaUrl?': text,
  }),
)

const traceById = record({
  trace: record({ 'resourceSpans?': resourceSpans }),
  'metrics?': record({
    'inspectedBytes?': uint64,
    'backendReads?': uint64,
    'backendBytes?': uint64,
    'additionalMetrics?': additionalMetrics,
  }),
  'status?': oneOf('COMPLETE', 'PARTIAL'),
  'message?': text,
})

/** By the path below Tempo's root: what a reply with status 200 in JSON looks like. */
export const tempoShapes: readonly (readonly [RegExp, Shape])[] = [
  [/^\/api\/search\/?$/, search],
  [/^\/api\/v2\/search\/tags$/, tags],
  [/^\/api\/search\/tags$/, tagsV1],
  [/^\/api\/v2\/search\/tag\/.+\/values$/, values],
  [/^\/api\/search\/tag\/.+\/values$/, valuesV1],
  [/^\/api\/v2\/traces\/[^/]+$/, traceById],
  [/^\/api\/traces\/[^/]+$/, record({ batches: resourceSpans })],
]
