CREATE VIEW spans AS
SELECT
  c1 AS "duration_ns"
FROM read_parquet(['/s/0.parquet', '/s/o''clock.parquet'], union_by_name = true)
WHERE c0 >= TIMESTAMP_NS '2025-11-20 16:03:11.000000001'
  AND c0 < TIMESTAMP_NS '2025-11-20 17:03:11.000000000';

CREATE VIEW traces AS
SELECT
  CAST(least(max(CAST(epoch_ns(start) AS HUGEINT) + duration) - epoch_ns(min(start)), 9223372036854775807) AS BIGINT) AS "duration_ns",
  arg_min(service, start) FILTER (WHERE parent IS NULL) AS "root_service",
  count(*) FILTER (WHERE status = 2) AS "error_count",
  list_sort(list(DISTINCT service) FILTER (WHERE service IS NOT NULL)) AS "services"
FROM (
SELECT
  c2 AS "id",
  c0 AS "start",
  c1 AS "duration",
  c3 AS "parent",
  c4 AS "service",
  c5 AS "status"
FROM read_parquet(['/s/0.parquet', '/s/o''clock.parquet'], union_by_name = true)
WHERE c0 >= TIMESTAMP_NS '2025-11-20 16:03:11.000000001'
  AND c0 < TIMESTAMP_NS '2025-11-20 17:03:11.000000000'
)
GROUP BY id
