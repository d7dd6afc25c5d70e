import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { SqlEngine, SqlJob, SqlPart, SqlSession } from '../../query/sql/sql-engine.ts'
import { SpanlakeError } from '../../src/errors.ts'

/** DuckDB in this process, without any lockdown: for tests of what is asked of it. */
export function plainSqlEngine(): SqlEngine & {
  readonly jobs: SqlJob[]
  readonly open: () => Promise<SqlSession>
  readonly sessions: () => number
} {
  const jobs: SqlJob[] = []
  let sessions = 0
  return {
    jobs,
    sessions: () => sessions,
    async open() {
      const folder = mkdtempSync(join(tmpdir(), 'spanlake-sql-'))
      const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
      const connection = await instance.connect()
      sessions++
      return {
        async parse(sql) {
          const escaped = sql.replaceAll("'", "''")
          const read = await connection.runAndReadAll(`select json_serialize_sql('${escaped}')`)
          const tree = JSON.parse(String(read.getRows()[0]?.[0])) as {
            error?: boolean
            error_message?: string
          }
          if (tree.error) throw new SpanlakeError('invalid', String(tree.error_message))
          return tree
        },
        async lay(name, bytes) {
          const path = join(folder, name)
          const parts: Uint8Array[] = []
          for await (const part of bytes) parts.push(part)
          await writeFile(path, Buffer.concat(parts), { flag: 'wx' })
          return path
        },
        run(job) {
          jobs.push(job)
          return run(connection, job)
        },
        async [Symbol.asyncDispose]() {
          sessions--
          connection.closeSync()
          instance.closeSync()
          rmSync(folder, { recursive: true })
        },
      }
    },
  }
}

async function* run(connection: DuckDBConnection, { setup, sql }: SqlJob): AsyncGenerator<SqlPart> {
  try {
    for (const statement of setup) await connection.run(statement)
    const result = await connection.runAndReadAll(sql)
    const types = result.columnTypes()
    yield {
      kind: 'columns',
      columns: result.columnNames().map((name, i) => ({ name, type: String(types[i]) })),
    }
    yield { kind: 'rows', rows: result.getRowsJson() }
  } catch (error) {
    throw new SpanlakeError('invalid', (error as Error).message, { cause: error })
  }
}
