import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { expect, test } from 'vitest'
import { createApp } from '../../query/app.ts'
import type { SqlEngine } from '../../query/sql/sql-engine.ts'
import { nodeCodec } from '../../src/adapters/node/codec.ts'
import { SpanlakeError } from '../../src/errors.ts'
import { flushBatch } from '../../src/flush/flush-batch.ts'
import { type Access, openAccess, tokenAccess } from '../../src/ingest/access.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { Span } from '../../src/span/span.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { lookupWorld, nowMs, nowNs, traceId } from '../helpers/lookup-world.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'
import { testPool } from '../helpers/sql-pool.ts'

const minuteNs = 60_000_000_000n

function span(id: number, fields: Partial<Span> & { service?: string } = {}): Span {
  const startNs = nowNs - BigInt(id) * minuteNs
  return someSpan({
    service: 'cart',
    traceId: traceId(1),
    spanId: spanId(id),
    name: `op ${id}`,
    startNs,
    endNs: startNs + 5n,
    ...fields,
  })
}

function opened(
  sql: SqlEngine | undefined,
  access: Pick<Access, 'authorize'> = openAccess('acme'),
) {
  const world = lookupWorld()
  const queue = { maxMessageBytes: 0, send: async () => {} }
  const { runtime } = world
  const app = createApp({ runtime, access, cache: readCache(), queue, ...(sql && { sql }) })
  const ask = (body: string, init: { query?: string; headers?: Record<string, string> } = {}) =>
    app.request(`/api/v1/sql${init.query ?? ''}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/plain', ...init.headers },
    })
  return { world, app, ask }
}

interface ErrorBody {
  readonly error: { readonly kind: string; readonly message: string }
}

test('JSON says the columns, the rows, whether they are all, and what that cost', async () => {
  const { pool } = await testPool()
  const { world, ask } = opened(pool)
  await world.flush(world.envelope([span(1), span(2, { statusCode: 2 })]))
  const response = await ask('select name, status, start from spans order by start')
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({
    columns: [
      { name: 'name', type: 'VARCHAR' },
      { name: 'status', type: 'VARCHAR' },
      { name: 'start', type: 'TIMESTAMP_NS' },
    ],
    rows: [
      ['op 2', 'error', '2025-11-20 17:01:11'],
      ['op 1', 'unset', '2025-11-20 17:02:11'],
    ],
    complete: true,
    reasons: [],
    start: String(nowNs - 60n * minuteNs),
    end: String(nowNs),
    cost: {
      lists: expect.any(Number),
      gets: expect.any(Number),
      bytesRead: expect.any(Number),
      filesConsidered: 1,
      filesRead: 1,
      groupsConsidered: 1,
      groupsRead: 1,
      bytesLaid: expect.any(Number),
    },
  })
})

test('only the columns that are named are laid down', async () => {
  const { pool } = await testPool()
  const { world, ask } = opened(pool)
  const attributes = [{ key: 'long', value: { kind: 'string', value: 'x'.repeat(100) } }] as const
  const spans = Array.from({ length: 2_000 }, (_, i) =>
    span(1, { traceId: traceId(i), spanId: spanId(i), name: `op ${i}`, attributes }),
  )
  await world.flush(world.envelope(spans))
  const laid = async (sql: string) =>
    ((await (await ask(sql)).json()) as { cost: { bytesLaid: number } }).cost.bytesLaid
  const [none, one, all] = [
    await laid('select count(*) from spans'),
    await laid('select max(name) from spans'),
    await laid('select * from spans'),
  ]
  expect(none).toBeLessThan(one / 3)
  expect(one).toBeLessThan(all / 3)
})

test('the range is the last hour, or what the request says: spans that start in it', async () => {
  const { pool } = await testPool()
  const { world, ask } = opened(pool)
  await world.flush(world.envelope([span(0), span(1), span(59), span(60), span(61)]))
  const count = async (init: Parameters<typeof ask>[1], body = 'select count(*) from spans') => {
    const { rows } = (await (await ask(body, init)).json()) as { rows: unknown }
    return rows
  }
  expect(await count({})).toEqual([[3]])
  const [from, to] = [nowNs - 61n * minuteNs, nowNs - minuteNs]
  expect(await count({ query: `?start=${from}&end=${to}` })).toEqual([[3]])
  expect(await count({ query: `?end=${to}` })).toEqual([[3]])
  const query = 'select count(*) from spans'
  const json = { headers: { 'content-type': 'application/json' } }
  expect(await count(json, JSON.stringify({ query, start: String(from) }))).toEqual([[4]])
  const start = new Date(nowMs - 61 * 60_000).toISOString()
  expect(await count(json, JSON.stringify({ query, start }))).toEqual([[4]])
})

test('NDJSON is a line a row; names that come twice get a number', async () => {
  const { pool } = await testPool()
  const { world, ask } = opened(pool)
  await world.flush(world.envelope([span(1), span(2)]))
  const sql = 'select name, kind, name from spans order by name'
  const response = await ask(sql, { headers: { accept: 'application/x-ndjson' } })
  expect(response.headers.get('content-type')).toBe('application/x-ndjson')
  expect(await response.text()).toBe(
    '{"name":"op 1","kind":"internal","name_1":"op 1"}\n{"name":"op 2","kind":"internal","name_1":"op 2"}\n',
  )
})

test('NDJSON tells of an error behind rows in its last line', async () => {
  const failing: SqlEngine = {
    async open() {
      return {
        parse: async () => JSON.parse(onlyOne),
        lay: async (name) => name,
        async *run() {
          yield { kind: 'columns', columns: [{ name: 'a', type: 'INTEGER' }] }
          yield { kind: 'rows', rows: [[1]] }
          throw new SpanlakeError('unavailable', 'sql took too long')
        },
        async [Symbol.asyncDispose]() {},
      }
    },
  }
  const { pool } = await testPool()
  const session = await pool.open(undefined)
  const onlyOne = JSON.stringify(await session.parse('select 1 as a'))
  await session[Symbol.asyncDispose]()
  const { ask } = opened(failing)
  const lines = await (await ask('select 1 as a', { query: '?format=ndjson' })).text()
  expect(lines).toBe('{"a":1}\n{"error":{"kind":"unavailable","message":"sql took too long"}}\n')
})

test('Parquet is a file', async () => {
  const { pool } = await testPool()
  const { world, ask } = opened(pool)
  await world.flush(world.envelope([span(1), span(2)]))
  const response = await ask('select name, duration_ns from spans order by name', {
    query: '?format=parquet',
  })
  expect(response.headers.get('content-type')).toBe('application/vnd.apache.parquet')
  expect(response.headers.get('content-disposition')).toBe('attachment; filename="result.parquet"')
  const file = await response.arrayBuffer()
  expect(await parquetReadObjects({ file, compressors })).toEqual([
    { name: 'op 1', duration_ns: 5n },
    { name: 'op 2', duration_ns: 5n },
  ])
})

test('what is wrong is told before anything is read', async () => {
  const { pool } = await testPool()
  const { world, ask, app } = opened(pool)
  await world.flush(
    world.envelope([
      span(1, { attributes: [{ key: 'http.route', value: { kind: 'int', value: 1n } }] }),
    ]),
  )
  for (const [body, query, message] of [
    ['', '', 'query must be given'],
    ['select 1; select 2', '', ''],
    ['drop table spans', '', ''],
    ["select * from '/etc/passwd'", '', ''],
    ['select 1', '?format=xml', 'format must be one of json, ndjson, parquet, got xml'],
    ['select 1', '?start=yesterday', 'start must be unix seconds'],
    ['select 1', '?start=20&end=10', 'end must be after start'],
    ['select "span.http.rout" from spans', '', 'did you mean "span.http.route"'],
    ['select "http.route" from spans', '', 'did you mean "span.http.route"'],
    ['select span.http.route from spans', '', 'in double quotes, "resource.service.name"'],
    ['select 1 from spans where start > now() - interval 1 hour', '', 'now()::TIMESTAMP'],
  ] as const) {
    const response = await ask(body, { query })
    const { error } = (await response.json()) as ErrorBody
    expect([body, response.status, error.kind]).toEqual([body, 400, 'invalid'])
    expect(error.message).toContain(message)
  }
  const json = { headers: { 'content-type': 'application/json' } }
  expect((await ask('{', json)).status).toBe(400)
  expect((await ask('[]', json)).status).toBe(400)
  expect((await app.request('/api/v1/sql')).status).toBe(405)
})

test('without an engine the answer is 501, in a sentence', async () => {
  const { ask } = opened(undefined)
  const response = await ask('select 1')
  expect(response.status).toBe(501)
  expect(((await response.json()) as ErrorBody).error.message).toContain('server on Node')
})

test('a tenant sees its own spans alone, and who may not read sees none', async () => {
  const record = (name: string, roles: string[], tenants: string[]) => ({
    name,
    sha256: hexOf(nodeCodec.sha256(new TextEncoder().encode(name))),
    roles,
    tenants,
  })
  const tokens = [
    record('writer', ['write'], ['acme']),
    record('reader', ['read'], ['acme']),
    record('eve', ['read'], ['eve']),
  ]
  const { pool } = await testPool()
  const { world, ask } = opened(pool, tokenAccess(JSON.stringify({ tokens }), nodeCodec))
  const secret = { key: 'secret.of.acme', value: { kind: 'string', value: 'x' } } as const
  await world.flush(world.envelope([span(1, { attributes: [secret] })]))
  const envelope = { ...world.envelope([span(2, { service: 'eves' })]), tenant: 'eve' }
  await flushBatch({ tenant: 'eve', parts: [{ envelope, range: undefined }] }, world.runtime)
  const askAs = async (token: string, sql: string) => {
    const response = await ask(sql, { headers: { authorization: `Bearer ${token}` } })
    return { status: response.status, text: await response.text() }
  }
  expect((await askAs('nobody', 'select 1')).status).toBe(401)
  expect((await askAs('writer', 'select 1')).status).toBe(403)
  const rows = async (token: string, sql: string) => JSON.parse((await askAs(token, sql)).text).rows
  expect(await rows('reader', 'select name from spans')).toEqual([['op 1']])
  expect(await rows('eve', 'select name from spans')).toEqual([['op 2']])
  expect(await rows('eve', 'select root_service, span_count from traces')).toEqual([['eves', 1]])
  expect((await askAs('eve', 'select * from spans')).text).not.toContain('secret.of.acme')
  const asked = await askAs('eve', 'select "span.secret.of.acm" from spans')
  expect(asked.status).toBe(400)
  expect(asked.text).not.toContain('secret.of.acme')
})
