import { DuckDBInstance } from '@duckdb/node-api'
import { columnName } from '../../src/layout/columns.ts'

export interface PlainDuckdb extends AsyncDisposable {
  ask(sql: string): Promise<readonly unknown[]>
  readonly columns: PlainColumns
}

/** How SQL names things in the files themselves. */
export interface PlainColumns {
  /** `read_parquet(...)` over all of them. */
  readonly spans: string
  /** The quoted column of an attribute. */
  readonly attribute: (scope: 'span' | 'resource', key: string, type: 'string' | 'int') => string
}

/** DuckDB on one thread over all Parquet files below a folder, as somebody asks who has nothing but the bucket. */
export async function plainDuckdb(folder: string): Promise<PlainDuckdb> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  return {
    columns: {
      spans: `read_parquet('${folder}**/*.parquet', union_by_name = true)`,
      attribute: (scope, key, type) => `"${columnName(scope, key, type)}"`,
    },
    async ask(sql) {
      return (await connection.runAndReadAll(sql)).getRowsJS()
    },
    async [Symbol.asyncDispose]() {
      connection.closeSync()
      instance.closeSync()
    },
  }
}
