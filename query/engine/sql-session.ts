import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { SpanlakeError } from '../../src/errors.ts'
import { sqlCharsMax, sqlPartBytes } from '../../src/limits.ts'
import type { SqlJob, SqlPart, SqlSession } from '../sql/sql-engine.ts'
import { checkResult } from './check-result.ts'
import { treeOf } from './serialized-tree.ts'
import type { SqlBounds } from './sql-bounds.ts'
import type { SqlProcess } from './sql-process.ts'
import type { SqlReply, SqlRequest } from './sql-protocol.ts'

/** What a session is given: a process for it alone, the folder of both, and how it gives them back. */
export interface SessionPlace {
  readonly process: SqlProcess
  readonly folder: string
  release(): Promise<void>
}

/** One query, from its text to its last row. */
export function sqlSession(
  place: SessionPlace,
  bounds: SqlBounds,
  signal: AbortSignal | undefined,
): SqlSession {
  const { process, folder } = place
  const paths: string[] = []
  let bytesLaid = 0
  let msTaken = 0
  let hasRun = false
  let stopped: SpanlakeError | undefined
  let kill: NodeJS.Timeout | undefined

  /** The query may end by itself yet; the process does not outlive the grace. */
  function stop(why: string): void {
    if (stopped) return
    stopped = new SpanlakeError('unavailable', why)
    process.interrupt()
    kill = setTimeout(() => void process.end(), bounds.graceMs)
  }
  const onAbort = () => stop('sql query was given up by its client')
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted) onAbort()
  const answerTimer = setTimeout(
    () => stop(`sql result must be taken within ${bounds.answerMs / 1_000} s`),
    bounds.answerMs,
  )

  async function ask(request: SqlRequest): Promise<SqlReply> {
    if (stopped) throw stopped
    const late = `sql query must end within ${bounds.ms / 1_000} s: ask for less time, or fewer columns`
    // A client that is slow to read is no slow query.
    const deadline = setTimeout(() => stop(late), Math.max(0, bounds.ms - msTaken))
    const startedMs = performance.now()
    try {
      const reply = await process.ask(request)
      if (stopped) throw stopped
      return reply
    } catch (error) {
      throw stopped ?? error
    } finally {
      clearTimeout(deadline)
      msTaken += performance.now() - startedMs
    }
  }

  async function* run(job: SqlJob): AsyncGenerator<SqlPart> {
    if (hasRun) throw new SpanlakeError('internal', 'sql session must run once')
    hasRun = true
    const laid = { setup: job.setup, sql: job.sql, paths }
    if (job.format === 'parquet') {
      const path = join(folder, resultName)
      await ask({ kind: 'parquet', job: laid, path })
      yield* bytesOf(path, bounds, () => stopped)
      return
    }
    for (
      let reply = await ask({ kind: 'rows', job: laid });
      reply.kind !== 'end';
      reply = await ask({ kind: 'next' })
    ) {
      yield partOf(reply)
    }
  }

  return {
    run,
    async parse(sql) {
      if (sql.length > sqlCharsMax) {
        throw new SpanlakeError('invalid', `sql must have at most ${sqlCharsMax} characters`)
      }
      // The engine takes it for the end of the text.
      if (sql.includes('\0')) throw new SpanlakeError('invalid', 'sql must have no NUL')
      const reply = await ask({ kind: 'parse', sql })
      return treeOf(reply.kind === 'tree' ? reply.text : '')
    },
    async lay(name, bytes) {
      if (hasRun) throw new SpanlakeError('internal', 'sql file must be laid before the query runs')
      const path = join(folder, checkedName(name))
      // Created, never opened: nothing can stand there that leads elsewhere.
      const file = await open(path, 'wx', 0o400)
      try {
        for await (const piece of bytes) {
          if (stopped) throw stopped
          bytesLaid += piece.length
          if (bytesLaid > bounds.filesBytes) {
            const help = 'ask for less time, or fewer columns'
            throw new SpanlakeError(
              'invalid',
              `sql must read at most ${bounds.filesBytes} bytes: ${help}`,
            )
          }
          await file.writeFile(piece)
        }
      } finally {
        await file.close()
      }
      paths.push(path)
      return path
    },
    async [Symbol.asyncDispose]() {
      signal?.removeEventListener('abort', onAbort)
      clearTimeout(answerTimer)
      clearTimeout(kill)
      stopped ??= new SpanlakeError('internal', 'sql session was closed')
      await place.release()
    },
  }
}

/** Cannot be laid down: its dot leads. */
const resultName = '.result.parquet'

function checkedName(name: string): string {
  if (/^\w[\w.-]*$/.test(name)) return name
  throw new SpanlakeError('internal', `sql file name must be plain, got ${name}`)
}

function partOf(reply: SqlReply): SqlPart {
  if (reply.kind === 'columns' || reply.kind === 'rows') return reply
  throw new SpanlakeError('internal', `sql process must answer rows, got ${reply.kind}`)
}

async function* bytesOf(
  path: string,
  bounds: SqlBounds,
  stopped: () => SpanlakeError | undefined,
): AsyncGenerator<SqlPart> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    checkResult(0, (await file.stat()).size, bounds)
    for (;;) {
      const why = stopped()
      if (why) throw why
      const { bytesRead, buffer } = await file.read(new Uint8Array(sqlPartBytes))
      if (bytesRead === 0) return
      yield { kind: 'bytes', bytes: buffer.subarray(0, bytesRead) }
    }
  } finally {
    await file.close()
  }
}
