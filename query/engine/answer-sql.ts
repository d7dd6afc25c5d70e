import { messageOf, SpanlakeError } from '../../src/errors.ts'
import { sqlPartBytes } from '../../src/limits.ts'
import { checkResult } from './check-result.ts'
import { type DuckDb, type DuckDbRows, quoted } from './duckdb.ts'
import type { SqlBounds } from './sql-bounds.ts'
import { failureOf } from './sql-failure.ts'
import type { LaidJob, SqlReply, SqlRequest } from './sql-protocol.ts'

/** Answers what the process of one query is asked; an interrupt has no answer of its own. */
export function answerSql(
  database: DuckDb,
  bounds: SqlBounds,
): (request: SqlRequest) => Promise<SqlReply | undefined> {
  let parts: AsyncIterator<SqlReply> | undefined
  let interrupted = false

  async function answer(request: SqlRequest): Promise<SqlReply | undefined> {
    switch (request.kind) {
      case 'interrupt':
        interrupted = true
        database.interrupt()
        return undefined
      case 'parse': {
        const text = await database.value('SELECT json_serialize_sql($1::VARCHAR)', request.sql)
        return { kind: 'tree', text }
      }
      case 'rows': {
        await setUp(request.job, request.job.paths)
        const result = await database.select(request.job.sql)
        parts = partsOf(result, bounds)
        return { kind: 'columns', columns: result.columns }
      }
      case 'next': {
        const part = await parts?.next()
        return part?.value ?? { kind: 'end' }
      }
      case 'parquet':
        await setUp(request.job, [...request.job.paths, request.path])
        await writeParquet(database, request.job.sql, request.path, bounds)
        return { kind: 'written' }
    }
  }

  async function setUp(job: LaidJob, paths: readonly string[]): Promise<void> {
    try {
      for (const statement of job.setup) await database.run(statement)
      await database.lock(paths)
    } catch (cause) {
      throw new SpanlakeError('internal', `sql set-up fails: ${messageOf(cause)}`, { cause })
    }
    // What runs hears an interrupt; between two statements nothing does.
    if (interrupted) throw new SpanlakeError('unavailable', 'sql query was interrupted')
  }

  return async (request) => {
    try {
      return await answer(request)
    } catch (error) {
      return failureOf(error, bounds)
    }
  }
}

/** The rows in parts of about `sqlPartBytes`, while they are within the bounds. */
async function* partsOf(
  result: DuckDbRows,
  bounds: SqlBounds,
): AsyncGenerator<SqlReply, undefined> {
  let rows: (readonly unknown[])[] = []
  let partBytes = 0
  let rowsSeen = 0
  let bytesSeen = 0
  for (let chunk = await result.next(); chunk !== undefined; chunk = await result.next()) {
    for (const row of chunk) {
      const bytes = Buffer.byteLength(JSON.stringify(row))
      bytesSeen += bytes
      checkResult(++rowsSeen, bytesSeen, bounds)
      rows.push(row)
      partBytes += bytes
      if (partBytes < sqlPartBytes) continue
      yield { kind: 'rows', rows }
      rows = []
      partBytes = 0
    }
  }
  if (rows.length > 0) yield { kind: 'rows', rows }
  return undefined
}

async function writeParquet(
  database: DuckDb,
  sql: string,
  path: string,
  bounds: SqlBounds,
): Promise<void> {
  await database.prepare(sql)
  // As a view, neither a comment nor a semicolon of it can end a statement of ours.
  await database.run(`CREATE TEMP VIEW spanlake_result AS ${sql}`)
  const some = `FROM spanlake_result LIMIT ${bounds.resultRows + 1}`
  const rows = await database.value(
    `COPY (${some}) TO ${quoted(path)} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)`,
  )
  checkResult(Number(rows), 0, bounds)
}
