import { messageOf, SpanlakeError } from '../../src/errors.ts'
import { sqlPartBytes } from '../../src/limits.ts'
import { checkResult } from './check-result.ts'
import type { DuckDb, DuckDbRows } from './duckdb.ts'
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
        const result = await database.select(request.job.sql, bounds.resultRows + 1)
        checkResult(result.count, 0, bounds)
        parts = partsOf(result, bounds)
        return { kind: 'columns', columns: result.columns }
      }
      case 'next': {
        const part = await parts?.next()
        return part?.value ?? { kind: 'end' }
      }
      case 'parquet': {
        const { job, path } = request
        await setUp(job, [...job.paths, path])
        const count = await database.selectToParquet(job.sql, bounds.resultRows + 1, path)
        checkResult(count, 0, bounds)
        return { kind: 'written' }
      }
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
  let bytesSeen = 0
  for (let chunk = await result.next(); chunk !== undefined; chunk = await result.next()) {
    for (const row of chunk) {
      const bytes = Buffer.byteLength(JSON.stringify(row))
      bytesSeen += bytes
      checkResult(result.count, bytesSeen, bounds)
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
