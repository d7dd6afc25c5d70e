import fc from 'fast-check'

const one = (...texts: string[]) => fc.constantFrom(...texts)

/** A text made of texts: holes of the template are arbitraries. */
function sql(pieces: TemplateStringsArray, ...holes: fc.Arbitrary<string>[]): fc.Arbitrary<string> {
  return fc
    .tuple(...holes)
    .map((texts) => pieces.map((piece, i) => piece + (texts[i] ?? '')).join(''))
}

const often = (arbitrary: fc.Arbitrary<string>, weight = 12) => ({ arbitrary, weight })
const seldom = (arbitrary: fc.Arbitrary<string>) => ({ arbitrary, weight: 1 })

const name = fc.oneof(
  often(one('a', 'c')),
  often(one('b', 's', 't', 'A', '"S"', 'l', 'e'), 4),
  seldom(one('spans', 'traces', 'u', 'd', 'q')),
)
const relation = fc.oneof(
  often(one('spans')),
  often(one('s', 't')),
  seldom(one('traces', 'u', 'q', 'w')),
)
const alias = fc.oneof(
  often(fc.constant('')),
  often(sql` AS ${one('s', 't')}`),
  seldom(sql` AS ${relation}`),
)

const parts = fc.letrec((tie) => {
  const part = (name: string) => tie(name) as fc.Arbitrary<string>
  const [expression, query, from, select] = ['expression', 'query', 'from', 'select'].map(part) as [
    fc.Arbitrary<string>,
    fc.Arbitrary<string>,
    fc.Arbitrary<string>,
    fc.Arbitrary<string>,
  ]
  return {
    expression: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      often(name, 40),
      sql`${relation}.${name}`,
      sql`${name}.${name}.${name}`,
      sql`${relation}.${name}.${name}`,
      sql`${name}['a']`,
      sql`(${relation}).${name}`,
      sql`${name}.to_json()`,
      sql`${relation}.${name}.to_json()`,
      sql`to_json(${relation})`,
      one('1', "'x'", 'NULL', '#1', 'count(*)', '*COLUMNS(*)'),
      sql`(${expression} = ${expression})`,
      sql`count(${expression})`,
      sql`max(${expression})`,
      sql`max(${name}) FILTER (WHERE ${expression} IS NULL)`,
      sql`rank() OVER (PARTITION BY ${name} ORDER BY ${expression})`,
      sql`coalesce(${expression}, ${expression})`,
      sql`CASE WHEN ${name} = 1 THEN ${expression} END`,
      sql`[${name} FOR ${name} IN l IF ${name} > 1]`,
      sql`list_transform(l, lambda ${name}: ${name} + ${name})`,
      sql`(SELECT max(${expression}) FROM ${relation})`,
      sql`EXISTS (${query})`,
      sql`(${name} IN (SELECT ${name} FROM ${relation}))`,
      sql`{a: ${expression}, s: ${name}}`,
      sql`struct_pack(a := ${name})`,
      sql`COLUMNS('^[a-c]$')`,
      sql`row(${name}, ${expression})`,
    ),
    from: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      often(sql`spans${alias}`, 30),
      often(sql`traces${alias}`, 8),
      sql`${relation}`,
      sql`spans AS s (${name}, ${name})`,
      sql`(${query})${alias}`,
      sql`(SELECT ${name}, ${name} FROM spans)${alias}`,
      sql`(VALUES (1, 2)) AS ${relation} (${name}, q)`,
      sql`${from} JOIN ${relation} USING (${name})`,
      often(sql`spans${alias} NATURAL JOIN traces`, 5),
      sql`${from} NATURAL JOIN ${from}`,
      sql`${from}, ${from}`,
      sql`${from} LEFT JOIN traces AS u ON ${expression}`,
      sql`${from}, unnest(${name}) AS u (${name})`,
      sql`${from}, LATERAL (SELECT ${expression}) AS q`,
      sql`${from} SEMI JOIN traces AS w ON w.${name} = ${name}`,
    ),
    select: fc.oneof(
      sql`SELECT ${expression} FROM ${from}`,
      sql`SELECT ${name}, ${expression} AS ${name} FROM ${from} WHERE ${expression} IS NOT NULL`,
      sql`SELECT ${name}, count(*) FROM ${from} GROUP BY ALL ORDER BY ALL`,
      sql`SELECT DISTINCT ${name}, ${name} FROM ${from} ORDER BY ${expression}`,
      sql`SELECT ${name} AS q, q + 1 FROM ${from} QUALIFY rank() OVER (ORDER BY ${name}) = 1`,
      sql`SELECT max(${name}) FROM ${from} GROUP BY ${expression} HAVING count(${name}) > 0`,
      sql`SELECT * FROM ${from}`,
      sql`SELECT * EXCLUDE (${name}) FROM ${from}`,
      sql`SELECT ${relation}.* FROM ${from}`,
      sql`SELECT ${name}.* FROM ${from}`,
      sql`SELECT unnest(${name}) FROM ${from}`,
      sql`SELECT unnest(${relation}, recursive := true) FROM ${from}`,
      sql`FROM ${from} SELECT ${expression}`,
    ),
    query: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      select,
      select,
      sql`WITH ${relation} AS (${select}) ${select}`,
      sql`WITH ${relation} AS (${select}), ${relation} AS (${select}) ${select}`,
      sql`(${select}) UNION (${select})`,
      sql`(${select}) UNION BY NAME (${select})`,
      sql`SELECT ${name} FROM spans EXCEPT SELECT ${name} FROM ${relation} ORDER BY ALL`,
    ),
  }
})

/** The relations that are no views, so that most of them are there. */
const others = ['s', 't', 'u', 'q', 'w'].map(
  (relation) => `${relation} AS (SELECT 1 AS a, 2 AS b, 3 AS ${relation}x)`,
)

/** SELECTs over two views that name columns, fields, aliases and rows in all the ways that SQL has. Many are wrong. */
export const arbitrarySelect = (parts.query as fc.Arbitrary<string>).map(
  (query) => `WITH ${others.join(', ')} SELECT * FROM (${query})`,
)
