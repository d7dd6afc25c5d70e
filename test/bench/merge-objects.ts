import { zstdCompressSync } from 'node:zlib'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer'

type Rows = readonly Readonly<Record<string, unknown>>[]

/** The baseline's merge: all rows as objects, sorted by trace, and written anew. Lists go in as text, which is cheaper. */
export async function mergeObjects(files: readonly Uint8Array[]): Promise<Uint8Array> {
  const read = await Promise.all(
    files.map((file) =>
      parquetReadObjects({ file: file.slice().buffer as ArrayBuffer, compressors, utf8: false }),
    ),
  )
  const rows: Rows = read.flat().sort((a, b) => compareIds(a.trace_id, b.trace_id))
  const names = new Set(rows.flatMap((row) => Object.keys(row)))
  const columnData = Array.from(names, (name) => columnOf(name, rows))
  const zstd = { ZSTD: (bytes: Uint8Array) => new Uint8Array(zstdCompressSync(bytes)) }
  const options = { columnData, codec: 'ZSTD', compressors: zstd, rowGroupSize: 10_000 } as const
  return new Uint8Array(parquetWriteBuffer(options))
}

function compareIds(a: unknown, b: unknown): number {
  return a instanceof Uint8Array && b instanceof Uint8Array ? Buffer.compare(a, b) : 0
}

function columnOf(name: string, rows: Rows): ColumnSource {
  const values = rows.map((row) => row[name] ?? undefined)
  const some = values.find((value) => value !== undefined)
  const isList = Array.isArray(some)
  const data = isList ? values.map((value) => JSON.stringify(value, bigAsText)) : values
  return { name, data, type: isList ? 'STRING' : typeOf(some), nullable: true } as ColumnSource
}

function typeOf(value: unknown): ColumnSource['type'] {
  if (typeof value === 'bigint') return 'INT64'
  if (typeof value === 'number') return 'DOUBLE'
  if (typeof value === 'boolean') return 'BOOLEAN'
  if (value instanceof Date) return 'TIMESTAMP'
  return value instanceof Uint8Array ? 'BYTE_ARRAY' : 'STRING'
}

function bigAsText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
