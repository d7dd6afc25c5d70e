import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseSqlRequest, type SqlFormat } from '../../query/api/native/sql-request.ts'
import { sqlPool } from '../../query/engine/sql-pool.ts'
import { querySql } from '../../query/sql/query-sql.ts'
import type { SqlColumn } from '../../query/sql/sql-engine.ts'
import { ndjsonLines, sqlJson, sqlResult } from '../../query/sql/sql-result.ts'
import { printTable } from '../../query/text-table.ts'
import { SpanlakeError } from '../../src/errors.ts'
import { tenantDefault } from '../../src/limits.ts'
import { silentLog } from '../../src/ports/log.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { runtimeOnData } from './runtime-on-data.ts'
import { type ServerAddress, serverAnswer } from './server-client.ts'

/** Of a running server, or of `data` where it is given. */
export interface SqlOptions extends ServerAddress {
  readonly data?: string | undefined
  /** How far back, in place of `start`. */
  readonly since?: number
  readonly start?: string
  readonly end?: string
  readonly format: SqlFormat | 'table'
  readonly json?: boolean
  /** A file in place of standard output. */
  readonly out?: string
}

/** Prints what a SELECT answers; exit code 2 when rows may be missing. */
export async function sqlCommand(sql: string, options: SqlOptions): Promise<void> {
  const format = options.json ? 'json' : options.format
  if (format === 'parquet' && options.out === undefined) {
    throw new SpanlakeError('invalid', 'parquet must go to a file: --out FILE')
  }
  const asked = { query: sql, ...rangeOf(options), format: format === 'table' ? 'json' : format }
  const { body, reasons } = options.data
    ? await fromData(asked, options.data, options.tenant)
    : await fromServer(asked, options)
  for (const reason of reasons) process.stderr.write(`incomplete: ${reason}\n`)
  const output = format === 'table' ? tableOf(body, options.out) : body
  if (format === 'table') process.stderr.write(`${costText(body)}\n`)
  if (options.out === undefined) process.stdout.write(output)
  else await writeFile(options.out, output)
  if (reasons.length > 0) process.exitCode = 2
}

interface Asked {
  readonly query: string
  readonly start?: string
  readonly end?: string
  readonly format: SqlFormat
}

interface Answered {
  readonly body: Uint8Array
  /** Why rows may be missing; empty when the answer is complete. */
  readonly reasons: readonly string[]
}

function rangeOf({ since, start, end }: SqlOptions): Pick<Asked, 'start' | 'end'> {
  if (since !== undefined && start !== undefined) {
    throw new SpanlakeError('invalid', 'either --since or --start must be given, got both')
  }
  // Nanoseconds of this machine's clock.
  const from = since === undefined ? start : `${Date.now() - since}000000`
  return { ...(from !== undefined && { start: from }), ...(end !== undefined && { end }) }
}

async function fromServer(asked: Asked, server: ServerAddress): Promise<Answered> {
  const init = { method: 'POST', body: JSON.stringify(asked) }
  const { body, headers } = await serverAnswer(server, '/api/v1/sql', init)
  if (asked.format === 'json') return { body, reasons: answerOf(body).reasons }
  const incomplete = headers.get('x-spanlake-incomplete')
  return { body, reasons: incomplete === null ? [] : [incomplete] }
}

async function fromData(asked: Asked, data: string, tenant = tenantDefault): Promise<Answered> {
  const runtime = await runtimeOnData(data, undefined, silentLog)
  const request = parseSqlRequest(
    {
      body: JSON.stringify(asked),
      contentType: 'application/json',
      accept: '',
      parameter: () => undefined,
    },
    BigInt(runtime.clock.nowMs()) * 1_000_000n,
  )
  const folder = await mkdtemp(join(tmpdir(), 'spanlake-sql-'))
  const engine = sqlPool({ folder, log: silentLog, spare: false })
  try {
    const format = asked.format === 'parquet' ? 'parquet' : 'rows'
    const context = { runtime, cache: readCache(), engine }
    const answer = await querySql(tenant, { ...request, format }, context)
    const parts: Uint8Array[] = []
    const encoder = new TextEncoder()
    if (asked.format === 'json') {
      const json = sqlJson(answer, await sqlResult(answer.parts))
      parts.push(encoder.encode(`${JSON.stringify(json)}\n`))
    } else if (asked.format === 'ndjson') {
      for await (const lines of ndjsonLines(answer.parts)) parts.push(encoder.encode(lines))
    } else {
      for await (const part of answer.parts) if (part.kind === 'bytes') parts.push(part.bytes)
    }
    return { body: Buffer.concat(parts), reasons: answer.reasons }
  } finally {
    await engine[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  }
}

type SqlResponse = ReturnType<typeof sqlJson>

function answerOf(body: Uint8Array): SqlResponse {
  return JSON.parse(new TextDecoder().decode(body)) as SqlResponse
}

function costText(body: Uint8Array): string {
  const { rows, cost } = answerOf(body)
  const { filesRead, filesConsidered, gets, bytesRead } = cost
  const found = `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`
  const bytes = bytesRead.toLocaleString('en-US')
  return `${found}, from ${filesRead} of ${filesConsidered} files by ${gets} reads of ${bytes} bytes`
}

function tableOf(body: Uint8Array, out: string | undefined): string {
  const { columns, rows } = answerOf(body)
  const { isTTY, columns: width } = process.stdout
  const fit = isTTY === true && out === undefined ? width : undefined
  return printTable(columns.map(tableColumn), rows, fit)
}

const numberTypes = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL.*)$/

function tableColumn({ name, type }: SqlColumn) {
  return { name, isNumber: numberTypes.test(type) }
}
