/**
 * Runs SQL that users wrote, each query in a process of its own that sees the files laid down for it and nothing else.
 * The one implementation is `query/engine/` (DuckDB, Node only).
 */
export interface SqlEngine {
  /**
   * A process for one query. Waits for a free one; throws kind `throttled` when too many wait,
   * `unavailable` when none gets free. When the signal aborts,
   * or the session is disposed, the query is interrupted, the process ends if it does not obey, and its files are gone.
   */
  open(signal: AbortSignal | undefined): Promise<SqlSession>
}

export interface SqlSession extends AsyncDisposable {
  /**
   * DuckDB's own tree of the text (`json_serialize_sql`), still to be checked by `checkSelect`; the text is not run.
   * Throws `invalid` with DuckDB's reason and the place for what does not parse or is no SELECT.
   */
  parse(sql: string): Promise<unknown>
  /** Lays a file down for the query to read; the absolute path that views name it by. Not after `run`. */
  lay(name: string, bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string>
  /**
   * Runs `setup`, statements of ours that make the views, locks everything down, and runs the SELECT. Rows come in order,
   * within `sqlResultRowsMax` and `sqlResultBytesMax`. Throws `invalid` for what only shows when it is bound or run (an
   * unknown column, a division of texts, too much memory, too large a result: the message says what to change), and
   * `unavailable` at the deadline (the message says so) or when the process was ended. Once.
   */
  run(job: SqlJob): AsyncIterable<SqlPart>
}

export interface SqlJob {
  readonly setup: readonly string[]
  /** One SELECT, checked. */
  readonly sql: string
  readonly format: 'rows' | 'parquet'
}

export type SqlPart =
  /** First, of `rows`. */
  | { readonly kind: 'columns'; readonly columns: readonly SqlColumn[] }
  /** Values as JSON has them: integers beyond 2^53, decimals and times as text, blobs as hex, lists and structs as they are. */
  | { readonly kind: 'rows'; readonly rows: readonly (readonly unknown[])[] }
  /** Of `parquet`: the next bytes of the file. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }

export interface SqlColumn {
  readonly name: string
  /** DuckDB's name of it, for example `VARCHAR` or `TIMESTAMP_NS`. */
  readonly type: string
}
