import { readdir, readlink } from 'node:fs/promises'
import { onTestFinished } from 'vitest'
import type { SqlBounds } from '../../query/engine/sql-bounds.ts'
import { sqlPool } from '../../query/engine/sql-pool.ts'
import type { SqlColumn, SqlEngine, SqlJob } from '../../query/sql/sql-engine.ts'
import { type Log, silentLog } from '../../src/ports/log.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** A pool that goes with the test, and its folder. */
export async function testPool(bounds: Partial<SqlBounds> = {}, log: Log = silentLog) {
  const folder = await temporaryFolder()
  const pool = sqlPool({ folder, log, spare: false, bounds })
  onTestFinished(() => pool[Symbol.asyncDispose]())
  return { pool, folder }
}

/** What one statement answers, whatever it may be: nothing checks it. */
export async function ask(
  engine: SqlEngine,
  sql: string,
  { setup = [], format = 'rows' }: Partial<Pick<SqlJob, 'setup' | 'format'>> = {},
) {
  await using session = await engine.open(undefined)
  let columns: readonly SqlColumn[] = []
  const rows: (readonly unknown[])[] = []
  const parts: number[] = []
  const pieces: Uint8Array[] = []
  for await (const part of session.run({ setup, sql, format })) {
    if (part.kind === 'columns') columns = part.columns
    if (part.kind === 'bytes') pieces.push(part.bytes)
    if (part.kind === 'rows') {
      rows.push(...part.rows)
      parts.push(part.rows.length)
    }
  }
  return { columns, rows, parts, bytes: Buffer.concat(pieces) }
}

/** The processes whose folder is one in there. */
export async function processesIn(folder: string): Promise<string[]> {
  const found: string[] = []
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    if (cwd.startsWith(`${folder}/`)) found.push(pid)
  }
  return found
}
