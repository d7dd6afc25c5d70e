import { describe, expect, test } from 'vitest'
import { allowedFunctions, allowedTableFunctions } from '../../../../query/sql/allowed-functions.ts'
import { checkSelect } from '../../../../query/sql/check-select.ts'
import { sqlDepthMax, sqlNodesMax } from '../../../../src/limits.ts'
import { duckDbFunctions, sqlTree } from '../../../helpers/sql-tree.ts'

async function check(sql: string) {
  const { views, columns } = checkSelect(await sqlTree(sql))
  const named = columns === 'all' ? 'all' : [...columns].sort().join(' ')
  return `${[...views].sort().join(' ')}: ${named}`
}

async function refusal(sql: string): Promise<string> {
  const tree = await sqlTree(sql)
  try {
    checkSelect(tree)
  } catch (error) {
    return (error as Error).message
  }
  return 'accepted'
}

describe('what a SELECT names', () => {
  test.each([
    ['SELECT 1', ': '],
    ['VALUES (1), (2)', ': '],
    ['SELECT count(*) FROM spans', 'spans: '],
    ['SELECT Name, SPANS.Kind FROM Spans', 'spans: kind name spans'],
    ['SELECT "http.route" FROM spans', 'spans: http.route'],
    ['FROM spans', 'spans: all'],
    ['TABLE traces', 'traces: all'],
    ['SELECT * EXCLUDE (name) FROM spans', 'spans: all'],
    ['SELECT * REPLACE (1 AS name) FROM spans', 'spans: all'],
    ["SELECT COLUMNS('a.*') FROM spans", 'spans: all'],
    ["SELECT COLUMNS(c -> c LIKE 'a') FROM spans", 'spans: all'],
    ['SELECT max(COLUMNS(*)) FROM spans', 'spans: all'],
    ['SELECT coalesce(*COLUMNS(*)) FROM spans', 'spans: all'],
    ['SELECT #1 FROM spans', 'spans: all'],
    ['SELECT spans FROM spans', 'spans: all'],
    ['SELECT s FROM spans s', 'spans: all'],
    ['SELECT to_json(S) FROM spans s', 'spans: all'],
    ['SELECT s.to_json() FROM spans s', 'spans: all'],
    ['SELECT (s).name FROM spans s', 'spans: all'],
    ["SELECT s['name'] FROM spans s", 'spans: all'],
    ['SELECT s.* FROM spans s', 'spans: all'],
    ['SELECT (SELECT s.*) FROM spans s', 'spans: all'],
    ['SELECT x FROM spans AS s (x, y)', 'spans: all'],
    ['SELECT name FROM spans NATURAL JOIN traces', 'spans traces: all'],
    ['SELECT name FROM spans NATURAL JOIN (SELECT 1 AS kind) k', 'spans: all'],
    ['SELECT name FROM spans, LATERAL unnest([*COLUMNS(*)])', 'spans: all'],
    ['SELECT array_agg(name ORDER BY ALL) FROM spans', 'spans: all'],
    ['SELECT name.upper() FROM spans', 'spans: name'],
    ['SELECT s.name.upper() FROM spans s', 'spans: name s'],
    ['SELECT name FROM spans JOIN traces USING (trace_id)', 'spans traces: name trace_id'],
    ['SELECT name FROM spans ASOF JOIN traces USING (start)', 'spans traces: name start'],
    ['SELECT name, count(*) FROM spans GROUP BY ALL ORDER BY ALL', 'spans: name'],
    ['SELECT name FROM spans UNION SELECT kind FROM spans ORDER BY ALL', 'spans: kind name'],
    ['SELECT DISTINCT ON (a) b FROM spans ORDER BY c LIMIT 1', 'spans: a b c'],
    ['SELECT a FROM spans GROUP BY GROUPING SETS ((b), (c)) HAVING d', 'spans: a b c d'],
    [
      'SELECT a FROM spans WHERE b QUALIFY row_number() OVER (PARTITION BY c ORDER BY d) = 1',
      'spans: a b c d',
    ],
    ['SELECT lag(a, b, c) OVER w FROM spans WINDOW w AS (PARTITION BY d)', 'spans: a b c d'],
    ['SELECT sum(a) FILTER (WHERE b) FROM spans', 'spans: a b'],
    ['SELECT e.name FROM spans, unnest(events) AS u (e)', 'spans: e events name'],
    ['SELECT j.key FROM spans, json_each("span.k:json") AS j', 'spans: j key span.k:json'],
    ['SELECT [x + y FOR x IN list IF x > z] FROM spans', 'spans: elem list x y z'],
    ['SELECT list_transform(a, lambda q: q + b) FROM spans', 'spans: a b q'],
    [
      'SELECT CASE WHEN a THEN b ELSE c END, d BETWEEN e AND f, g IN (h, 1) FROM spans',
      'spans: a b c d e f g h',
    ],
    [
      'SELECT TRY(a), TRY_CAST(b AS DECIMAL(3, 1)[]), c::JSON, d::STRUCT(q INT) FROM spans',
      'spans: a b c d',
    ],
    [
      "SELECT a[1], b[1:2], {c: d}, MAP {e: f}, (g, h), i -> 'x', j ->> 'y' FROM spans",
      'spans: a b d e f g h i j',
    ],
    [
      'SELECT NOT a, b IS NULL, c ILIKE d, e SIMILAR TO f, g COLLATE nocase FROM spans',
      'spans: a b c d e f g',
    ],
    [
      'SELECT a FROM spans WHERE EXISTS (FROM traces WHERE traces.b = spans.c)',
      'spans traces: all',
    ],
    [
      'SELECT a FROM spans WHERE b IN (SELECT c FROM traces) AND d > ANY (SELECT e)',
      'spans traces: a b c d e',
    ],
    ['WITH t AS (SELECT a FROM spans) SELECT * FROM t', 'spans: a'],
    ['WITH t AS (SELECT a FROM spans) SELECT t, * FROM t', 'spans: a t'],
    ['WITH t AS (SELECT a FROM spans), u AS MATERIALIZED (FROM t) FROM u, u AS v', 'spans: a'],
    ['WITH spans AS (SELECT 1 AS a) FROM spans', ': '],
    ['WITH t AS (SELECT 1 AS a) SELECT * FROM t, traces', 'traces: all'],
    ['SELECT * FROM (SELECT a FROM spans) q', 'spans: a'],
    ['SELECT ARRAY(SELECT a FROM spans)', 'spans: a'],
    ['WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 9) FROM t', ': n'],
    ['SELECT a FROM spans TABLESAMPLE 10%', 'spans: a'],
    ['SELECT a FROM spans USING SAMPLE reservoir(5 ROWS) REPEATABLE (3)', 'spans: a'],
    ['SELECT i FROM range(3) r (i), generate_series(1, 2) WITH ORDINALITY', ': i'],
    ['SELECT quantile_cont(a, 0.5), count(DISTINCT b ORDER BY c) FROM spans', 'spans: a b c'],
    [
      'SELECT now() - INTERVAL 1 DAY, INTERVAL (a) HOUR, extract(year FROM b), current_date FROM spans',
      'spans: a b current_date',
    ],
    ['/* a */ SELECT a FROM spans; -- ;', 'spans: a'],
    ['SELECT x: a, a AS y FROM spans UNION BY NAME SELECT b FROM traces', 'spans traces: a b'],
    ['FROM (spans s JOIN traces t ON s.a = t.b) j', 'spans traces: all'],
    ['SELECT name FROM (VALUES (1)) v (name), spans', 'spans: name'],
  ])('%s', async (sql, expected) => {
    expect(await check(sql)).toBe(expected)
  })
})

describe('what is refused', () => {
  test.each([
    ['', /must be one SELECT, got 0/],
    ['SELECT 1; SELECT 2', /must be one SELECT, got 2/],
    ['SELECT ?', /no parameters/],
    ['SELECT $a', /no parameters/],
    ['DESCRIBE spans', /LIMIT 0/],
    ['SELECT * FROM (SHOW TABLES)', /LIMIT 0/],
    ['SUMMARIZE spans', /LIMIT 0/],
    ['UNPIVOT spans ON a INTO NAME x VALUE y', /PIVOT/],
    ['FROM spans PIVOT (count(*) FOR name IN (1))', /PIVOT/],
    ['FROM other', /table must be spans.*got other, at offset 5/],
    ["FROM 'a.parquet'", /table must be spans/],
    ['FROM main.spans', /without a schema/],
    ['FROM memory.main.spans', /without a schema/],
    ['FROM spans AT (VERSION => 1)', /no AT/],
    ['FROM t, (WITH t AS (SELECT 1) FROM t)', /table must be spans.*got t/],
    ['WITH a AS (FROM b), b AS (SELECT 1) FROM a', /table must be spans.*got b/],
    ['SELECT (WITH t AS (SELECT 1) SELECT 1) FROM t', /table must be spans/],
    ['FROM ſpans', /table must be spans/],
    ["FROM read_parquet('x')", /function is not available: read_parquet, at offset 5/],
    ["SELECT * FROM query('SELECT 1')", /not available: query/],
    ["SELECT getenv('HOME')", /not available: getenv/],
    ["SELECT system.main.current_setting('threads')", /not available: current_setting/],
    ['SELECT upper(name) OVER () FROM spans', /accepted/],
    ['SELECT version() OVER ()', /not available: version/],
    ['SELECT 1 ORDER BY version()', /not available: version/],
    ["SELECT 1 LIMIT (SELECT nextval('a'))", /not available: nextval/],
    ['SELECT a::x.y FROM spans', /must not use schema/],
    ['SELECT DEFAULT', /must not use DEFAULT/],
    ['SELECT a COLLATE "x\'y" FROM spans', /collation/],
  ])('%s', async (sql, message) => {
    expect(await refusal(sql)).toMatch(message)
  })

  test('a tree that nests too deep, and one that nests as deep as it may', async () => {
    const nested = (terms: number) => `SELECT 1${' + 1'.repeat(terms)}`
    // A statement, a query and the last number are nodes too.
    expect(await refusal(nested(sqlDepthMax - 3))).toBe('accepted')
    expect(await refusal(nested(sqlDepthMax - 2))).toMatch(/at most 100 deep/)
  })

  test('a tree of too many parts, and one of as many as may be', async () => {
    const wide = (terms: number) => `SELECT 1${', 1'.repeat(terms - 1)}`
    // A statement, a query and an empty table are nodes too.
    expect(await refusal(wide(sqlNodesMax - 3))).toBe('accepted')
    expect(await refusal(wide(sqlNodesMax - 2))).toMatch(/at most 20000 parts/)
  })

  test.each([
    [undefined],
    [{}],
    [{ statements: [null] }],
    [{ statements: [{ node: { type: 'toString' }, named_param_map: [] }] }],
    [{ statements: [{ node: { type: 'SELECT_NODE', odd: 1 }, named_param_map: [] }] }],
  ])('a tree of another form: %j', (tree) => {
    expect(() => checkSelect(tree)).toThrow(expect.objectContaining({ kind: 'invalid' }))
  })
})

describe('functions', async () => {
  const functions = await duckDbFunctions()
  const names = (...types: string[]) =>
    new Set(
      functions.filter(({ type }) => types.includes(type)).map(({ name }) => name.toLowerCase()),
    )

  test('each that is allowed is one that DuckDB has', () => {
    // Operators and forms of the grammar that DuckDB does not list as functions.
    const unlisted = new Set(['->', 'unnest', 'if', 'overlay'])
    const scalar = names('scalar', 'aggregate', 'macro')
    expect(
      [...allowedFunctions].filter((name) => !scalar.has(name) && !unlisted.has(name)),
    ).toEqual([])
    const tables = names('table')
    expect([...allowedTableFunctions].filter((name) => !tables.has(name))).toEqual([])
  })

  test('none that reads or runs anything is allowed', () => {
    const worrying =
      /^(read|glob|sniff|parquet|query|pragma|duckdb|icu|pg_(?!size_pretty|typeof)|current_(?!date|local)|get(env|variable)|json_(serialize|deserialize|execute)|.*(setting|sleep|_log$|(next|curr)val$|secret|checkpoint))/
    expect(
      [...allowedFunctions, ...allowedTableFunctions].filter((name) => worrying.test(name)),
    ).toEqual([])
  })

  test('every table function but five is refused', async () => {
    const tables = [...names('table', 'table_macro', 'pragma')].filter((name) => /^\w+$/.test(name))
    expect(tables.length).toBeGreaterThan(100)
    const accepted = []
    for (const name of tables) {
      if ((await refusal(`FROM "${name}"('x')`)) === 'accepted') accepted.push(name)
    }
    expect(accepted.sort()).toEqual([
      'generate_series',
      'json_each',
      'json_tree',
      'range',
      'unnest',
    ])
  })
})
