CREATE VIEW spans AS
SELECT
  CAST(NULL AS VARCHAR) AS "trace_id",
  CAST(NULL AS VARCHAR) AS "span_id",
  CAST(NULL AS VARCHAR) AS "parent_span_id",
  CAST(NULL AS VARCHAR) AS "name",
  CAST(NULL AS VARCHAR) AS "kind",
  CAST(NULL AS TIMESTAMP_NS) AS "start",
  CAST(NULL AS BIGINT) AS "duration_ns",
  CAST(NULL AS TIMESTAMP_NS) AS "end_time",
  CAST(NULL AS VARCHAR) AS "status",
  CAST(NULL AS INTEGER) AS "status_code",
  CAST(NULL AS VARCHAR) AS "status_message",
  CAST(NULL AS VARCHAR) AS "trace_state",
  CAST(NULL AS UINTEGER) AS "flags",
  CAST(NULL AS VARCHAR) AS "scope_name",
  CAST(NULL AS VARCHAR) AS "scope_version",
  CAST(NULL AS VARCHAR) AS "scope_schema_url",
  CAST(NULL AS VARCHAR) AS "resource_schema_url",
  CAST(NULL AS UINTEGER) AS "dropped_attributes_count",
  CAST(NULL AS UINTEGER) AS "dropped_events_count",
  CAST(NULL AS UINTEGER) AS "dropped_links_count",
  CAST(NULL AS UINTEGER) AS "scope_dropped_attributes_count",
  CAST(NULL AS UINTEGER) AS "resource_dropped_attributes_count",
  CAST(NULL AS STRUCT("time" TIMESTAMP_NS, "name" VARCHAR, "dropped_attributes_count" UINTEGER, "attributes" STRUCT("key" VARCHAR, "type" VARCHAR, "value" VARCHAR)[])[]) AS "events",
  CAST(NULL AS STRUCT("trace_id" VARCHAR, "span_id" VARCHAR, "trace_state" VARCHAR, "flags" UINTEGER, "dropped_attributes_count" UINTEGER, "attributes" STRUCT("key" VARCHAR, "type" VARCHAR, "value" VARCHAR)[])[]) AS "links",
  CAST(NULL AS VARCHAR) AS "resource.service.name",
  CAST(NULL AS VARCHAR) AS "span.Http.Route#8c90f55d",
  CAST(NULL AS VARCHAR) AS "span.a/b~c",
  CAST(NULL AS VARCHAR) AS "span.code",
  CAST(NULL AS VARCHAR) AS "span.http.route",
  CAST(NULL AS DOUBLE) AS "span.it's"
WHERE false;

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
  CAST(NULL AS BLOB) AS "id",
  CAST(NULL AS TIMESTAMP_NS) AS "start",
  CAST(NULL AS BIGINT) AS "duration",
  CAST(NULL AS BLOB) AS "parent",
  CAST(NULL AS VARCHAR) AS "service",
  CAST(NULL AS VARCHAR) AS "name",
  CAST(NULL AS INTEGER) AS "status"
WHERE false
)
GROUP BY id
