import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { tableFromIPC } from 'apache-arrow'
import fc from 'fast-check'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { readParquet } from 'parquet-wasm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCodec } from '../../src/adapters/node/codec.ts'
import { columnName } from '../../src/layout/columns.ts'
import { encodeFreshFile } from '../../src/press/fresh-file.ts'
import type { Span } from '../../src/span/span.ts'
import { arbitrarySpans } from '../unit/press/arbitrary-spans.ts'
import { batchOfSpans, type PlacedSpan } from '../unit/press/batch-of-spans.ts'
import { freshInput, merge } from '../unit/press/merged-files.ts'
import { contents, fileOrder } from '../unit/press/whole-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'spanlake-readers-'))

/** Odd spans of all kinds, then plain ones: enough for several groups, pages and bloom filters. */
const odd = fc.sample(arbitrarySpans, { numRuns: 10, seed: 99 }).flat()
const plain = Array.from({ length: 11_000 }, (_, i): PlacedSpan => {
  const traceId = new Uint8Array(
    nodeCodec.sha256(Uint8Array.of(Math.floor(i / 5) & 255, i >> 12)).subarray(0, 16),
  )
  const spanId = nodeCodec.sha256(Uint8Array.of(i & 255, i >> 8)).slice(0, 8)
  const { span } = odd[0]!
  const attributes: Span['attributes'] = [
    { key: 'order.id', value: { kind: 'string', value: `zamówienie ${i % 4_000}` } },
    { key: 'order.items', value: { kind: 'int', value: BigInt(i % 3_000) - 7n } },
    { key: 'http.route', value: { kind: 'string', value: `/items/${i % 3}` } },
    { key: 'Http.Route', value: { kind: 'string', value: 'twin' } },
    { key: 'weight', value: { kind: 'double', value: i / 7 } },
    { key: 'cached', value: { kind: 'bool', value: i % 2 === 0 } },
  ]
  const startNs = 1_700_000_000_000_000_000n + BigInt(i) * 1_000_003n
  const name = i % 2 === 0 ? 'GET' : 'POST'
  return {
    span: {
      ...span,
      traceId,
      spanId,
      attributes,
      name,
      startNs,
      endNs: startNs + BigInt(i),
      links: [],
    },
    envelope: 1,
  }
})
const placed = [...odd, ...plain].sort(fileOrder)
const half = (which: number) => freshInput(placed.filter((_, i) => i % 2 === which))
/** Both kinds of file with the same spans. */
const files: Readonly<Record<string, Uint8Array>> = {
  fresh: encodeFreshFile(batchOfSpans(placed), { contents, codec: nodeCodec }),
  span: merge([half(0), half(1)]).files[0]!.bytes,
}

beforeAll(() => {
  for (const [kind, bytes] of Object.entries(files)) writeFileSync(pathOf(kind), bytes)
})
afterAll(() => rmSync(folder, { recursive: true }))

function pathOf(kind: string): string {
  return join(folder, `${kind}.parquet`)
}

const sum = (of: (span: Span) => number) => placed.reduce((total, { span }) => total + of(span), 0)
const withKey = (key: string) =>
  placed.filter(({ span }) => span.attributes.some((a) => a.key === key)).length

describe.each(Object.entries(files))('a %s file', (kind, file) => {
  const path = pathOf(kind)

  async function sql(text: string): Promise<unknown[][]> {
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    const rows = await connection.runAndReadAll(text.replace('SPANS', `read_parquet('${path}')`))
    return rows.getRows()
  }

  test('duckdb counts what went in', async () => {
    const [row] =
      await sql(`select count(*), sum(len(events)), sum(len(links)), count(parent_span_id),
    sum(list_sum(list_transform(events, lambda e: len(e.attributes)))), sum(flags), sum(kind) from SPANS`)
    expect(row!.map(Number)).toEqual([
      placed.length,
      sum(({ events }) => events.length),
      sum(({ links }) => links.length),
      sum(({ parentSpanId }) => (parentSpanId === undefined ? 0 : 1)),
      sum(({ events }) => events.reduce((total, { attributes }) => total + attributes.length, 0)),
      sum(({ flags }) => flags),
      sum(({ kind }) => kind),
    ])
  })

  test('duckdb reads every column of every row', async () => {
    expect(await sql('select * from SPANS')).toHaveLength(placed.length)
  })

  test('duckdb tells case twins apart', async () => {
    const twin = columnName('span', 'Http.Route', 'string')
    const rows = await sql(
      `select count(*) from SPANS where ${twin} = 'twin' and span_http_route like '/items/%'`,
    )
    expect(Number(rows[0]![0])).toBe(plain.length)
  })

  test('duckdb finds by bloom filter and statistics what a scan finds', async () => {
    const expectations: [string, number][] = [
      [`span_order_id = 'zamówienie 17'`, 3],
      [`span_order_id = 'zamówienie 3999'`, 2],
      [`span_order_id = 'nowhere'`, 0],
      ['span_order_items_int = -7', 4],
      ['span_order_items_int = 2992', 3],
      ['span_order_items_int = 2993', 0],
      ['span_weight_double = 1.0', 1],
      [`span_http_route = '/items/1'`, plain.filter((_, i) => i % 3 === 1).length],
      ['span_cached_bool', 5_500],
      ['duration_ns = 4711', 1],
    ]
    for (const [condition, count] of expectations) {
      const rows = await sql(`select count(*) from SPANS where ${condition}`)
      expect([condition, Number(rows[0]![0])]).toEqual([condition, count])
    }
    const blooms = await sql(
      `select count(*) from parquet_metadata('${path}') where bloom_filter_offset is not null`,
    )
    expect(Number(blooms[0]![0])).toBeGreaterThanOrEqual(2)
  })

  test('duckdb finds trace ids as bytes, which carry no bloom filter', async () => {
    const hex = Buffer.from(plain[0]!.span.traceId).toString('hex')
    const count = placed.filter(
      ({ span }) => Buffer.from(span.traceId).toString('hex') === hex,
    ).length
    const rows = await sql(`select count(*) from SPANS where trace_id = unhex('${hex}')`)
    expect(Number(rows[0]![0])).toBe(count)
    const blooms = await sql(`select count(*) from parquet_metadata('${path}')
    where bloom_filter_offset is not null and type in ('FIXED_LEN_BYTE_ARRAY')`)
    expect(Number(blooms[0]![0])).toBe(0)
  })

  test('hyparquet reads the same spans', async () => {
    const rows = await parquetReadObjects({
      file: file.slice().buffer,
      compressors,
      columns: ['span_id', 'name', 'span_order_id', 'span_order_items_int', 'events', 'links'],
    })
    expect(rows).toHaveLength(placed.length)
    const tables = rows.map((row) => ({
      name: row.name,
      events: row.events.length,
      links: row.links.length,
    }))
    expect(tables).toEqual(
      placed.map(({ span }) => ({
        // hyparquet drops a byte order mark in front of a text.
        name: span.name.replace(/^\ufeff/, ''),
        events: span.events.length,
        links: span.links.length,
      })),
    )
    expect(
      rows.filter((row) => row.span_order_id !== undefined && row.span_order_id !== null),
    ).toHaveLength(withKey('order.id'))
  })

  test('parquet-wasm reads the same spans', () => {
    const table = tableFromIPC(readParquet(file).intoIPCStream())
    expect(table.numRows).toBe(placed.length)
    const names = table.getChild('name')!
    const orders = table.getChild('span_order_items_int')!
    const events = table.getChild('events')!
    for (let row = 0; row < placed.length; row += 97) {
      const { span } = placed[row]!
      const items = span.attributes.find(({ key }) => key === 'order.items')?.value
      expect(names.get(row)).toBe(span.name)
      expect(orders.get(row)).toBe(items?.kind === 'int' ? items.value : null)
      expect(events.get(row).length).toBe(span.events.length)
    }
  })
})
