import {
  DuckDBBlobValue,
  type DuckDBConnection,
  DuckDBInstance,
  DuckDBIntervalValue,
  type DuckDBPreparedStatement,
  type DuckDBValueConverter,
  type Json,
  JsonDuckDBValueConverter,
  StatementType,
} from '@duckdb/node-api'
import { messageOf, SpanlakeError } from '../../src/errors.ts'
import type { SqlColumn } from '../sql/sql-engine.ts'

// The only file that imports DuckDB. What we learnt of it, each held by a test: `=` on a BLOB column with a bloom filter
// finds nothing when bytes are not ASCII; a text of several statements runs them all; paths that may be read may also be
// written; there is no deadline but `interrupt`, and binding does not hear it; a stream of rows that fails just ends.

export interface DuckDb {
  /** The first value of our own SQL. */
  value(sql: string, ...parameters: string[]): Promise<string>
  /** Runs our own SQL. */
  run(sql: string): Promise<void>
  /** From here on no file but these can be opened, and no setting be changed. */
  lock(paths: readonly string[]): Promise<void>
  /** Runs one SELECT, of which so many rows are kept. Throws kind `invalid` for any other statement. */
  select(sql: string, rowsMax: number): Promise<DuckDbRows>
  /** The same into a new Parquet file; gives the number of its rows. */
  selectToParquet(sql: string, rowsMax: number, path: string): Promise<number>
  /** Makes what runs throw, as soon as it looks. */
  interrupt(): void
}

export interface DuckDbRows {
  readonly columns: readonly SqlColumn[]
  readonly count: number
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
    select: (sql, rowsMax) => runSelect(connection, sql, rowsMax),
    async selectToParquet(sql, rowsMax, path) {
      await viewOf(connection, sql)
      const some = `FROM spanlake_result LIMIT ${rowsMax}`
      const options = 'FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false'
      return runCounted(connection, `COPY (${some}) TO ${quoted(path)} (${options})`)
    },
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

/** Makes a view of one SELECT: neither a comment nor a semicolon of it can end a statement of ours. */
async function viewOf(connection: DuckDBConnection, sql: string): Promise<readonly SqlColumn[]> {
  const prepared = await prepareSelect(connection, sql)
  const columns = Array.from({ length: prepared.columnCount }, (_, i) => ({
    name: prepared.columnName(i),
    type: prepared.columnType(i).toString(),
  }))
  prepared.destroySync()
  await connection.run(`CREATE OR REPLACE TEMP VIEW spanlake_result AS ${sql}`)
  return columns
}

/**
 * All rows are made before the first is given away: a result that is streamed ends where it fails, and nothing tells the
 * one from the other. In a table they are part of the memory that DuckDB counts, and not in a result that is not streamed.
 * No table takes structs without names, of which our JSON would keep one value: they are refused.
 */
async function runSelect(
  connection: DuckDBConnection,
  sql: string,
  rowsMax: number,
): Promise<DuckDbRows> {
  const columns = await viewOf(connection, sql)
  const make = `CREATE OR REPLACE TEMP TABLE spanlake_rows AS FROM spanlake_result LIMIT ${rowsMax}`
  const count = await runCounted(connection, make)
  const result = await connection.stream('FROM spanlake_rows')
  let given = 0
  return {
    columns,
    count,
    async next() {
      const chunk = await result.fetchChunk()
      if (chunk === null || chunk.rowCount === 0) {
        if (given === count) return undefined
        throw new SpanlakeError('internal', `sql rows must be ${count}, got ${given}`)
      }
      given += chunk.rowCount
      return (function* rows() {
        for (let row = 0; row < chunk.rowCount; row++) yield chunk.convertRowValues(row, toJson)
      })()
    },
  }
}

/** Runs a statement of ours, that says how many rows it has written. */
async function runCounted(connection: DuckDBConnection, sql: string): Promise<number> {
  try {
    const reader = await connection.runAndReadAll(sql)
    return Number(reader.getRows()[0]?.[0])
  } catch (cause) {
    // Where it fails is told by our text, with our paths.
    throw new Error(messageOf(cause).replace(/\n\nLINE \d+: .*$/s, ''), { cause })
  }
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
