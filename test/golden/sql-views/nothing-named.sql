CREATE VIEW spans AS
SELECT
  CASE c1 WHEN 1 THEN 'internal' WHEN 2 THEN 'server' WHEN 3 THEN 'client' WHEN 4 THEN 'producer' WHEN 5 THEN 'consumer' ELSE 'unspecified' END AS "kind"
FROM read_parquet(['/s/0.parquet', '/s/o''clock.parquet'], union_by_name = true)
WHERE c0 >= TIMESTAMP_NS '2025-11-20 16:03:11.000000001'
  AND c0 < TIMESTAMP_NS '2025-11-20 17:03:11.000000000'
UNION ALL
SELECT
  CASE c1 WHEN 1 THEN 'internal' WHEN 2 THEN 'server' WHEN 3 THEN 'client' WHEN 4 THEN 'producer' WHEN 5 THEN 'consumer' ELSE 'unspecified' END AS "kind"
FROM read_parquet(['/s/1.parquet'])
UNION ALL
SELECT
  CASE c1 WHEN 1 THEN 'internal' WHEN 2 THEN 'server' WHEN 3 THEN 'client' WHEN 4 THEN 'producer' WHEN 5 THEN 'consumer' ELSE 'unspecified' END AS "kind"
FROM read_parquet(['/s/2.parquet'], file_row_number = true)
WHERE c0 >= TIMESTAMP_NS '2025-11-20 16:03:11.000000001'
  AND c0 < TIMESTAMP_NS '2025-11-20 17:03:11.000000000'
  AND c3 NOT IN (0, 3)
  AND file_row_number NOT IN (7, 9);

CREATE VIEW traces AS
SELECT
  lower(hex(id)) AS "trace_id"
FROM (
SELECT
  c2 AS "id"
FROM read_parquet(['/s/0.parquet', '/s/o''clock.parquet'], union_by_name = true)
WHERE c0 >= TIMESTAMP_NS '2025-11-20 16:03:11.000000001'
  AND c0 < TIMESTAMP_NS '2025-11-20 17:03:11.000000000'
UNION ALL
SELECT
  c2 AS "id"
FROM read_parquet(['/s/1.parquet'])
UNION ALL
SELECT
  CAST(NULL AS BLOB) AS "id"
FROM read_parquet(['/s/2.parquet'], file_row_number = true)
WHERE c0 >= TIMESTAMP_NS '2025-11-20 16:03:11.000000001'
  AND c0 < TIMESTAMP_NS '2025-11-20 17:03:11.000000000'
  AND c3 NOT IN (0, 3)
  AND file_row_number NOT IN (7, 9)
)
GROUP BY id
