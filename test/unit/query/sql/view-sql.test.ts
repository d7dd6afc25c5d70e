import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { chooseColumns } from '../../../../query/sql/choose-columns.ts'
import { knownKeys } from '../../../../query/sql/known-keys.ts'
import { sourceId } from '../../../../query/sql/source-column.ts'
import { type Branch, spansViewSql, tracesViewSql } from '../../../../query/sql/view-sql.ts'
import { keyHash } from '../../../../src/layout/columns.ts'
import { sqlStarKeysMax } from '../../../../src/limits.ts'
import type { AttributeType } from '../../../../src/span/span-batch.ts'

const span = (key: string, type: AttributeType) => ({ scope: 'span', key, type, count: 5 }) as const
const service = { scope: 'resource', key: 'service.name', type: 'string', count: 9 } as const
const keys = knownKeys([
  {
    own: [service, span('http.route', 'string'), span('Http.Route', 'string'), span('code', 'int')],
    rest: [span('code', 'string'), span("it's", 'double'), span('a/b~c', 'json')],
  },
])
const range = { fromNs: 1_763_654_591_000_000_001n, toNs: 1_763_658_191_000_000_000n }
const everything = new Set<string>(['spans', 'traces'] as const)

/** The columns of one SELECT over files of every kind. */
function sqlOf(columns: ReadonlySet<string> | 'all', branches: number): string {
  const views = everything as ReadonlySet<'spans' | 'traces'>
  const chosen = chooseColumns({ views, columns }, keys)
  const ids = [...new Set(['start', ...chosen.sources.map(sourceId), 'envelope'])]
  const branch = (paths: string[], lacks: readonly string[] = []): Branch => ({
    paths,
    ref(source) {
      const id = sourceId(source)
      return ids.includes(id) && !lacks.includes(id) ? `c${ids.indexOf(id)}` : undefined
    },
    differ: false,
    isWithin: false,
    leftOut: [],
  })
  const all: Branch[] = [
    { ...branch(['/s/0.parquet', "/s/o'clock.parquet"]), differ: true },
    { ...branch(['/s/1.parquet']), isWithin: true },
    {
      ...branch(['/s/2.parquet'], ids.slice(2, -1)),
      leftOut: [
        { path: '/s/2.parquet', envelopes: [0, 3], rows: [7, 9] },
        { path: "/s/o'clock.parquet", envelopes: [], rows: [0] },
      ],
    },
  ]
  const some = all.slice(0, branches)
  return [
    ...(chosen.spans ? [spansViewSql(chosen.spans, some, range)] : []),
    ...(chosen.traces
      ? [tracesViewSql(chosen.traces.columns, chosen.traces.inputs, some, range)]
      : []),
  ].join(';\n\n')
}

test.each([
  ['nothing-named', new Set<string>(), 3],
  ['some-columns', new Set(['trace_id', 'span.http.route', 'span.code', 'span.code:int']), 3],
  [
    'rest-and-twins',
    new Set(["span.it's", 'span.a/b~c', `span.http.route#${keyHash('span', 'Http.Route')}`]),
    2,
  ],
  ['traces', new Set(['root_service', 'duration_ns', 'error_count', 'services']), 1],
  ['all', 'all', 1],
  ['no-files', 'all', 0],
] as const)('%s', (name, columns, branches) => {
  const path = fileURLToPath(new URL(`../../../golden/sql-views/${name}.sql`, import.meta.url))
  const sql = `${sqlOf(columns, branches)}\n`
  if (process.env.UPDATE_GOLDEN) writeFileSync(path, sql)
  expect(sql, 'UPDATE_GOLDEN=1 writes what it is now').toBe(
    existsSync(path) ? readFileSync(path, 'utf8') : '',
  )
})

test('names that SQL cannot tell apart are told apart', () => {
  const names = (of: readonly string[]) =>
    chooseColumns(
      { views: new Set(['spans']), columns: 'all' },
      knownKeys([{ own: of.map((key) => span(key, 'string')), rest: [] }]),
    ).spans?.flatMap(({ name }) => (name.startsWith('span.') ? [name] : []))
  expect(names(['Http.Route'])).toEqual(['span.Http.Route'])
  expect(names(['HTTP.route', 'Http.Route', 'http.route'])).toEqual([
    expect.stringMatching(/^span\.HTTP\.route#[0-9a-f]{8}$/),
    expect.stringMatching(/^span\.Http\.Route#[0-9a-f]{8}$/),
    'span.http.route',
  ])
  expect(names(['HTTP.route', 'Http.Route'])).toEqual([
    'span.HTTP.route',
    expect.stringMatching(/^span\.Http\.Route#[0-9a-f]{8}$/),
  ])
  expect(names(['nul\0'])).toEqual([expect.stringMatching(/^span\.nul\ufffd#[0-9a-f]{8}$/)])
  const folded = chooseColumns(
    { views: new Set(['spans']), columns: new Set(['span.k:int']) },
    knownKeys([{ own: [span('k', 'int'), span('k:int', 'string')], rest: [] }]),
  ).spans
  // A key's own name goes before one that is made up.
  expect(folded?.map(({ name, type }) => [name, type])).toEqual([['span.k:int', 'VARCHAR']])
})

test('a star means the most frequent keys, up to a bound, and says how many it leaves out', () => {
  const starred = (count: number) => {
    const own = Array.from({ length: count }, (_, i) => ({ ...span(`k${i}`, 'string'), count: i }))
    const known = knownKeys([{ own, rest: [] }])
    return chooseColumns({ views: new Set(['spans']), columns: 'all' }, known)
  }
  const namesOf = ({ spans = [] }: ReturnType<typeof starred>) =>
    spans.flatMap(({ name }) => (name.startsWith('span.') ? [name] : []))
  const all = starred(sqlStarKeysMax)
  expect([namesOf(all).length, all.keysLeftOut]).toEqual([sqlStarKeysMax, 0])
  const more = starred(sqlStarKeysMax + 1)
  expect([namesOf(more).length, more.keysLeftOut]).toEqual([sqlStarKeysMax, 1])
  expect(namesOf(more)).not.toContain('span.k0')
  const named = { views: new Set(['spans'] as const), columns: new Set(['span.k0', 'start']) }
  const own = Array.from({ length: sqlStarKeysMax + 1 }, (_, i) => span(`k${i}`, 'string'))
  expect(chooseColumns(named, knownKeys([{ own, rest: [] }])).keysLeftOut).toBe(0)
})
