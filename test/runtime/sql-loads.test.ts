import { readdir } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { ask, processesIn, testPool } from '../helpers/sql-pool.ts'

// Statements made to be slow or large: each ends in an error that says so, and what comes next is answered.

const memoryBytes = 128 * 1024 ** 2
const late = { kind: 'unavailable', message: expect.stringContaining('must end within 0.5 s') }
const large = {
  kind: 'invalid',
  message: expect.stringContaining(`${memoryBytes} bytes of memory`),
}

describe('queries that never end are interrupted', () => {
  test.each([
    [
      'SELECT count(*) FROM range(1000000) a, range(1000000) b, range(1000000) c WHERE a.range + b.range = c.range',
    ],
    ['SELECT count(*) FROM range(1000000000000)'],
    ['WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t'],
    [
      `SELECT count(*) FROM range(1000000) t (i) WHERE regexp_matches(repeat('a', 100000) || i, '(a*)*(a|aa)+b$')`,
    ],
    [
      'SELECT sum(levenshtein(repeat(i::VARCHAR, 3000), repeat((i + 1)::VARCHAR, 3000))) FROM range(1000000) t (i)',
    ],
    ['SELECT list_reduce(range(3000000), lambda x, y: x + y) FROM range(1000)'],
    [
      'SELECT max(a) FROM (SELECT sum(i) OVER (ORDER BY hash(i) ROWS BETWEEN 50000 PRECEDING AND CURRENT ROW EXCLUDE TIES) AS a FROM range(10000000) t (i))',
    ],
  ])('%s', async (sql) => {
    const { pool } = await testPool({ ms: 500, graceMs: 1_000 })
    await expect(ask(pool, sql)).rejects.toMatchObject(late)
    expect((await ask(pool, 'SELECT 1')).rows).toEqual([[1]])
  })

  test('and so is what is written as Parquet', async () => {
    const { pool } = await testPool({ ms: 500, graceMs: 5_000 })
    const endless = ask(pool, 'SELECT sum(range) FROM range(1000000000000)', { format: 'parquet' })
    await expect(endless).rejects.toMatchObject(late)
  })

  test('one that does not hear it ends with its process', async () => {
    // Binding takes time cubic in the depth of the tree, and looks for no interrupt: why trees are bounded.
    const { pool, folder } = await testPool({ ms: 500, graceMs: 100 })
    await using session = await pool.open(undefined)
    const sql = `SELECT 1${' + 1'.repeat(900)}`
    const running = Array.fromAsync(session.run({ setup: [], sql, format: 'rows' }))
    await expect(running).rejects.toMatchObject(late)
    expect(await processesIn(folder)).toEqual([])
  })
})

describe('queries that need too much memory fail', () => {
  test.each([
    ["SELECT repeat('x', 1000000000)"],
    ["SELECT repeat('x', 1000000) FROM range(2000)"],
    ["SELECT string_agg(repeat('x', 1000000), ',') FROM range(10000)"],
    ['SELECT list(i) FROM range(1000000000000) t (i)'],
    ['SELECT range(1000000000)'],
    ['SELECT i, count(*) FROM range(100000000) t (i) GROUP BY i ORDER BY i DESC LIMIT 1'],
    ['SELECT i FROM range(100000000) t (i) ORDER BY hash(i) LIMIT 10 OFFSET 90000000'],
    ['SELECT list_resize([1], 1000000000, 2)'],
  ])('%s', async (sql) => {
    const { pool } = await testPool({ memoryBytes })
    await expect(ask(pool, sql)).rejects.toMatchObject(large)
    expect((await ask(pool, 'SELECT 1')).rows).toEqual([[1]])
  })

  test.each([["SELECT repeat('x', 200000000)"], ['SELECT list_resize([1], 20000000, 3)']])(
    'be it outside of DuckDB, on their way out: %s',
    async (sql) => {
      const { pool } = await testPool()
      await expect(ask(pool, sql)).rejects.toMatchObject({ kind: 'invalid' })
      expect((await ask(pool, 'SELECT 1')).rows).toEqual([[1]])
    },
  )

  test('in their own process too, where the kernel bounds it', async () => {
    // DuckDB's own bound is out of the way.
    const { pool } = await testPool({ memoryBytes: 64 * 1024 ** 3, processBytes: 1024 ** 3 })
    const hungry = ask(pool, 'SELECT list(i) FROM range(1000000000) t (i)')
    await expect(hungry).rejects.toThrow(/memory|process end/)
    expect((await ask(pool, 'SELECT 1')).rows).toEqual([[1]])
  })
})

describe('clients that go away', () => {
  test('end their query in the middle of its rows', async () => {
    const { pool, folder } = await testPool({ queries: 1 })
    const client = new AbortController()
    const parts: string[] = []
    const reading = async () => {
      await using session = await pool.open(client.signal)
      const sql = `SELECT i, repeat('x', 200) FROM range(100000) t (i)`
      for await (const part of session.run({ setup: [], sql, format: 'rows' })) {
        parts.push(part.kind)
        if (parts.length === 2) client.abort()
      }
    }
    await expect(reading()).rejects.toThrow(/given up by its client/)
    expect(parts).toEqual(['columns', 'rows'])
    expect(await readdir(folder)).toEqual([])
    expect((await ask(pool, 'SELECT 1')).rows).toEqual([[1]])
  })

  test('before it has begun, too', async () => {
    const { pool } = await testPool()
    await using session = await pool.open(AbortSignal.abort())
    await expect(session.parse('SELECT 1')).rejects.toThrow(/given up by its client/)
  })

  test('that are slow to read cost the engine nothing, up to a bound', async () => {
    const { pool } = await testPool({ ms: 2_000, answerMs: 300 })
    await using session = await pool.open(undefined)
    const sql = `SELECT i, repeat('x', 200) FROM range(100000) t (i)`
    const reading = async () => {
      for await (const _ of session.run({ setup: [], sql, format: 'rows' })) {
        await new Promise((resolve) => setTimeout(resolve, 400))
      }
    }
    await expect(reading()).rejects.toThrow(/must be taken within 0.3 s/)
  })

  test('and others go on unaffected', async () => {
    const { pool } = await testPool({ queries: 2 })
    const client = new AbortController()
    await using endless = await pool.open(client.signal)
    const sql = 'SELECT count(*) FROM range(1000000000000)'
    const running = Array.fromAsync(endless.run({ setup: [], sql, format: 'rows' }))
    const other = ask(pool, 'SELECT sum(hash(i) % 2) > 0 FROM range(30000000) t (i)')
    setTimeout(() => client.abort(), 100)
    await expect(running).rejects.toThrow(/given up/)
    expect((await other).rows).toEqual([[true]])
  })
})
