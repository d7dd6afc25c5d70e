/** Every metric that `/metrics` shows: its kind, its help text, its labels. Names carry their unit. */
export interface MetricDefinition {
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels?: readonly string[]
  readonly buckets?: readonly number[]
}

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const counts = [1, 5, 10, 50, 100, 500, 1_000, 5_000, 10_000, 50_000]

export const metrics: Readonly<Record<string, MetricDefinition>> = {
  spanlake_requests_total: {
    kind: 'counter',
    help: 'Export requests by status.',
    labels: ['status'],
  },
  spanlake_request_seconds: {
    kind: 'histogram',
    help: 'Export requests, start to answer.',
    buckets: seconds,
  },
  spanlake_spans_accepted_total: {
    kind: 'counter',
    help: 'Spans acknowledged.',
    labels: ['tenant'],
  },
  spanlake_spans_refused_total: {
    kind: 'counter',
    help: 'Spans refused, by reason.',
    labels: ['reason'],
  },
  spanlake_request_spans: { kind: 'histogram', help: 'Spans per request.', buckets: counts },
  spanlake_request_bytes_total: { kind: 'counter', help: 'Bytes of export requests, as sent.' },
  spanlake_queue_messages: { kind: 'gauge', help: 'Messages on the queue.' },
  spanlake_queue_bytes: { kind: 'gauge', help: 'Bytes on the queue.' },
  spanlake_queue_oldest_seconds: { kind: 'gauge', help: 'Age of the oldest message on the queue.' },
  spanlake_flush_seconds: {
    kind: 'histogram',
    help: 'One flush, messages to acknowledgement.',
    buckets: seconds,
  },
  spanlake_flush_spans_total: { kind: 'counter', help: 'Spans written into fresh files.' },
  spanlake_flush_bytes_in_total: { kind: 'counter', help: 'Bytes of messages flushed.' },
  spanlake_flush_bytes_out_total: { kind: 'counter', help: 'Bytes of fresh files written.' },
  spanlake_flush_files_total: { kind: 'counter', help: 'Fresh files written.' },
  spanlake_flush_conflicts_total: {
    kind: 'counter',
    help: 'Fresh files that an earlier attempt had written.',
  },
  spanlake_flush_failures_total: {
    kind: 'counter',
    help: 'Messages given back, by kind of error.',
    labels: ['kind'],
  },
  spanlake_dead_total: { kind: 'counter', help: 'Envelopes moved to dead letters.' },
  spanlake_searches_total: { kind: 'counter', help: 'Searches.' },
  spanlake_search_seconds: { kind: 'histogram', help: 'One search.', buckets: seconds },
  spanlake_search_gets_total: { kind: 'counter', help: 'Objects and ranges read for searches.' },
  spanlake_search_bytes_total: { kind: 'counter', help: 'Bytes read for searches.' },
  spanlake_metrics_queries_total: { kind: 'counter', help: 'TraceQL metrics queries.' },
  spanlake_metrics_query_seconds: {
    kind: 'histogram',
    help: 'One TraceQL metrics query.',
    buckets: seconds,
  },
  spanlake_metrics_query_gets_total: {
    kind: 'counter',
    help: 'Objects and ranges read for TraceQL metrics queries.',
  },
  spanlake_metrics_query_bytes_total: {
    kind: 'counter',
    help: 'Bytes read for TraceQL metrics queries.',
  },
  spanlake_metrics_query_spans_total: {
    kind: 'counter',
    help: 'Rows of the row groups that TraceQL metrics queries looked at.',
  },
  spanlake_sql_queries_total: { kind: 'counter', help: 'SQL queries.' },
  spanlake_sql_seconds: { kind: 'histogram', help: 'One SQL query.', buckets: seconds },
  spanlake_sql_gets_total: { kind: 'counter', help: 'Objects and ranges read for SQL queries.' },
  spanlake_sql_bytes_total: { kind: 'counter', help: 'Bytes read for SQL queries.' },
  spanlake_tag_reads_total: { kind: 'counter', help: 'Questions about tags and their values.' },
  spanlake_tag_read_seconds: {
    kind: 'histogram',
    help: 'One question about tags or their values.',
    buckets: seconds,
  },
  spanlake_tag_gets_total: { kind: 'counter', help: 'Objects and ranges read for tags.' },
  spanlake_tag_bytes_total: { kind: 'counter', help: 'Bytes read for tags.' },
  spanlake_dependency_reads_total: {
    kind: 'counter',
    help: 'Questions about calls between services.',
  },
  spanlake_dependency_read_seconds: {
    kind: 'histogram',
    help: 'One question about calls between services.',
    buckets: seconds,
  },
  spanlake_dependency_gets_total: {
    kind: 'counter',
    help: 'Objects and ranges read for dependencies.',
  },
  spanlake_dependency_bytes_total: { kind: 'counter', help: 'Bytes read for dependencies.' },
  spanlake_fresh_files: {
    kind: 'gauge',
    help: 'Fresh files that compaction has not absorbed: every lookup asks each.',
    labels: ['tenant'],
  },
  spanlake_fresh_bytes: {
    kind: 'gauge',
    help: 'Bytes of fresh files that compaction has not absorbed.',
    labels: ['tenant'],
  },
  spanlake_fresh_oldest_seconds: {
    kind: 'gauge',
    help: 'Age of the oldest fresh file that compaction has not absorbed.',
    labels: ['tenant'],
  },
  spanlake_span_files: {
    kind: 'gauge',
    help: 'Span files that the newest manifest names.',
    labels: ['tenant'],
  },
  spanlake_span_file_bytes: {
    kind: 'gauge',
    help: 'Bytes of the span files that the newest manifest names.',
    labels: ['tenant'],
  },
  spanlake_compactions_total: {
    kind: 'counter',
    help: 'Merges committed, of fresh files and of span files.',
    labels: ['kind'],
  },
  spanlake_compaction_seconds: {
    kind: 'histogram',
    help: 'One merge, listing to commit.',
    buckets: seconds,
  },
  spanlake_compaction_files_read_total: {
    kind: 'counter',
    help: 'Files that merges replaced.',
    labels: ['kind'],
  },
  spanlake_compaction_files_written_total: {
    kind: 'counter',
    help: 'Span files that merges wrote.',
    labels: ['kind'],
  },
  spanlake_compaction_spans_total: {
    kind: 'counter',
    help: 'Spans that merges read.',
    labels: ['kind'],
  },
  spanlake_compaction_read_bytes_total: {
    kind: 'counter',
    help: 'Bytes of the files that merges read.',
    labels: ['kind'],
  },
  spanlake_compaction_written_bytes_total: {
    kind: 'counter',
    help: 'Bytes that merges wrote, the index included.',
    labels: ['kind'],
  },
  spanlake_compaction_failures_total: {
    kind: 'counter',
    help: 'Rounds of compaction, expiry and sweep that failed and are tried again.',
  },
  spanlake_swept_objects_total: { kind: 'counter', help: 'Objects that the sweep removed.' },
  spanlake_lookups_total: {
    kind: 'counter',
    help: 'Trace lookups, by result.',
    labels: ['result'],
  },
  spanlake_lookup_seconds: { kind: 'histogram', help: 'Trace lookups.', buckets: seconds },
  spanlake_lookup_gets_total: { kind: 'counter', help: 'Objects and ranges read for lookups.' },
  spanlake_lookup_bytes_total: { kind: 'counter', help: 'Bytes read for lookups.' },
}
