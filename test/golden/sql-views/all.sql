CREATE VIEW spans AS
SELECT
  lower(hex(c1)) AS "trace_id",
  lower(hex(c2)) AS "span_id",
  lower(hex(c3)) AS "parent_span_id",
  c4 AS "name",
  CASE c5 WHEN 1 THEN 'internal' WHEN 2 THEN 'server' WHEN 3 THEN 'client' WHEN 4 THEN 'producer' WHEN 5 THEN 'consumer' ELSE 'unspecified' END AS "kind",
  c0 AS "start",
  c6 AS "duration_ns",
  CASE WHEN c7 IS NULL THEN TRY(make_timestamp_ns(epoch_ns(c0) + c6)) WHEN epoch_ns(c7) BETWEEN 0 AND 9200000000000000000 THEN c7 END AS "end_time",
  CASE c8 WHEN 1 THEN 'ok' WHEN 2 THEN 'error' ELSE 'unset' END AS "status",
  c8 AS "status_code",
  c9 AS "status_message",
  c10 AS "trace_state",
  c11 AS "flags",
  c12 AS "scope_name",
  c13 AS "scope_version",
  c14 AS "scope_schema_url",
  c15 AS "resource_schema_url",
  c16 AS "dropped_attributes_count",
  c17 AS "dropped_events_count",
  c18 AS "dropped_links_count",
  c19 AS "scope_dropped_attributes_count",
  c20 AS "resource_dropped_attributes_count",
  c21 AS "events",
  [{'trace_id': lower(hex(x."trace_id")), 'span_id': lower(hex(x."span_id")), 'trace_state': x."trace_state", 'flags': x."flags", 'dropped_attributes_count': x."dropped_attributes_count", 'attributes': x."attributes"} FOR x IN c22] AS "links",
  c23 AS "resource.service.name",
  c24 AS "span.Http.Route#8c90f55d",
  CASE WHEN json_extract_string(c25, '/a~1b~0c/stringValue') IS NULL AND json_extract_string(c25, '/a~1b~0c/intValue') IS NULL AND json_extract_string(c25, '/a~1b~0c/doubleValue') IS NULL AND json_extract_string(c25, '/a~1b~0c/boolValue') IS NULL THEN CAST(json_extract(c25, '/a~1b~0c') AS VARCHAR) END AS "span.a/b~c",
  coalesce(json_extract_string(c25, '/code/stringValue'), CAST(c26 AS VARCHAR)) AS "span.code",
  c27 AS "span.http.route",
  CAST(json_extract_string(c25, '/it''s/doubleValue') AS DOUBLE) AS "span.it's"
FROM read_parquet(['/s/0.parquet', '/s/o''clock.parquet'], union_by_name = true)
WHERE c0 >= TIMESTAMP_NS '2025-11-20 16:03:11.000000001'
  AND c0 < TIMESTAMP_NS '2025-11-20 17:03:11.000000000';

CREATE VIEW traces AS
SELECT
  lower(hex(id)) AS "trace_id",
  min(start) AS "start",
  CAST(least(max(CAST(epoch_ns(start) AS HUGEINT) + duration) - epoch_ns(min(start)), 9223372036854775807) AS BIGINT) AS "duration_ns",
  arg_min(service, start) FILTER (WHERE parent IS NULL) AS "root_service",
  arg_min(name, start) FILTER (WHERE parent IS NULL) AS "root_name",
  count(*) AS "span_count",
  count(*) FILTER (WHERE status = 2) AS "error_count",
  list_sort(list(DISTINCT service) FILTER (WHERE service IS NOT NULL)) AS "services"
FROM (
SELECT
  c1 AS "id",
  c0 AS "start",
  c6 AS "duration",
  c3 AS "parent",
  c23 AS "service",
  c4 AS "name",
  c8 AS "status"
FROM read_parquet(['/s/0.parquet', '/s/o''clock.parquet'], union_by_name = true)
WHERE c0 >= TIMESTAMP_NS '2025-11-20 16:03:11.000000001'
  AND c0 < TIMESTAMP_NS '2025-11-20 17:03:11.000000000'
)
GROUP BY id
