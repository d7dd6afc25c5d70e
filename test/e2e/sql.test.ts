import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { expect, test } from 'vitest'
import { sqlFolder } from '../../functions/node/data-folders.ts'
import { exportJson, testRequest, testSpan, until } from '../helpers/otlp-json.ts'
import { runSpanlake, startSpanlake } from '../helpers/spanlake-process.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

test('SQL on the command line: of a server and of a data directory, for people and for programs', async () => {
  const data = await temporaryFolder()
  const server = await startSpanlake(data, ['--flush-interval', '50ms'])
  const spans = ['GET /cart', '\x1b[2Jowned', 'GET /cart'].map((name, i) =>
    testSpan({ name, startTimeUnixNano: String(BigInt(Date.now() - i * 1_000) * 1_000_000n) }),
  )
  await exportJson(server.url, testRequest(spans))
  const sql = (...args: readonly string[]) => runSpanlake(['sql', ...args])
  const from = ['--from', server.url]
  const byName = 'select name, count(*) as spans from spans group by all order by all'
  const table = await until(
    () => sql(byName, '--since', '1h', ...from),
    ({ stdout }) => stdout.includes('GET'),
  )
  expect(table.code).toBe(0)
  expect(table.stdout).toBe(
    [
      'name            spans',
      '──────────────  ─────',
      '\\u{1b}[2Jowned      1',
      'GET /cart           2',
      '',
    ].join('\n'),
  )
  expect(table.stderr).toMatch(/^2 rows, from 1 of 1 files by \d+ reads of [\d,]+ bytes\n$/)
  const json = JSON.parse((await sql(byName, '--json', ...from)).stdout)
  expect(json).toMatchObject({
    rows: [
      ['\x1b[2Jowned', 1],
      ['GET /cart', 2],
    ],
    complete: true,
  })
  const refused = await sql("select * from read_csv('/etc/passwd')", ...from)
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(await server.stop('SIGTERM')).toBe(0)

  const lines = await sql(byName, '--format', 'ndjson', '--data', data)
  expect(lines.stdout).toBe(
    '{"name":"\\u001b[2Jowned","spans":1}\n{"name":"GET /cart","spans":2}\n',
  )
  const out = join(data, 'result.parquet')
  expect(await sql(byName, '--format', 'parquet', '--data', data)).toMatchObject({ code: 1 })
  await sql(byName, '--format', 'parquet', '--out', out, '--data', data)
  const file = Uint8Array.from(await readFile(out)).buffer
  expect(await parquetReadObjects({ file, compressors })).toEqual([
    { name: '\x1b[2Jowned', spans: 1n },
    { name: 'GET /cart', spans: 2n },
  ])
  const old = await sql(
    'select count(*) as n from spans',
    '--end',
    '2020-01-01T00:00:00Z',
    '--data',
    data,
  )
  expect(old.stdout.split('\n')[2]).toBe('0')

  // What a server that ends leaves there goes with the next one's first query.
  const next = await startSpanlake(data)
  await sql('select 1', '--from', next.url)
  expect((await readdir(sqlFolder(data))).length).toBeLessThanOrEqual(1)
  expect(await next.stop('SIGTERM')).toBe(0)
})
