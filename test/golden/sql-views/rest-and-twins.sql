CREATE VIEW spans AS
SELECT
  CASE WHEN json_extract_string(c1, '/a~1b~0c/stringValue') IS NULL AND json_extract_string(c1, '/a~1b~0c/intValue') IS NULL AND json_extract_string(c1, '/a~1b~0c/doubleValue') IS NULL AND json_extract_string(c1, '/a~1b~0c/boolValue') IS NULL THEN CAST(json_extract(c1, '/a~1b~0c') AS VARCHAR) END AS "span.a/b~c",
  CAST(json_extract_string(c1, '/it''s/doubleValue') AS DOUBLE) AS "span.it's",
  c2 AS "span.Http.Route#8c90f55d"
FROM read_parquet(['/s/0.parquet', '/s/o''clock.parquet'], union_by_name = true)
WHERE c0 >= TIMESTAMP_NS '2025-11-20 16:03:11.000000001'
  AND c0 < TIMESTAMP_NS '2025-11-20 17:03:11.000000000'
UNION ALL
SELECT
  CASE WHEN json_extract_string(c1, '/a~1b~0c/stringValue') IS NULL AND json_extract_string(c1, '/a~1b~0c/intValue') IS NULL AND json_extract_string(c1, '/a~1b~0c/doubleValue') IS NULL AND json_extract_string(c1, '/a~1b~0c/boolValue') IS NULL THEN CAST(json_extract(c1, '/a~1b~0c') AS VARCHAR) END AS "span.a/b~c",
  CAST(json_extract_string(c1, '/it''s/doubleValue') AS DOUBLE) AS "span.it's",
  c2 AS "span.Http.Route#8c90f55d"
FROM read_parquet(['/s/1.parquet']);

CREATE VIEW traces AS
SELECT
  lower(hex(id)) AS "trace_id"
FROM (
SELECT
  c3 AS "id"
FROM read_parquet(['/s/0.parquet', '/s/o''clock.parquet'], union_by_name = true)
WHERE c0 >= TIMESTAMP_NS '2025-11-20 16:03:11.000000001'
  AND c0 < TIMESTAMP_NS '2025-11-20 17:03:11.000000000'
UNION ALL
SELECT
  c3 AS "id"
FROM read_parquet(['/s/1.parquet'])
)
GROUP BY id
