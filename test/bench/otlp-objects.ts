import protobuf from 'protobufjs'

/** The baseline's decoder: protobufjs with its reflection, which makes an object of every span and attribute. */
export function decodeToObjects(body: Uint8Array): RequestObject {
  return exportRequest.decode(body) as unknown as RequestObject
}

export interface RequestObject {
  readonly resourceSpans: readonly {
    readonly resource?: { readonly attributes: readonly KeyValueObject[] }
    readonly scopeSpans: readonly {
      readonly scope?: { readonly name: string; readonly version: string }
      readonly spans: readonly SpanObject[]
    }[]
  }[]
}

export interface SpanObject {
  readonly traceId: Uint8Array
  readonly spanId: Uint8Array
  readonly parentSpanId: Uint8Array
  readonly traceState: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: Fixed64
  readonly endTimeUnixNano: Fixed64
  readonly attributes: readonly KeyValueObject[]
  readonly events: readonly {
    readonly name: string
    readonly attributes: readonly KeyValueObject[]
  }[]
  readonly links: readonly { readonly traceId: Uint8Array; readonly spanId: Uint8Array }[]
  readonly status?: { readonly message: string; readonly code: number }
  readonly flags: number
}

export type Fixed64 = { readonly low: number; readonly high: number } | number

export interface KeyValueObject {
  readonly key: string
  readonly value?: {
    readonly value?: string
    readonly stringValue?: string
    readonly boolValue?: boolean
    readonly intValue?: Fixed64
    readonly doubleValue?: number
  }
}

const schema = `
syntax = "proto3";
message Request { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message ScopeSpans { Scope scope = 1; repeated Span spans = 2; string schema_url = 3; }
message Scope { string name = 1; string version = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5;
  int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
  repeated KeyValue attributes = 9; uint32 dropped_attributes_count = 10;
  repeated Event events = 11; uint32 dropped_events_count = 12;
  repeated Link links = 13; uint32 dropped_links_count = 14; Status status = 15; fixed32 flags = 16;
}
message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; }
message Link { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4; }
message Status { string message = 2; int32 code = 3; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue {
  oneof value {
    string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
    ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7;
  }
}
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
`
const exportRequest = protobuf.parse(schema).root.lookupType('Request')
