import {
  DuckDBBlobValue,
  type DuckDBConnection,
  DuckDBInstance,
  DuckDBIntervalValue,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  type DuckDBValueConverter,
  type Json,
  JsonDuckDBValueConverter,
  StatementType,
} from '@duckdb/node-api'
import { SpanlakeError } from '../../src/errors.ts'
import type { SqlColumn } from '../sql/sql-engine.ts'

// The only file that imports DuckDB. What we learnt of it, each held by a test: `=` on a BLOB column with a bloom filter
// finds nothing when bytes are not ASCII; a text of several statements runs them all; paths that may be read may also be
// written; there is no deadline but `interrupt`, and binding does not hear it.

export interface DuckDb {
  /** The first value of our own SQL. */
  value(sql: string, ...parameters: string[]): Promise<string>
  /** Runs our own SQL. */
  run(sql: string): Promise<void>
  /** From here on no file but these can be opened, and no setting be changed. */
  lock(paths: readonly string[]): Promise<void>
  /** Throws kind `invalid` when the text is anything but one SELECT that can be run; runs nothing. */
  prepare(sql: string): Promise<void>
  /** Starts one SELECT; its rows come as they are asked for. Throws kind `invalid` for any other statement. */
  select(sql: string): Promise<DuckDbRows>
  /** Makes what runs throw, as soon as it looks. */
  interrupt(): void
}

export interface DuckDbRows {
  readonly columns: readonly SqlColumn[]
  /** The next of them, each made as it is asked for; undefined after the last. */
  next(): Promise<Iterable<readonly unknown[]> | undefined>
}

/** An empty database in memory, that keeps nothing on disk and loads nothing. */
export async function openDuckDb(threads: number, memoryBytes: number): Promise<DuckDb> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(threads),
    memory_limit: `${Math.floor(memoryBytes / 1024)}KiB`,
    temp_directory: '',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    allow_persistent_secrets: 'false',
  })
  const connection = await instance.connect()
  await connection.run(`SET TimeZone = 'UTC'`)
  return {
    async value(sql, ...parameters) {
      const reader = await connection.runAndReadAll(sql, parameters)
      return String(reader.getRows()[0]?.[0])
    },
    async run(sql) {
      await connection.run(sql)
    },
    lock: (paths) => lockDown(connection, paths),
    async prepare(sql) {
      const prepared = await prepareSelect(connection, sql)
      prepared.destroySync()
    },
    select: (sql) => startSelect(connection, sql),
    interrupt: () => connection.interrupt(),
  }
}

async function lockDown(connection: DuckDBConnection, paths: readonly string[]): Promise<void> {
  // Files by name rather than their folder: nothing else can be made in it, nor can it be listed.
  await connection.run(`SET allowed_paths = [${paths.map(quoted).join(', ')}]`)
  await connection.run('SET enable_external_access = false')
  await connection.run('SET lock_configuration = true')
}

async function prepareSelect(
  connection: DuckDBConnection,
  sql: string,
): Promise<DuckDBPreparedStatement> {
  const statements = await connection.extractStatements(sql)
  if (statements.count !== 1) {
    throw new SpanlakeError('invalid', `sql must be one SELECT, got ${statements.count} statements`)
  }
  const prepared = await statements.prepare(0)
  if (prepared.statementType !== StatementType.SELECT) {
    throw new SpanlakeError('invalid', 'sql must be one SELECT')
  }
  return prepared
}

async function startSelect(connection: DuckDBConnection, sql: string): Promise<DuckDbRows> {
  const prepared = await prepareSelect(connection, sql)
  const result = await prepared.stream()
  return {
    columns: columnsOf(result),
    async next() {
      const chunk = await result.fetchChunk()
      if (chunk === null || chunk.rowCount === 0) return undefined
      return (function* rows() {
        for (let row = 0; row < chunk.rowCount; row++) yield chunk.convertRowValues(row, toJson)
      })()
    },
  }
}

function columnsOf(result: DuckDBResult): SqlColumn[] {
  return result.columnNames().map((name, i) => ({ name, type: result.columnType(i).toString() }))
}

/** Integers that JSON's readers would round are text, as are decimals and times; bytes are hex. */
const toJson: DuckDBValueConverter<Json> = (value, type, converter) => {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : String(value)
  }
  if (value instanceof DuckDBBlobValue) return hexOf(value.bytes)
  if (value instanceof DuckDBIntervalValue) return String(value)
  return JsonDuckDBValueConverter(value, type, converter)
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

/** A text as SQL spells it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
