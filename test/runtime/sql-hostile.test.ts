import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DuckDb, openDuckDb, quoted } from '../../query/engine/duckdb.ts'
import { checkSelect } from '../../query/sql/check-select.ts'
import { duckDbFunctions, sqlTree } from '../helpers/sql-tree.ts'

interface Hostile {
  readonly sql: string
  /** Why it does no harm to run it where only the engine is locked; left out when it is refused there too. */
  readonly locked?: string
  /** Why it passes the check all the same: DuckDB refuses it when it is bound. */
  readonly accepted?: string
}

const { about: _, ...corpus } = JSON.parse(
  readFileSync(new URL('../golden/sql/hostile.json', import.meta.url), 'utf8'),
) as Record<string, readonly Hostile[]>
const statements = Object.values(corpus).flat()

// What another tenant's query has on disk meanwhile, next to this one's folder.
const root = mkdtempSync(join(tmpdir(), 'spanlake-hostile-'))
const folder = join(root, 'own')
const own = join(folder, 'own.parquet')
const theirs = join(root, 'theirs.parquet')
const secret = 'what only they may know'

beforeAll(async () => {
  mkdirSync(folder)
  const database = await openDuckDb(1, 2 ** 28)
  await database.run(`COPY (SELECT 'mine' AS own) TO ${quoted(own)} (FORMAT parquet)`)
  await database.run(
    `COPY (SELECT ${quoted(secret)} AS secret) TO ${quoted(theirs)} (FORMAT parquet)`,
  )
})
afterAll(() => rmSync(root, { recursive: true }))

function placed(sql: string): string {
  const places: Readonly<Record<string, string>> = { root, folder, own, theirs }
  return sql.replace(/\{(root|folder|own|theirs)\}/g, (_, name) => places[name] ?? '')
}

/** As the process of a query opens it, before anything is checked. */
async function opened(locked: boolean): Promise<DuckDb> {
  const database = await openDuckDb(1, 2 ** 28)
  await database.run(`CREATE VIEW spans AS FROM read_parquet(${quoted(own)})`)
  if (locked) await database.lock([own])
  return database
}

/** All that a statement says, be it by an error. */
async function said(database: DuckDb, sql: string): Promise<{ text: string; failed: boolean }> {
  try {
    const rows = await database.select(sql, 100_000).catch(async (error: Error) => {
      if (!error.message.includes('must be one SELECT')) throw error
      await database.run(sql)
      return undefined
    })
    const all: unknown[] = []
    for (let some = await rows?.next(); some; some = await rows?.next()) all.push(...some)
    return { text: JSON.stringify(all), failed: false }
  } catch (error) {
    return { text: String(error), failed: true }
  }
}

test('the corpus is large, and nothing in it stands twice', () => {
  expect(statements.length).toBeGreaterThanOrEqual(200)
  expect(new Set(statements.map(({ sql }) => sql)).size).toBe(statements.length)
})

describe('the check', () => {
  test.each(statements)('$sql', async ({ sql, accepted }) => {
    const checked = sqlTree(placed(sql)).then((tree) => checkSelect(tree))
    if (accepted) await checked
    else await expect(checked).rejects.toThrow()
  })

  test('passes what is asked of our views', async () => {
    expect(checkSelect(await sqlTree('SELECT own FROM spans')).views).toEqual(new Set(['spans']))
  })
})

describe('the lockdown', () => {
  const standing = () => ({
    root: readdirSync(root),
    folder: readdirSync(folder),
    theirs: readFileSync(theirs, 'hex'),
  })

  test.each(statements.filter(({ locked }) => !locked?.startsWith('not tried')))(
    '$sql',
    async ({ sql, locked }) => {
      const found = standing()
      const { text, failed } = await said(await opened(true), placed(sql))
      expect(text).not.toContain(secret)
      expect(failed, text).toBe(locked === undefined)
      expect(standing()).toEqual(found)
    },
  )

  test('lets the views be read', async () => {
    expect(await said(await opened(true), 'FROM spans')).toEqual({
      text: '[["mine"]]',
      failed: false,
    })
  })

  test('is what keeps the secret: without it, statements of the corpus tell it', async () => {
    const told = await Promise.all(
      (corpus.files ?? []).map(async ({ sql }) => {
        if (/^(COPY|EXPORT|IMPORT|ATTACH|BEGIN)/.test(sql)) return false
        return (await said(await opened(false), placed(sql))).text.includes(secret)
      }),
    )
    expect(told.filter(Boolean).length).toBeGreaterThan(20)
  })

  test('holds for every table function that takes a path', async () => {
    const names = (await duckDbFunctions())
      .filter(({ type }) => type.startsWith('table'))
      .map(({ name }) => name)
      // They take addresses in memory.
      .filter((name) => !/^arrow_scan|^seq_scan/.test(name))
    expect(names.length).toBeGreaterThan(80)
    const found = standing()
    for (const name of names) {
      const { text } = await said(await opened(true), `FROM "${name}"(${quoted(theirs)})`)
      expect(text, name).not.toContain(secret)
    }
    expect(standing()).toEqual(found)
  })

  test('lets a file that may be read be written too: why COPY must not pass the check', async () => {
    const database = await openDuckDb(1, 2 ** 28)
    const path = join(folder, 'may-be-read')
    await database.lock([path])
    await database.run(`COPY (SELECT 1) TO ${quoted(path)} (FORMAT csv, USE_TMP_FILE false)`)
    expect(readFileSync(path, 'utf8')).toBe('1\n1\n')
    rmSync(path)
  })

  test('of a folder would let files be made and listed in it: why it is of files', async () => {
    const database = await openDuckDb(1, 2 ** 28)
    await database.run(`SET allowed_directories = [${quoted(`${folder}/`)}]`)
    await database.run('SET enable_external_access = false')
    expect((await said(database, placed("FROM glob('{folder}/*')"))).text).toContain('own.parquet')
    expect((await said(await opened(true), placed("FROM glob('{folder}/*')"))).failed).toBe(true)
  })
})
