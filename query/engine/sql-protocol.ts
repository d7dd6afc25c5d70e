import type { ErrorKind } from '../../src/errors.ts'
import type { SqlColumn } from '../sql/sql-engine.ts'

// What the process of one query is asked and answers, as JSON: what it says is data, even if it were not ours any more.

/** Each but `interrupt` is answered, and only then is the next one sent. */
export type SqlRequest =
  | { readonly kind: 'parse'; readonly sql: string }
  | { readonly kind: 'rows'; readonly job: LaidJob }
  | { readonly kind: 'next' }
  | { readonly kind: 'parquet'; readonly job: LaidJob; readonly path: string }
  | { readonly kind: 'interrupt' }

export interface LaidJob {
  readonly setup: readonly string[]
  readonly sql: string
  /** The files that it may read. */
  readonly paths: readonly string[]
}

export type SqlReply =
  /** Once, when it can be asked. */
  | { readonly kind: 'ready' }
  /** To `parse`: DuckDB's JSON. */
  | { readonly kind: 'tree'; readonly text: string }
  /** To `rows`. */
  | { readonly kind: 'columns'; readonly columns: readonly SqlColumn[] }
  /** To `next`. */
  | { readonly kind: 'rows'; readonly rows: readonly (readonly unknown[])[] }
  | { readonly kind: 'end' }
  /** To `parquet`: the file stands there. */
  | { readonly kind: 'written' }
  | { readonly kind: 'failed'; readonly error: ErrorKind; readonly message: string }
