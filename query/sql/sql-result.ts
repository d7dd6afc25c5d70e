import type { SqlAnswer } from './query-sql.ts'
import type { SqlColumn, SqlPart } from './sql-engine.ts'

/** A whole result, for whoever needs all of it at once. */
export interface SqlResult {
  readonly columns: readonly SqlColumn[]
  readonly rows: readonly (readonly unknown[])[]
}

/** Takes all parts of an answer in rows. Throws as they do. */
export async function sqlResult(parts: AsyncIterable<SqlPart>): Promise<SqlResult> {
  let columns: readonly SqlColumn[] = []
  const rows: (readonly unknown[])[] = []
  for await (const part of parts) {
    if (part.kind === 'columns') columns = part.columns
    if (part.kind === 'rows') for (const row of part.rows) rows.push(row)
  }
  return { columns, rows }
}

/** The names of columns as those of an object's members: of two that are equal, the second gets a number. */
export function memberNames(columns: readonly SqlColumn[]): string[] {
  const taken = new Set<string>()
  return columns.map(({ name }) => {
    let own = name
    for (let number = 1; taken.has(own); number++) own = `${name}_${number}`
    taken.add(own)
    return own
  })
}

/** A line of JSON for each row, with the columns as members; in pieces as the parts come. */
export async function* ndjsonLines(parts: AsyncIterable<SqlPart>): AsyncGenerator<string> {
  let names: string[] = []
  for await (const part of parts) {
    if (part.kind === 'columns') names = memberNames(part.columns)
    if (part.kind !== 'rows') continue
    yield part.rows
      .map(
        (row) => `${JSON.stringify(Object.fromEntries(names.map((name, i) => [name, row[i]])))}\n`,
      )
      .join('')
  }
}

/** What an answer in one piece of JSON says. */
export function sqlJson({ range, reasons, cost }: SqlAnswer, { columns, rows }: SqlResult) {
  return {
    columns,
    rows,
    complete: reasons.length === 0,
    reasons,
    start: String(range.fromNs),
    end: String(range.toNs),
    cost,
  }
}
