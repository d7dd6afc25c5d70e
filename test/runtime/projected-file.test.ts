import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCodec } from '../../src/adapters/node/codec.ts'
import { columnName, fixedColumns } from '../../src/layout/columns.ts'
import { readAttributeColumns } from '../../src/press/attribute-columns.ts'
import { decodeFooterSuffix } from '../../src/press/file-footer.ts'
import { encodeFreshFile } from '../../src/press/fresh-file.ts'
import { projectFile } from '../../src/press/projected-file.ts'
import { spanSchema } from '../../src/press/span-schema.ts'
import type { Span } from '../../src/span/span.ts'
import { arbitrarySpans } from '../unit/press/arbitrary-spans.ts'
import { batchOfSpans, type PlacedSpan } from '../unit/press/batch-of-spans.ts'
import { freshInput, merge } from '../unit/press/merged-files.ts'
import { contents, fileOrder } from '../unit/press/whole-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'spanlake-projected-'))
const path = join(folder, 'projected.parquet')
const odd = fc.sample(arbitrarySpans, { numRuns: 20, seed: 7 }).flat()
/** Enough for several row groups. */
const plain = Array.from({ length: 25_000 }, (_, i): PlacedSpan => {
  const { span } = odd[0] as PlacedSpan
  const traceId = nodeCodec.sha256(Uint8Array.of(i & 255, i >> 8)).slice(0, 16)
  const startNs = 1_700_000_000_000_000_000n + BigInt(i)
  const attributes: Span['attributes'] = [
    { key: 'order.id', value: { kind: 'string', value: `zamówienie ${i % 4_000}` } },
    { key: 'order.items', value: { kind: 'int', value: BigInt(i % 3_000) - 7n } },
    ...(i % 3 === 0 ? [{ key: 'cached', value: { kind: 'bool', value: true } } as const] : []),
  ]
  const events = [{ timeNs: startNs, name: `e${i % 5}`, attributes, droppedAttributesCount: 0 }]
  return {
    span: { ...span, traceId, attributes, startNs, endNs: startNs + BigInt(i), links: [], events },
    envelope: 1,
  }
})
const placed = [...odd, ...plain].sort(fileOrder)
const half = (which: number) => freshInput(placed.filter((_, i) => i % 2 === which))
const files: Readonly<Record<string, Uint8Array>> = {
  fresh: encodeFreshFile(batchOfSpans(placed), { contents, codec: nodeCodec }),
  span: merge([half(0), half(1)]).files[0]?.bytes ?? new Uint8Array(0),
}

function opened(file: Uint8Array) {
  const footer = decodeFooterSuffix(file, file.length, { knowledge: true })
  if ('kind' in footer) throw new Error('footer must be read')
  const attributes = readAttributeColumns(footer.keyValues)
  const groups = footer.groups.map(({ rows, chunks }) => ({
    rows,
    chunks: new Map(chunks.map((chunk) => [chunk.path, chunk])),
  }))
  return { attributes, groups }
}

function projected(file: Uint8Array, groups: readonly number[], names: readonly string[]) {
  const { attributes, groups: all } = opened(file)
  const plan = projectFile(
    { attributes },
    groups.flatMap((at) => all[at] ?? []),
    names.map((name, i) => ({ name, as: `c${i}` })),
  )
  const copied = plan.groups.flat().map(({ offset, bytes }) => file.slice(offset, offset + bytes))
  const bytes = Buffer.concat([new TextEncoder().encode('PAR1'), ...copied, plan.end])
  expect(bytes).toHaveLength(plan.bytes)
  return bytes
}

let connection: DuckDBConnection

beforeAll(async () => {
  for (const [kind, bytes] of Object.entries(files)) {
    writeFileSync(join(folder, `${kind}.parquet`), bytes)
  }
  connection = await (await DuckDBInstance.create(':memory:')).connect()
})

afterAll(() => {
  connection.closeSync()
  rmSync(folder, { recursive: true })
})

async function sql(text: string): Promise<unknown> {
  return (await connection.runAndReadAll(text)).getRowsJson()
}

/** The rows of some groups of the whole file, as a list to read from. */
function rowsOf(kind: string, file: Uint8Array, groups: readonly number[]): string {
  const { groups: all } = opened(file)
  let first = 0
  const within = all.flatMap(({ rows }, at) => {
    first += rows
    return groups.includes(at) ? [`file_row_number between ${first - rows} and ${first - 1}`] : []
  })
  const whole = join(folder, `${kind}.parquet`)
  return `read_parquet('${whole}', file_row_number = true) where ${within.join(' or ')}`
}

/** DuckDB cuts the times of whole files to microseconds. */
function withoutTimes(name: string, of: string): string {
  if (name === fixedColumns.start || name === fixedColumns.end) return `try(epoch_us(${of}))`
  if (name !== fixedColumns.events) return of
  const members = `'t': try(epoch_us(x.time)), 'n': x.name, 'a': x.attributes`
  return `[{${members}, 'd': x.dropped_attributes_count} for x in ${of}]`
}

describe.each(Object.entries(files))('of a %s file', (kind, file) => {
  const { attributes, groups } = opened(file)
  const columns = spanSchema(attributes, kind === 'fresh' ? 'fresh' : 'compacted')
  const given = fc.record({
    names: fc.subarray(
      columns.map(({ name }) => name),
      { minLength: 1, maxLength: 12 },
    ),
    at: fc.subarray([...groups.keys()], { minLength: 1 }),
  })

  test('there are row groups to choose from', () => expect(groups.length).toBeGreaterThan(2))

  test('DuckDB reads from it what it reads from the whole file', async () => {
    await fc.assert(
      fc.asyncProperty(given, async ({ names, at }) => {
        writeFileSync(path, projected(file, at, names))
        const list = (of: (name: string, i: number) => string) =>
          names.map((name, i) => `${withoutTimes(name, of(name, i))} as c${i}`).join(', ')
        const hashes = (from: string) =>
          sql(`select count(*), sum(hash(x)) from (select ${from}) as x`)
        expect(await hashes(`${list((_, i) => `c${i}`)} from '${path}'`)).toEqual(
          await hashes(`${list((name) => `"${name}"`)} from ${rowsOf(kind, file, at)}`),
        )
      }),
      { numRuns: 30 },
    )
  })

  test('its times are exact', async () => {
    writeFileSync(path, projected(file, [...groups.keys()], [fixedColumns.start]))
    const odds = plain.filter(({ span }) => span.startNs % 1_000n === 777n).length
    expect(odds).toBeGreaterThan(20)
    const test = `epoch_ns(c0) % 1000 = 777 and c0 between '2023-11-14' and '2023-11-15'`
    expect(await sql(`select count(*) from '${path}' where ${test}`)).toEqual([[String(odds)]])
  })

  test('its statistics still prune, and its bounds are those of the file', async () => {
    const items = columnName('span', 'order.items', 'int')
    writeFileSync(path, projected(file, [1, 2], [items, fixedColumns.name]))
    const told = await sql(
      `select stats_min_value, stats_null_count from parquet_metadata('${path}') where path_in_schema = 'c0'`,
    )
    const whole = (await sql(
      `select stats_min_value, stats_null_count from parquet_metadata('${join(folder, `${kind}.parquet`)}')
       where path_in_schema = '${items}' order by row_group_id`,
    )) as unknown[]
    expect(told).toEqual(whole.slice(1, 3))
    expect(await sql(`select count(*) from '${path}' where c0 = 12`)).toEqual(
      await sql(
        `select count(*) from (select ${items} as c0 from ${rowsOf(kind, file, [1, 2])}) where c0 = 12`,
      ),
    )
  })

  test('hyparquet reads it, and finds no page index and no bloom filter', async () => {
    const names = [fixedColumns.name, columnName('span', 'order.id', 'string'), fixedColumns.events]
    const bytes = projected(file, [1], names)
    const whole = file.slice().buffer
    const [first = 0, second = 0] = groups.map(({ rows }) => rows)
    const read = await parquetReadObjects({
      file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
      compressors,
    })
    const expected = await parquetReadObjects({
      file: whole,
      compressors,
      columns: names,
      rowStart: first,
      rowEnd: first + second,
    })
    expect(read).toHaveLength(second)
    expect(read.slice(0, 500)).toEqual(
      expected.slice(0, 500).map((row) => ({
        c0: row[names[0] as string],
        c1: row[names[1] as string],
        c2: row[names[2] as string],
      })),
    )
    const {
      row_groups: [group],
    } = parquetMetadata(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
    for (const { meta_data, column_index_offset } of group?.columns ?? []) {
      expect(column_index_offset).toBeUndefined()
      expect(meta_data?.bloom_filter_offset).toBeUndefined()
    }
  })
})
