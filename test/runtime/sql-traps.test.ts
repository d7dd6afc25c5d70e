import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openDuckDb, quoted } from '../../query/engine/duckdb.ts'
import { sqlTree } from '../helpers/sql-tree.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

// What DuckDB does that one would not expect, and that our code goes around: when one of these fails, DuckDB has
// changed, and what goes around it may go.

const open = () => openDuckDb(1, 2 ** 29)

/** A file of 20,000 rows with bloom filters, ids of 8 bytes and texts of them. */
async function bloomedFile(): Promise<{ path: string; someId: string }> {
  const path = join(await temporaryFolder(), 'bloom.parquet')
  const database = await open()
  const ids = `SELECT unhex(substr(md5(i::VARCHAR), 1, 16)) AS id FROM range(20000) t (i)`
  await database.run(
    `COPY (SELECT id, hex(id) AS text FROM (${ids})) TO ${quoted(path)}
      (FORMAT parquet, ROW_GROUP_SIZE 20480, DICTIONARY_SIZE_LIMIT 1000000)`,
  )
  return { path, someId: await database.value("SELECT substr(md5('7'), 1, 16)") }
}

describe('equality of bytes', () => {
  const count = async (condition: (id: string) => string) => {
    const { path, someId } = await bloomedFile()
    const database = await open()
    return database.value(
      `SELECT count(*) FROM read_parquet(${quoted(path)}) WHERE ${condition(someId)}`,
    )
  }

  test('finds nothing through a bloom filter: why byte columns of ours have none', async () => {
    // https://github.com/duckdb/duckdb/pull/23829
    expect(await count((id) => `id = unhex('${id}')`)).toBe('0')
    expect(await count((id) => `id || ''::BLOB = unhex('${id}')`)).toBe('1')
  })

  test('of texts finds what is there, by IN and OR too', async () => {
    expect(await count((id) => `text = upper('${id}')`)).toBe('1')
    expect(await count((id) => `text IN (upper('${id}'), 'none')`)).toBe('1')
    expect(await count((id) => `text = upper('${id}') OR text = 'none'`)).toBe('1')
  })
})

test('IN and OR do not prune by bloom filters, as equality does', async () => {
  const { path } = await bloomedFile()
  // Pages made unreadable tell whether they are read: the footer and the filters before it stay.
  const bytes = readFileSync(path)
  const database = await open()
  const filters = await database.value(
    `SELECT min(bloom_filter_offset) FROM parquet_metadata(${quoted(path)})`,
  )
  writeFileSync(path, bytes.fill(0xff, 4, Number(filters)))
  const read = (condition: string) =>
    database.value(`SELECT count(*) FROM read_parquet(${quoted(path)}) WHERE ${condition}`)
  const middle = "'8000000000000000'"
  expect(await read(`text = ${middle}`)).toBe('0')
  await expect(read(`text IN (${middle}, '8000000000000001')`)).rejects.toThrow()
  await expect(read(`text = ${middle} OR text = '8000000000000001'`)).rejects.toThrow()
})

test('a text of several statements runs them all', async () => {
  const database = await open()
  await database.run('CREATE TABLE t (a INT); INSERT INTO t VALUES (1); SELECT 2')
  expect(await database.value('SELECT count(*) FROM t')).toBe('1')
  await expect(database.select('SELECT 1; DROP TABLE t', 1)).rejects.toThrow(/got 2 statements/)
  expect(await database.value('SELECT count(*) FROM t')).toBe('1')
})

test('a PRAGMA that answers is a SELECT once it is prepared: the view of it and the check refuse it', async () => {
  await expect((await open()).select('PRAGMA version', 1)).rejects.toThrow(/Parser Error/)
  await expect(sqlTree('PRAGMA version')).rejects.toThrow(/Only SELECT statements/)
})

test('numbers that are infinite make a tree that is no JSON', async () => {
  await expect(sqlTree('SELECT 1e400')).rejects.toThrow(SyntaxError)
})

test('an interrupt ends one query and no other', async () => {
  const [one, other] = [await open(), await open()]
  const endless = one.value('SELECT count(*) FROM range(1000000000000)')
  const busy = other.value('SELECT max(hash(i)) > 0 FROM range(20000000) t (i)')
  setTimeout(() => one.interrupt(), 50)
  await expect(endless).rejects.toThrow(/INTERRUPT Error/)
  expect(await busy).toBe('true')
  // And its own next one runs.
  expect(await one.value('SELECT 1')).toBe('1')
})

test('memory that is not there is an error, and nothing is put on disk instead', async () => {
  const database = await openDuckDb(1, 2 ** 26)
  const sorted =
    'SELECT max(i) FROM (SELECT i, uuid() AS u FROM range(5000000) t (i) ORDER BY u LIMIT 4000000)'
  await expect(database.value(sorted)).rejects.toThrow(/Out of Memory Error/)
  expect(await database.value("SELECT current_setting('temp_directory')")).toBe('')
  expect(await database.value('SELECT count(*) FROM duckdb_temporary_files()')).toBe('0')
  expect(await database.value('SELECT 1')).toBe('1')
})

test('nothing is installed or loaded unasked', async () => {
  const database = await open()
  for (const name of [
    'autoinstall_known_extensions',
    'autoload_known_extensions',
    'allow_community_extensions',
    'allow_persistent_secrets',
  ]) {
    expect(await database.value(`SELECT current_setting('${name}')`), name).toBe('false')
  }
  await expect(database.value("FROM 's3://bucket/a.parquet'")).rejects.toThrow(/httpfs/)
})
