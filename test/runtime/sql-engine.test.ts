import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { describe, expect, test } from 'vitest'
import { sqlPool } from '../../query/engine/sql-pool.ts'
import type { SqlSession } from '../../query/sql/sql-engine.ts'
import { sqlCharsMax, sqlPartBytes } from '../../src/limits.ts'
import { silentLog } from '../../src/ports/log.ts'
import { ask, processesIn, testPool } from '../helpers/sql-pool.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

const bytes = (text: string) => [new TextEncoder().encode(text)]

describe('rows', () => {
  test('are JSON, and say of what type they are', async () => {
    const { pool } = await testPool()
    const { columns, rows } = await ask(
      pool,
      `SELECT 1 AS i, 9007199254740991 AS safe, -9007199254740992 AS big, sum(2) AS huge, 1.50 AS d, 0.5::DOUBLE AS f,
        'nan'::FLOAT AS nan, 'é' AS s, '\\x00\\xC3\\x28'::BLOB AS b, true AS t, NULL AS n, DATE '2026-11-20' AS day,
        make_timestamp_ns(1700000000123456789) AS ns, to_timestamp(0) AS tz, INTERVAL 90 MINUTE AS v,
        [1, NULL] AS l, {a: {b: 'x'}} AS st, MAP {'k': 1} AS m`,
    )
    const numbers = [1, 9007199254740991, '-9007199254740992', 2, '1.50', 0.5, 'NaN']
    const times = [
      '2026-11-20',
      '2023-11-14 22:13:20.123456789',
      '1970-01-01 00:00:00+00',
      '01:30:00',
    ]
    const nested = [[1, null], { a: { b: 'x' } }, [{ key: 'k', value: 1 }]]
    expect(rows).toEqual([[...numbers, 'é', '00c328', true, null, ...times, ...nested]])
    expect(columns.map(({ name, type }) => `${name} ${type}`).join('; ')).toBe(
      'i INTEGER; safe BIGINT; big BIGINT; huge HUGEINT; d DECIMAL(3,2); f DOUBLE; nan FLOAT; s VARCHAR; b BLOB; ' +
        't BOOLEAN; n INTEGER; day DATE; ns TIMESTAMP_NS; tz TIMESTAMP WITH TIME ZONE; v INTERVAL; l INTEGER[]; ' +
        'st STRUCT("a" STRUCT("b" VARCHAR)); m MAP(VARCHAR, INTEGER)',
    )
  })

  test('come in order, in parts', async () => {
    const { pool } = await testPool()
    const { rows, parts } = await ask(pool, `SELECT i, repeat('x', 100) FROM range(20000) t (i)`)
    expect(rows.map(([i]) => i)).toEqual(Array.from({ length: 20_000 }, (_, i) => i))
    expect(parts.length).toBeGreaterThan(5)
    expect(Math.max(...parts) * 100).toBeLessThan(2 * sqlPartBytes)
  })

  test('have names of columns that come twice, and no structs without names', async () => {
    const { pool } = await testPool()
    const { columns, rows } = await ask(pool, `SELECT 1 AS a, {b: 2} AS a, 3::VARIANT AS "A"`)
    expect(columns.map(({ name }) => name)).toEqual(['a', 'a', 'A'])
    expect(rows).toEqual([[1, { b: 2 }, 3]])
    await expect(ask(pool, 'SELECT row(1, 2)')).rejects.toThrow(/unnamed struct/)
  })

  test('none have columns all the same', async () => {
    const { pool } = await testPool()
    const { columns, rows } = await ask(pool, 'SELECT 1 AS a WHERE false')
    expect(columns).toEqual([{ name: 'a', type: 'INTEGER' }])
    expect(rows).toEqual([])
  })

  test.each(['rows', 'parquet'] as const)(
    'as many as may be come as %s, and no more',
    async (format) => {
      const { pool } = await testPool({ resultRows: 3_000 })
      const all = await ask(pool, 'FROM range(3000)', { format })
      expect(format === 'rows' ? all.rows.length : all.bytes.length).toBeGreaterThan(200)
      await expect(ask(pool, 'FROM range(3001)', { format })).rejects.toMatchObject({
        kind: 'invalid',
        message: expect.stringContaining('at most 3000 rows'),
      })
    },
  )

  test('as many bytes as may be come, and no more', async () => {
    const { pool } = await testPool({ resultBytes: 1_000 })
    // In JSON each row has two brackets and two quotes besides.
    await ask(pool, `SELECT repeat('x', 496) FROM range(2)`)
    await expect(ask(pool, `SELECT repeat('x', 497) FROM range(2)`)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('at most 1000 bytes'),
    })
  })
})

describe('parquet', () => {
  test('is a file that others read, whatever the text ends in', async () => {
    const { pool } = await testPool()
    const sql = "SELECT i AS id, 'a;b' AS text FROM range(3) t (i) ORDER BY i DESC; -- the end ;"
    const { bytes } = await ask(pool, sql, { format: 'parquet' })
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)
    expect(await parquetReadObjects({ file, compressors })).toEqual(
      [2n, 1n, 0n].map((id) => ({ id, text: 'a;b' })),
    )
  })

  test('of more bytes than may be is refused', async () => {
    const { pool } = await testPool({ resultBytes: 100_000 })
    const wide = 'SELECT uuid() FROM range(100000)'
    await expect(ask(pool, wide, { format: 'parquet' })).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('at most 100000 bytes'),
    })
  })

  test('cannot end our statement and begin another', async () => {
    const { pool, folder } = await testPool()
    const stolen = join(folder, 'stolen')
    const ended = `SELECT 1) TO '${stolen}' (FORMAT csv); --`
    await expect(ask(pool, ended, { format: 'parquet' })).rejects.toThrow(/Parser Error/)
    // What comes second would not be stopped by being inside of a view, only by the lockdown.
    const followed = 'SELECT 1; CREATE TABLE made AS SELECT 2'
    await expect(ask(pool, followed, { format: 'parquet' })).rejects.toThrow(/got 2 statements/)
    expect(await readdir(folder)).toEqual([])
  })
})

describe('texts', () => {
  async function parse(sql: string): Promise<unknown> {
    const { pool } = await testPool()
    await using session = await pool.open(undefined)
    return await session.parse(sql)
  }
  const invalid = (message: string) => ({
    kind: 'invalid',
    message: expect.stringContaining(message),
  })

  test('become the tree that DuckDB makes of them', async () => {
    expect(await parse('SELECT 1')).toMatchObject({
      statements: [{ node: { type: 'SELECT_NODE' } }],
    })
  })

  test.each([
    ['SELECT 1 +', 'syntax error at end of input, at offset 10'],
    ['CREATE TABLE x (a INT)', 'must be one SELECT'],
    ['EXPLAIN SELECT 1', 'must be one SELECT, not EXPLAIN, PIVOT'],
    ['SELECT 1e400', 'numbers must be finite'],
    [`SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)}`, 'memory exhausted'],
    [`SELECT ${'NOT '.repeat(2_000)}true`, 'depth limit'],
    ['SELECT 1 \0; SELECT 2', 'must have no NUL'],
    ['x'.repeat(sqlCharsMax), 'syntax error'],
    ['x'.repeat(sqlCharsMax + 1), 'at most 100000 characters'],
    [' '.repeat(10_000_000), 'at most 100000 characters'],
  ])('are refused with the reason: %.20s', async (sql, message) => {
    await expect(parse(sql)).rejects.toMatchObject(invalid(message))
  })
})

describe('a SELECT that fails when it is run', () => {
  test.each([
    ['SELECT nothing FROM range(1)', /Binder Error: Referenced column "nothing" not found/],
    ["SELECT 'a'::INT", /Conversion Error/],
    ["SELECT error('my own')", /my own/],
    ['SELECT 1; SELECT 2', /must be one SELECT, got 2/],
    ['CREATE TABLE a (b INT)', /must be one SELECT/],
  ])('%s', async (sql, message) => {
    const { pool } = await testPool()
    await expect(ask(pool, sql)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(message),
    })
  })

  test('fails between rows too', async () => {
    const { pool } = await testPool()
    const sql = `SELECT CASE WHEN i = 90000 THEN error('late') ELSE i END FROM range(90001) t (i)`
    await expect(ask(pool, sql)).rejects.toMatchObject({ kind: 'invalid' })
  })

  test.each(['rows', 'parquet'] as const)(
    'fails behind more rows than a stream holds, and names no path: %s',
    async (format) => {
      const { pool, folder } = await testPool()
      const cell = `CASE WHEN i = 90000 THEN (i || 'late')::INT::VARCHAR ELSE repeat('x', 50) END`
      const failing = ask(pool, `SELECT ${cell} FROM range(95000) t (i)`, { format })
      await expect(failing).rejects.toMatchObject({
        kind: 'invalid',
        message: expect.stringMatching(/Could not convert string '90000late' to INT32/),
      })
      await expect(failing).rejects.not.toThrow(folder)
    },
  )

  test('our own set-up failing is no fault of the client', async () => {
    const { pool } = await testPool()
    const failing = ask(pool, 'SELECT 1', { setup: ['SELECT nothing'] })
    await expect(failing).rejects.toMatchObject({ kind: 'internal' })
  })
})

describe('files', () => {
  async function openOne(bounds = {}): Promise<SqlSession> {
    const { pool } = await testPool(bounds)
    return await pool.open(undefined)
  }

  test('that are laid down are read, by this user alone', async () => {
    const { pool, folder } = await testPool()
    await using session = await pool.open(undefined)
    const path = await session.lay('1.csv', bytes('a\n1\n2\n'))
    expect((await stat(path)).mode & 0o777).toBe(0o400)
    const [own = ''] = await readdir(folder)
    expect((await stat(join(folder, own))).mode & 0o777).toBe(0o700)
    const parts = await Array.fromAsync(
      session.run({
        setup: [`CREATE VIEW v AS FROM read_csv('${path}')`],
        sql: 'FROM v',
        format: 'rows',
      }),
    )
    expect(parts[1]).toEqual({ kind: 'rows', rows: [[1], [2]] })
  })

  test.each(['../a', 'a/b', '.result.parquet', '', '-'])('are not called %j', async (name) => {
    await using session = await openOne()
    await expect(session.lay(name, bytes('a'))).rejects.toThrow(/name must be plain/)
  })

  test('are as large as they may be together, and no larger', async () => {
    await using session = await openOne({ filesBytes: 10 })
    await session.lay('a', bytes('12345'))
    await session.lay('b', bytes('12345'))
    await expect(session.lay('c', bytes('1'))).rejects.toMatchObject({ kind: 'invalid' })
  })

  test('come before the query, which runs once', async () => {
    await using session = await openOne()
    const run = () => Array.fromAsync(session.run({ setup: [], sql: 'SELECT 1', format: 'rows' }))
    await run()
    await expect(session.lay('a', bytes('1'))).rejects.toThrow(/before the query/)
    await expect(run()).rejects.toThrow(/once/)
  })

  test('are gone with the session, and the process too', async () => {
    const { pool, folder } = await testPool()
    {
      await using session = await pool.open(undefined)
      await session.lay('a', bytes('1'))
      expect(await processesIn(folder)).toHaveLength(1)
    }
    expect(await processesIn(folder)).toEqual([])
    expect(await readdir(folder)).toEqual([])
  })
})

describe('the process of a query', () => {
  test('knows nothing of ours, and is bounded by the kernel', async () => {
    process.env.SPANLAKE_TEST_SECRET = 'secret'
    const { pool, folder } = await testPool()
    await using _session = await pool.open(undefined)
    const [pid] = await processesIn(folder)
    const environment = (await readFile(`/proc/${pid}/environ`, 'latin1'))
      .split('\0')
      .filter(Boolean)
    expect(environment.map((line) => line.split('=')[0]).sort()).toEqual(
      // What Node itself says to a child, and what the shell adds.
      ['MALLOC_ARENA_MAX', 'NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE', 'PWD', 'TZ']
        .concat([
          'UV_THREADPOOL_SIZE',
          ...environment.flatMap((line) => line.match(/^(_|OLDPWD|SHLVL)=/)?.[1] ?? []),
        ])
        .sort(),
    )
    const limits = await readFile(`/proc/${pid}/limits`, 'utf8')
    expect(limits).toMatch(/Max data size +1610612736 /)
    expect(limits).toMatch(/Max file size +67108864 /)
    expect(limits).toMatch(/Max core file size +0 /)
    expect(limits).toMatch(/Max cpu time +90 /)
    expect(await readFile(`/proc/${pid}/oom_score_adj`, 'utf8')).toBe('1000\n')
    const descriptors = await readdir(`/proc/${pid}/fd`)
    expect(descriptors.length).toBeLessThan(40)
  })

  test('sees files made before it only by the paths that it is given', async () => {
    const { pool, folder } = await testPool()
    const theirs = join(folder, 'theirs.csv')
    await writeFile(theirs, 'a\n1\n')
    await using session = await pool.open(undefined)
    const run = session.run({ setup: [], sql: `FROM read_csv('${theirs}')`, format: 'rows' })
    await expect(Array.fromAsync(run)).rejects.toMatchObject({
      kind: 'internal',
      message: expect.stringContaining('Permission Error'),
    })
  })

  test('that is killed is an answer, and the next query has its own', async () => {
    const { pool, folder } = await testPool()
    await using session = await pool.open(undefined)
    const [pid] = await processesIn(folder)
    process.kill(Number(pid), 'SIGKILL')
    await expect(session.parse('SELECT 1')).rejects.toMatchObject({ kind: 'unavailable' })
    expect((await ask(pool, 'SELECT 1')).rows).toEqual([[1]])
  })

  test('waits for the next query, and is of no use twice', async () => {
    const folder = await temporaryFolder()
    await using pool = sqlPool({ folder, log: silentLog })
    const first = await pool.open(undefined)
    const before = await processesIn(folder)
    await first[Symbol.asyncDispose]()
    await expect.poll(() => processesIn(folder)).toHaveLength(1)
    const [spare] = await processesIn(folder)
    expect(before).not.toContain(spare)
    await using _second = await pool.open(undefined)
    expect(await processesIn(folder)).toEqual([spare])
  })

  test('that waits and is killed is replaced', async () => {
    const folder = await temporaryFolder()
    await using pool = sqlPool({ folder, log: silentLog })
    await ask(pool, 'SELECT 1')
    await expect.poll(() => processesIn(folder)).toHaveLength(1)
    process.kill(Number((await processesIn(folder))[0]), 'SIGKILL')
    await expect.poll(() => processesIn(folder)).toEqual([])
    expect((await ask(pool, 'SELECT 2')).rows).toEqual([[2]])
  })

  test('that waits too long is let go', async () => {
    const folder = await temporaryFolder()
    await using pool = sqlPool({ folder, log: silentLog, bounds: { spareMs: 1 } })
    await ask(pool, 'SELECT 1')
    await expect.poll(() => readdir(folder)).toEqual([])
  })

  test('ends with the pool, wherever it is', async () => {
    const folder = await temporaryFolder()
    const pool = sqlPool({ folder, log: silentLog })
    await ask(pool, 'SELECT 1')
    await using _session = await pool.open(undefined)
    await pool[Symbol.asyncDispose]()
    expect(await processesIn(folder)).toEqual([])
    expect(await readdir(folder)).toEqual([])
    await expect(pool.open(undefined)).rejects.toMatchObject({ kind: 'unavailable' })
  })

  test('that starts while the pool ends, ends too', async () => {
    const folder = await temporaryFolder()
    const pool = sqlPool({ folder, log: silentLog })
    const opening = pool.open(undefined)
    await pool[Symbol.asyncDispose]()
    await expect(opening).rejects.toThrow(/closed/)
    expect(await processesIn(folder)).toEqual([])
    expect(await readdir(folder)).toEqual([])
  })

  const holder = new URL('../helpers/sql-holder.ts', import.meta.url)
  const answered = '{"kind":"rows","rows":[[42]]}'

  test('serves a thread, and ends with it', async () => {
    const folder = await temporaryFolder()
    const worker = new Worker(holder, { workerData: folder })
    expect(await once(worker, 'message')).toEqual([answered])
    expect(await processesIn(folder)).toHaveLength(1)
    await worker.terminate()
    await expect.poll(() => processesIn(folder)).toEqual([])
  })

  test('ends with the process that started it, whose folders the next pool removes unasked', async () => {
    const folder = await temporaryFolder()
    const other = spawn(process.execPath, [holder.pathname, folder])
    expect(String(await once(other.stdout, 'data'))).toBe(`${answered}\n`)
    expect(await processesIn(folder)).toHaveLength(1)
    other.kill('SIGKILL')
    await expect.poll(() => processesIn(folder)).toEqual([])
    expect(await readdir(folder)).toHaveLength(1)
    await using _pool = sqlPool({ folder, log: silentLog })
    await expect.poll(() => readdir(folder)).toEqual([])
  })

  test('leaves nothing to those that come after it', async () => {
    const folder = await temporaryFolder()
    const dead = join(folder, `${2 ** 22 + 1}@${hostOf(await ownName())},old`)
    await mkdir(dead)
    await writeFile(join(dead, 'a.parquet'), 'spans')
    await using pool = sqlPool({ folder, log: silentLog, spare: false })
    await ask(pool, 'SELECT 1')
    expect(await readdir(folder)).toEqual([])
  })
})

/** A name that a session's folder has. */
async function ownName(): Promise<string> {
  const { pool, folder } = await testPool()
  await using _session = await pool.open(undefined)
  return (await readdir(folder))[0] ?? ''
}

function hostOf(name: string): string {
  return name.match(/@([^,]*)/)?.[1] ?? ''
}
