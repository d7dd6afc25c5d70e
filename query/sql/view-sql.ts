import { fixedColumns as c } from '../../src/layout/columns.ts'
import type { TimeRange } from '../../src/prune/condition.ts'
import { fixed, quoted, quotedName, type SourceRef, type ViewColumn } from './source-column.ts'
import type { TraceInput, TraceViewColumn } from './trace-view-columns.ts'

/** Files that are read alike. */
export interface Branch {
  readonly paths: readonly string[]
  /** What SQL calls the sources that some of the files have. */
  readonly ref: SourceRef
  /** Whether some of them lack what others have. */
  readonly differ: boolean
  /** Whether all their spans start in the range. */
  readonly isWithin: boolean
  /** Rows of them that do not count, since others hold them. */
  readonly leftOut: readonly LeftOut[]
}

export interface LeftOut {
  readonly path: string
  /** By the places of their envelopes, and by their numbers in the file as it is laid down. */
  readonly envelopes: readonly number[]
  readonly rows: readonly number[]
}

/** `CREATE VIEW spans` over files laid down: the spans that start in the range, each once. */
export function spansViewSql(
  columns: readonly ViewColumn[],
  branches: readonly Branch[],
  range: TimeRange,
): string {
  return `CREATE VIEW spans AS\n${scanSql(columns, branches, range)}`
}

/** `CREATE VIEW traces`: the same spans, put together by their trace. */
export function tracesViewSql(
  columns: readonly TraceViewColumn[],
  inputs: Readonly<Record<TraceInput, ViewColumn>>,
  branches: readonly Branch[],
  range: TimeRange,
): string {
  const named = new Set<TraceInput>(['id', ...columns.flatMap((column) => column.inputs)])
  const rows = [...named].map((name) => ({ ...inputs[name], name }))
  const list = columns.map(({ name, sql }) => `${sql} AS ${quotedName(name)}`).join(',\n  ')
  return `CREATE VIEW traces AS
SELECT
  ${list}
FROM (
${scanSql(rows, branches, range)}
)
GROUP BY id`
}

function scanSql(
  columns: readonly ViewColumn[],
  branches: readonly Branch[],
  range: TimeRange,
): string {
  if (branches.length === 0) {
    const nulls = columns.map(({ name, type }) => `CAST(NULL AS ${type}) AS ${quotedName(name)}`)
    return `SELECT\n  ${nulls.join(',\n  ')}\nWHERE false`
  }
  return branches.map((branch) => branchSql(columns, branch, range)).join('\nUNION ALL\n')
}

function branchSql(columns: readonly ViewColumn[], branch: Branch, range: TimeRange): string {
  const list = columns.map(({ name, type, sql }) => {
    const value = sql(branch.ref) ?? `CAST(NULL AS ${type})`
    return `${value} AS ${quotedName(name)}`
  })
  const tests = testsSql(branch, range)
  return `SELECT
  ${list.join(',\n  ')}
FROM ${filesSql(branch)}${tests.length === 0 ? '' : `\nWHERE ${tests.join('\n  AND ')}`}`
}

function filesSql({ paths, differ, leftOut }: Branch): string {
  const options = [
    ...(differ ? [', union_by_name = true'] : []),
    ...(leftOut.length > 0 ? [', filename = true'] : []),
    ...(leftOut.some(({ rows }) => rows.length > 0) ? [', file_row_number = true'] : []),
  ]
  return `read_parquet([${paths.map(quoted).join(', ')}]${options.join('')})`
}

function testsSql({ ref, isWithin, leftOut }: Branch, { fromNs, toNs }: TimeRange): string[] {
  const start = ref(fixed(c.start)) ?? 'NULL'
  const envelope = ref(fixed(c.envelope)) ?? 'NULL'
  return [
    ...(isWithin
      ? []
      : [`${start} >= ${timestampSql(fromNs)}`, `${start} < ${timestampSql(toNs)}`]),
    ...notInSql(
      envelope,
      leftOut.map(({ path, envelopes }) => ({ path, numbers: envelopes })),
    ),
    ...notInSql(
      'file_row_number',
      leftOut.map(({ path, rows }) => ({ path, numbers: rows })),
    ),
  ]
}

/** As texts, since one list of them takes DuckDB no longer for many files than for one; a branch for each would. */
function notInSql(
  of: string,
  listed: readonly { readonly path: string; readonly numbers: readonly number[] }[],
): string[] {
  const texts = listed.flatMap(({ path, numbers }) =>
    numbers.map((one) => quoted(`${path} ${one}`)),
  )
  return texts.length === 0 ? [] : [`concat(filename, ' ', ${of}) NOT IN (${texts.join(', ')})`]
}

/** A literal: bounds of row groups are compared with it before anything is read. */
function timestampSql(ns: bigint): string {
  const seconds = ns / 1_000_000_000n
  const date = new Date(Number(seconds) * 1_000).toISOString().slice(0, 19).replace('T', ' ')
  return `TIMESTAMP_NS '${date}.${String(ns % 1_000_000_000n).padStart(9, '0')}'`
}
