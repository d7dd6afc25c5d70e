import protobuf from 'protobufjs'

/**
 * The OTLP messages as opentelemetry-proto 1.9 has them, for a codec that knows nothing of ours: what it writes we must
 * read, and what we write it must read.
 */
const proto = `
syntax = "proto3";
message AnyValue {
  oneof value {
    string string_value = 1;
    bool bool_value = 2;
    int64 int_value = 3;
    double double_value = 4;
    ArrayValue array_value = 5;
    KeyValueList kvlist_value = 6;
    bytes bytes_value = 7;
    int32 string_value_strindex = 8;
  }
}
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message KeyValue { string key = 1; AnyValue value = 2; int32 key_strindex = 3; }
message EntityRef { string schema_url = 1; string type = 2; repeated string id_keys = 3; }
message Resource {
  repeated KeyValue attributes = 1;
  uint32 dropped_attributes_count = 2;
  repeated EntityRef entity_refs = 3;
}
message Scope {
  string name = 1;
  string version = 2;
  repeated KeyValue attributes = 3;
  uint32 dropped_attributes_count = 4;
}
message Event {
  fixed64 time_unix_nano = 1;
  string name = 2;
  repeated KeyValue attributes = 3;
  uint32 dropped_attributes_count = 4;
}
message Link {
  bytes trace_id = 1;
  bytes span_id = 2;
  string trace_state = 3;
  repeated KeyValue attributes = 4;
  uint32 dropped_attributes_count = 5;
  fixed32 flags = 6;
}
message SpanStatus { string message = 2; int32 code = 3; }
message Span {
  bytes trace_id = 1;
  bytes span_id = 2;
  string trace_state = 3;
  bytes parent_span_id = 4;
  string name = 5;
  int32 kind = 6;
  fixed64 start_time_unix_nano = 7;
  fixed64 end_time_unix_nano = 8;
  repeated KeyValue attributes = 9;
  uint32 dropped_attributes_count = 10;
  repeated Event events = 11;
  uint32 dropped_events_count = 12;
  repeated Link links = 13;
  uint32 dropped_links_count = 14;
  SpanStatus status = 15;
  fixed32 flags = 16;
  string not_yet_invented = 4000;
}
message ScopeSpans { Scope scope = 1; repeated Span spans = 2; string schema_url = 3; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
message ExportTracePartialSuccess { int64 rejected_spans = 1; string error_message = 2; }
message ExportTraceServiceResponse { ExportTracePartialSuccess partial_success = 1; }
message Any { string type_url = 1; bytes value = 2; }
message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
message FieldViolation { string field = 1; string description = 2; }
message BadRequest { repeated FieldViolation field_violations = 1; }
`
const { root } = protobuf.parse(proto)

/** The members of a message by their lowerCamelCase names. */
export type Message = Readonly<Record<string, unknown>>

function encode(type: string, message: Message): Uint8Array<ArrayBuffer> {
  const known = root.lookupType(type)
  return new Uint8Array(known.encode(known.fromObject(message)).finish())
}

function decode(type: string, bytes: Uint8Array): Message {
  const known = root.lookupType(type)
  return known.toObject(known.decode(bytes), { longs: String, arrays: true })
}

export function encodeRequest(request: Message): Uint8Array<ArrayBuffer> {
  return encode('ExportTraceServiceRequest', request)
}

export interface ExportResponse {
  readonly partialSuccess?: { readonly rejectedSpans?: string; readonly errorMessage?: string }
}

export function decodeResponse(bytes: Uint8Array): ExportResponse {
  return decode('ExportTraceServiceResponse', bytes)
}

export interface Status {
  readonly code: number
  readonly message: string
  readonly violations: readonly { readonly field: string; readonly description: string }[]
}

export function decodeStatus(bytes: Uint8Array): Status {
  const { code, message, details } = decode('Status', bytes) as unknown as {
    code: number
    message: string
    details: readonly { typeUrl: string; value: Uint8Array }[]
  }
  const violations = details
    .filter(({ typeUrl }) => typeUrl === 'type.googleapis.com/google.rpc.BadRequest')
    .flatMap(({ value }) => decode('BadRequest', value).fieldViolations as Status['violations'])
  return { code, message, violations }
}

/** The same of a JSON body. */
export function parseStatus(bytes: Uint8Array): Status {
  const { code, message, details } = JSON.parse(new TextDecoder().decode(bytes)) as {
    code: number
    message: string
    details?: readonly { '@type': string; fieldViolations: Status['violations'] }[]
  }
  const violations = (details ?? [])
    .filter((detail) => detail['@type'] === 'type.googleapis.com/google.rpc.BadRequest')
    .flatMap(({ fieldViolations }) => fieldViolations)
  return { code, message, violations }
}
