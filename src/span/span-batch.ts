/**
 * Spans as columns, dictionary-encoded from the wire on. Row i of every per-row array belongs to span i, in the order
 * in which they were decoded; arrays may be longer than `rows`. Strings, integers and doubles are held once per
 * distinct value and named by ids. Little-endian hosts only (every platform we run on).
 */
export interface SpanBatch {
  readonly rows: number

  /** 16 bytes a row. */
  readonly traceIds: Uint8Array
  /** 8 bytes a row. */
  readonly spanIds: Uint8Array
  /** 8 bytes a row; all zero is no parent. */
  readonly parentSpanIds: Uint8Array
  /** OTLP's fixed64 bits read as signed: beyond the year 2262 they come out negative, and are written back as sent. */
  readonly startNs: BigInt64Array
  readonly endNs: BigInt64Array
  /** String ids. */
  readonly names: Uint32Array
  readonly statusMessages: Uint32Array
  readonly traceStates: Uint32Array
  readonly kinds: Int32Array
  readonly statusCodes: Int32Array
  readonly flags: Uint32Array
  readonly droppedAttributesCounts: Uint32Array
  readonly droppedEventsCounts: Uint32Array
  readonly droppedLinksCounts: Uint32Array
  /** Indexes into `resources` and `scopes`. */
  readonly resourceOfRow: Uint32Array
  readonly scopeOfRow: Uint32Array
  /** The span's envelope, as an index into the list that the maker of the batch holds. */
  readonly envelopeOfRow: Uint32Array
  /** The span's place on the wire within its envelope, counted over all its spans, from 0. */
  readonly ordinals: Uint32Array

  /** Each distinct resource and scope once; few, so they are objects. */
  readonly resources: readonly BatchResource[]
  readonly scopes: readonly BatchScope[]

  /** One per distinct (key, type) of span attributes, in order of first appearance. */
  readonly spanAttributes: readonly AttributeColumn[]

  readonly events: EventColumns
  readonly links: LinkColumns

  readonly strings: Strings
  /** Distinct integers and doubles; doubles are distinct by their bits. */
  readonly ints: BigInt64Array
  readonly doubles: Float64Array
}

/**
 * How an attribute's value is held: `string` as a string id, `int` and `double` as indexes into `ints` and `doubles`,
 * `bool` as 0 or 1, `json` as the string id of OTLP/JSON AnyValue text (arrays, maps, bytes and empty values).
 */
export type AttributeType = 'string' | 'int' | 'double' | 'bool' | 'json'

export const attributeTypes: readonly AttributeType[] = ['string', 'int', 'double', 'bool', 'json']

/** A sparse column: `values[i]` is the value of row `rowsWithIt[i]`; rows ascend and are distinct. */
export interface AttributeColumn {
  /** String id. */
  readonly key: number
  readonly type: AttributeType
  readonly length: number
  readonly rowsWithIt: Uint32Array
  readonly values: Uint32Array
}

export interface BatchAttribute {
  /** String id. */
  readonly key: number
  readonly type: AttributeType
  readonly value: number
}

export interface BatchResource {
  /** Distinct keys. */
  readonly attributes: readonly BatchAttribute[]
  readonly droppedAttributesCount: number
  /** String id. */
  readonly schemaUrl: number
}

export interface BatchScope {
  /** String ids. */
  readonly name: number
  readonly version: number
  readonly attributes: readonly BatchAttribute[]
  readonly droppedAttributesCount: number
  readonly schemaUrl: number
}

/** The events of row r are those from `firstOfRow[r]` to before `firstOfRow[r + 1]`, in wire order. */
export interface EventColumns {
  readonly length: number
  readonly firstOfRow: Uint32Array
  readonly timeNs: BigInt64Array
  /** String ids. */
  readonly names: Uint32Array
  readonly droppedAttributesCounts: Uint32Array
  readonly attributes: NestedAttributes
}

export interface LinkColumns {
  readonly length: number
  readonly firstOfRow: Uint32Array
  /** 16 and 8 bytes a link; an id of another length on the wire is all zero here. */
  readonly traceIds: Uint8Array
  readonly spanIds: Uint8Array
  /** String ids. */
  readonly traceStates: Uint32Array
  readonly flags: Uint32Array
  readonly droppedAttributesCounts: Uint32Array
  readonly attributes: NestedAttributes
}

/** The attributes of owner o (an event, a link) are those from `firstOfOwner[o]` to before `firstOfOwner[o + 1]`. */
export interface NestedAttributes {
  readonly length: number
  readonly firstOfOwner: Uint32Array
  /** String ids. */
  readonly keys: Uint32Array
  /** Indexes into `attributeTypes`. */
  readonly types: Uint8Array
  /** String ids of the value as text: the string itself, decimal digits, `true`, a double's shortest text, JSON. */
  readonly texts: Uint32Array
}

/** Distinct UTF-8 strings; string i is `bytes[starts[i], starts[i + 1])`. Id 0 is the empty string. Always valid UTF-8. */
export interface Strings {
  readonly count: number
  readonly starts: Uint32Array
  readonly bytes: Uint8Array
}
