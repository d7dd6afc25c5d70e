/** One span as an object: what answers are made of. The way in never builds these: it fills a `SpanBatch`. */
export interface Span {
  /** 16 bytes. */
  readonly traceId: Uint8Array
  /** 8 bytes. */
  readonly spanId: Uint8Array
  /** 8 bytes; undefined for a root. */
  readonly parentSpanId: Uint8Array | undefined
  readonly traceState: string
  readonly name: string
  /** As sent, also outside the enum. */
  readonly kind: number
  /** Nanoseconds since 1970 as OTLP's fixed64: unsigned. */
  readonly startNs: bigint
  readonly endNs: bigint
  readonly statusCode: number
  readonly statusMessage: string
  /** All 32 bits as sent. */
  readonly flags: number
  /** In no promised order: attributes are columns at rest. Keys are distinct. */
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributesCount: number
  readonly events: readonly SpanEvent[]
  readonly droppedEventsCount: number
  readonly links: readonly SpanLink[]
  readonly droppedLinksCount: number
  readonly resource: Resource
  readonly scope: Scope
}

export interface SpanEvent {
  readonly timeNs: bigint
  readonly name: string
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributesCount: number
}

export interface SpanLink {
  readonly traceId: Uint8Array
  readonly spanId: Uint8Array
  readonly traceState: string
  readonly flags: number
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributesCount: number
}

export interface Resource {
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributesCount: number
  readonly schemaUrl: string
}

export interface Scope {
  readonly name: string
  readonly version: string
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributesCount: number
  readonly schemaUrl: string
}

export interface KeyValue {
  readonly key: string
  readonly value: AnyValue
}

/** opentelemetry-proto common.proto AnyValue. */
export type AnyValue =
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly kind: 'array'; readonly values: readonly AnyValue[] }
  | { readonly kind: 'map'; readonly entries: readonly KeyValue[] }
  | { readonly kind: 'empty' }
