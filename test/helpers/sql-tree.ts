import { DuckDBInstance } from '@duckdb/node-api'

const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect()

/** DuckDB's own tree of a text, as `checkSelect` gets it. Throws what DuckDB says of a text that has none. */
export async function sqlTree(sql: string): Promise<{ statements: unknown[] }> {
  const reader = await connection.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)', [sql])
  const tree = JSON.parse(String(reader.getRows()[0]?.[0]))
  if (tree.error) throw new Error(`${tree.error_type}: ${tree.error_message}`)
  return tree
}

/** All that DuckDB has functions of, by their type. */
export async function duckDbFunctions(): Promise<{ name: string; type: string }[]> {
  const reader = await connection.runAndReadAll(
    'SELECT DISTINCT function_name, function_type FROM duckdb_functions() ORDER BY ALL',
  )
  return reader.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }))
}
