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
FROM read_parquet(['/s/2.parquet'], filename = true, file_row_number = true)
WHERE c0 >= TIMESTAMP_NS '2025-11-20 16:03:11.000000001'
  AND c0 < TIMESTAMP_NS '2025-11-20 17:03:11.000000000'
  AND concat(filename, ' ', c3) NOT IN ('/s/2.parquet 0', '/s/2.parquet 3')
  AND concat(filename, ' ', file_row_number) NOT IN ('/s/2.parquet 7', '/s/2.parquet 9', '/s/o''clock.parquet 0');

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
FROM read_parquet(['/s/2.parquet'], filename = true, file_row_number = true)
WHERE c0 >= TIMESTAMP_NS '2025-11-20 16:03:11.000000001'
  AND c0 < TIMESTAMP_NS '2025-11-20 17:03:11.000000000'
  AND concat(filename, ' ', c3) NOT IN ('/s/2.parquet 0', '/s/2.parquet 3')
  AND concat(filename, ' ', file_row_number) NOT IN ('/s/2.parquet 7', '/s/2.parquet 9', '/s/o''clock.parquet 0')
)
GROUP BY id
