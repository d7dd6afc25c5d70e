import { fixedColumns as c } from '../../src/layout/columns.ts'
import { corrupt } from '../../src/parquet/byte-reader.ts'
import { readColumn } from '../../src/parquet/read-column.ts'
import { leavesByPath } from '../../src/press/read-group.ts'
import type { Runtime } from '../../src/runtime.ts'
import { columnPaths } from '../search/column-paths.ts'
import { entriesByRow } from '../search/flat-values.ts'
import { type GroupTable, groupTable } from '../search/group-table.ts'
import type { FileEnd, OpenFile, OpenGroup } from '../search/open-file.ts'
import { readChunks } from '../search/read-chunks.ts'
import { serviceName } from '../tags/tag-values.ts'
import type { Column, FieldValue } from '../traceql/span-table.ts'

/** Spans by what a call between services shows in; those of a trace stand together. */
export interface CallRows {
  /** Two words a span, and so with their parents: zero where there is none. */
  readonly spanIds: Uint32Array
  readonly parentIds: Uint32Array
  /** By number; below zero for spans without a service's name. */
  readonly services: Int32Array
  readonly kinds: Int32Array
  /** Asked only where spans share an id. */
  readonly startNs: Column<bigint>
  readonly name: Column<string>
}

/** The spans of a row group that count. */
export interface CallGroup extends CallRows {
  readonly serviceNames: readonly string[]
  readonly traces: readonly TraceSlice[]
}

/** Rows [from, to) of a trace. */
export interface TraceSlice {
  /** Lower-case hex, 32 digits. */
  readonly traceId: string
  readonly from: number
  readonly to: number
}

/** Whether a row counts, given what a group's columns say; undefined: all do. */
export type RowTest = ((table: GroupTable) => (row: number) => boolean) | undefined

/** Reads a row group by the columns that show calls. Throws `MissingObject`, or kind `corrupt`. */
export async function readCallRows(
  { file, group, end }: { file: OpenFile; group: OpenGroup; end?: FileEnd | undefined },
  counts: RowTest,
  runtime: Pick<Runtime, 'store' | 'codec'>,
): Promise<CallGroup> {
  const paths = new Set([...ownColumns, ...columnPaths(serviceName, file)])
  if (counts) paths.add(c.envelope)
  const places = [...group.chunks.values()].filter(({ path }) => paths.has(path))
  const chunks = await readChunks(file.key, places, runtime, end)
  const table = groupTable(file, group, chunks, runtime.codec)
  const { rows, traces } = countedRows(table, counts?.(table))
  const ids = (path: string) => idWords(path, rows, { file, group, chunks, runtime })
  const { services, serviceNames } = servicesOf(table, rows)
  return {
    spanIds: ids(c.spanId),
    parentIds: ids(c.parentSpanId),
    services,
    serviceNames,
    kinds: Int32Array.from(rows, (row) => table.kindNumber(row)),
    startNs: (at) => table.startNs(rows[at] ?? 0),
    name: (at) => table.name(rows[at] ?? 0),
    traces,
  }
}

const ownColumns = [c.traceId, c.spanId, c.parentSpanId, c.kind, c.start, c.name]

function countedRows(table: GroupTable, isCounted: ((row: number) => boolean) | undefined) {
  const rows = new Uint32Array(table.rows)
  const traces: TraceSlice[] = []
  const bounds = table.traceBounds()
  let length = 0
  for (let trace = 0; trace + 1 < bounds.length; trace++) {
    const [first, end] = [bounds[trace] ?? 0, bounds[trace + 1] ?? 0]
    const from = length
    for (let row = first; row < end; row++) {
      if (isCounted === undefined || isCounted(row)) rows[length++] = row
    }
    if (length > from) traces.push({ traceId: table.traceId(first), from, to: length })
  }
  return { rows: rows.subarray(0, length), traces }
}

interface GroupBytes {
  readonly file: OpenFile
  readonly group: OpenGroup
  readonly chunks: ReadonlyMap<string, Uint8Array>
  readonly runtime: Pick<Runtime, 'codec'>
}

/** Ids are compared and never shown: as numbers they need no text each. */
function idWords(
  path: string,
  rows: Uint32Array,
  { file, group, chunks, runtime }: GroupBytes,
): Uint32Array {
  const words = new Uint32Array(rows.length * 2)
  const leaf = leavesByPath(file.attributes).get(path)
  const [bytes, place] = [chunks.get(path), group.chunks.get(path)]
  if (bytes === undefined || place === undefined || leaf === undefined) return words
  const column = readColumn(bytes, place, leaf, group.rows, runtime.codec)
  if (column.count === 0) return words
  if (column.table.width !== 8) throw corrupt(`column ${path}`, 'must have 8 bytes a value')
  const entryOf = entriesByRow(column)
  const { buffer, byteOffset, byteLength } = column.table.bytes
  const view = new DataView(buffer, byteOffset, byteLength)
  for (const [at, row] of rows.entries()) {
    const entry = entryOf(row)
    if (entry < 0) continue
    words[2 * at] = view.getUint32(entry * 8)
    words[2 * at + 1] = view.getUint32(entry * 8 + 4)
  }
  return words
}

function servicesOf(table: GroupTable, rows: Uint32Array) {
  const numbers = new Map<string, number>()
  const column = table.attribute('resource', serviceName.key)
  const services = Int32Array.from(rows, (row) => {
    const name = nameOf(column?.(row))
    if (name === '') return -1
    const number = numbers.get(name) ?? numbers.size
    numbers.set(name, number)
    return number
  })
  return { services, serviceNames: [...numbers.keys()] }
}

function nameOf(value: FieldValue): string {
  if (value === undefined || value === null || typeof value === 'object') return ''
  return String(value)
}
