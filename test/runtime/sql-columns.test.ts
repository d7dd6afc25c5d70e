import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openDuckDb } from '../../query/engine/duckdb.ts'
import { checkSelect } from '../../query/sql/check-select.ts'
import { arbitrarySelect } from '../helpers/arbitrary-select.ts'
import { sqlTree } from '../helpers/sql-tree.ts'

// Names that are also those of aliases, fields and the views themselves, so that much can be mistaken for something else.
const tables = {
  spans: ['a', 'b', 'c', 's', 't', 'spans', 'l', 'e'],
  traces: ['a', 'c', 'd', 's', 'u', 'traces'],
} as const

const database = await openDuckDb(1, 2 ** 29)
await database.run(`
  CREATE TABLE all_spans AS SELECT i % 3 AS a, i % 2 AS b, i AS c, {a: i % 2, b: {c: i}, t: 5} AS s, i % 4 AS t,
    i + 1 AS spans, [i, i + 1] AS l, [{a: i, x: 'p'}, {a: 2, x: 'q'}] AS e FROM range(6) r (i);
  CREATE TABLE all_traces AS SELECT i % 2 AS a, i AS c, i * 2 AS d, {a: i, d: 1} AS s, i % 3 AS u, 7 AS traces
    FROM range(4) r (i)`)

/** What a SELECT answers when the views have these columns alone: rows in any order, or that it fails. */
async function answer(sql: string, columns: ReadonlySet<string> | 'all'): Promise<string> {
  for (const [name, all] of Object.entries(tables)) {
    const some = all.filter((column) => columns === 'all' || columns.has(column))
    const list = some.length === 0 ? '1 AS "no column"' : some.map((c) => `"${c}"`).join(', ')
    await database.run(`CREATE OR REPLACE VIEW ${name} AS SELECT ${list} FROM all_${name}`)
  }
  try {
    const result = await database.select(sql, 100_000)
    const rows: string[] = []
    for (let some = await result.next(); some; some = await result.next()) {
      for (const row of some) rows.push(JSON.stringify(row))
    }
    return JSON.stringify([result.columns, rows.sort()])
  } catch (error) {
    const [kind] = String((error as Error).message).split(':')
    return `fails: ${kind}`
  }
}

test('a SELECT answers the same when the views have only the columns that its check names', async () => {
  const seen = { answered: 0, failed: 0, all: 0 }
  await fc.assert(
    fc.asyncProperty(arbitrarySelect, async (sql) => {
      const tree = await sqlTree(sql).catch(() => undefined)
      fc.pre(tree !== undefined)
      const { columns } = checkSelect(tree)
      const whole = await answer(sql, 'all')
      if (whole.startsWith('fails')) seen.failed++
      else if (columns === 'all') seen.all++
      else seen.answered++
      // What fails may fail for another reason when there is less of it.
      const narrowed = await answer(sql, columns)
      expect(whole.startsWith('fails') ? narrowed.slice(0, 5) : narrowed).toBe(
        whole.startsWith('fails') ? 'fails' : whole,
      )
    }),
    { numRuns: 1_500 },
  )
  expect(seen.answered).toBeGreaterThan(150)
})
