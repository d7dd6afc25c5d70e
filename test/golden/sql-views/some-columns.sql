CREATE VIEW spans AS
SELECT
  lower(hex(c1)) AS "trace_id",
  coalesce(json_extract_string(c2, '/code/stringValue'), CAST(c3 AS VARCHAR)) AS "span.code",
  c4 AS "span.http.route",
  c3 AS "span.code:int"
FROM read_parquet(['/s/0.parquet', '/s/o''clock.parquet'], union_by_name = true)
WHERE c0 >= TIMESTAMP_NS '2025-11-20 16:03:11.000000001'
  AND c0 < TIMESTAMP_NS '2025-11-20 17:03:11.000000000'
UNION ALL
SELECT
  lower(hex(c1)) AS "trace_id",
  coalesce(json_extract_string(c2, '/code/stringValue'), CAST(c3 AS VARCHAR)) AS "span.code",
  c4 AS "span.http.route",
  c3 AS "span.code:int"
FROM read_parquet(['/s/1.parquet'])
UNION ALL
SELECT
  lower(hex(c1)) AS "trace_id",
  CAST(NULL AS VARCHAR) AS "span.code",
  CAST(NULL AS VARCHAR) AS "span.http.route",
  CAST(NULL AS BIGINT) AS "span.code:int"
FROM read_parquet(['/s/2.parquet'], filename = true, file_row_number = true)
WHERE c0 >= TIMESTAMP_NS '2025-11-20 16:03:11.000000001'
  AND c0 < TIMESTAMP_NS '2025-11-20 17:03:11.000000000'
  AND concat(filename, ' ', c5) NOT IN ('/s/2.parquet 0', '/s/2.parquet 3')
  AND concat(filename, ' ', file_row_number) NOT IN ('/s/2.parquet 7', '/s/2.parquet 9', '/s/o''clock.parquet 0');

CREATE VIEW traces AS
SELECT
  lower(hex(id)) AS "trace_id"
FROM (
SELECT
  c1 AS "id"
FROM read_parquet(['/s/0.parquet', '/s/o''clock.parquet'], union_by_name = true)
WHERE c0 >= TIMESTAMP_NS '2025-11-20 16:03:11.000000001'
  AND c0 < TIMESTAMP_NS '2025-11-20 17:03:11.000000000'
UNION ALL
SELECT
  c1 AS "id"
FROM read_parquet(['/s/1.parquet'])
UNION ALL
SELECT
  c1 AS "id"
FROM read_parquet(['/s/2.parquet'], filename = true, file_row_number = true)
WHERE c0 >= TIMESTAMP_NS '2025-11-20 16:03:11.000000001'
  AND c0 < TIMESTAMP_NS '2025-11-20 17:03:11.000000000'
  AND concat(filename, ' ', c5) NOT IN ('/s/2.parquet 0', '/s/2.parquet 3')
  AND concat(filename, ' ', file_row_number) NOT IN ('/s/2.parquet 7', '/s/2.parquet 9', '/s/o''clock.parquet 0')
)
GROUP BY id
