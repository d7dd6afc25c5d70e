import { readdir, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { storeFolder } from '../../functions/node/data-folders.ts'
import { exportJson, testRequest, testSpan, until } from '../helpers/otlp-json.ts'
import { runSpanlake, startSpanlake } from '../helpers/spanlake-process.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

test('traces are found on the command line: of a server and of a data directory, for people and for programs', async () => {
  const data = await temporaryFolder()
  const server = await startSpanlake(data, ['--flush-interval', '50ms'])
  const spans = ['GET /cart', '\x1b[2Jowned', 'GET /cart'].map((name, i) =>
    testSpan({ name, startTimeUnixNano: String(BigInt(Date.now() - i * 1_000) * 1_000_000n) }),
  )
  await exportJson(server.url, testRequest(spans))
  const search = (...args: readonly string[]) => runSpanlake(['search', ...args])
  const from = ['--from', server.url]
  const table = await until(
    () => search('{ kind = server }', '--since', '1h', ...from),
    ({ stdout }) => stdout !== '',
  )
  expect(table.code).toBe(0)
  const lines = table.stdout.trimEnd().split('\n')
  expect(lines[0]).toMatch(
    /^start \(UTC\) +trace +service +root +duration +matched +spans +errors$/,
  )
  const ids = spans.map(({ traceId }) => traceId)
  expect(lines.slice(2).map((line) => ids.findIndex((id) => line.includes(id)))).toEqual([0, 1, 2])
  expect(lines[3]).toContain('cart     \\u{1b}[2Jowned')
  expect(table.stderr).toMatch(/^3 traces, from 1 of 1 files by \d+ reads of [\d,]+ bytes\n$/)

  const q = '{ name = "GET /cart" }'
  const first = await search(q, '--limit', '1', '--json', ...from)
  const { traces, next } = JSON.parse(first.stdout)
  expect(traces).toMatchObject([{ traceId: ids[0], rootService: 'cart', matched: 1 }])
  const since = await search(q, '--limit', '1', '--since', '1h', ...from)
  const [, hint = ''] = since.stderr.match(/there may be more: (.*) \(without --since\)\n$/) ?? []
  const more = await search(q, ...hint.split(' '), ...from)
  expect(more).toMatchObject({ code: 0, stdout: expect.stringContaining(String(ids[2])) })
  expect(await server.stop('SIGTERM')).toBe(0)
  const rest = await search(q, '--json', '--after', next, '--data', data)
  expect(JSON.parse(rest.stdout)).toMatchObject({
    traces: [{ traceId: ids[2] }],
    spanlake: { complete: true },
  })
  const none = await search('{ name = "none" }', '--end', '2026-11-20T17:00:00Z', '--data', data)
  expect(none).toMatchObject({ code: 0, stdout: '' })
  expect(none.stderr).toMatch(/^no trace found, /)
})

test.each([
  [
    ['{ name = "a" &&\n  status = }'],
    'spanlake: traceql line 2 column 12: expected a field or a value, got }\n    status = }\n             ^\n',
  ],
  [
    ['4BF92F3577B34DA6A3CE929D0E0E4736'],
    "spanlake: query must be TraceQL, got a trace's id: try spanlake trace 4BF92F3577B34DA6A3CE929D0E0E4736\n",
  ],
  [
    ['{} | rate()'],
    'spanlake: q must find spans, got a metrics query: its place is /tempo/api/metrics/query_range\n',
  ],
  [
    ['{}', '--since', '1h', '--start', '1'],
    'spanlake: either --since or --start must be given, got both\n',
  ],
  [
    ['{}', '--from', 'http://127.0.0.1:9'],
    'spanlake: no server answers at http://127.0.0.1:9: is it running, or did you mean --data DIR?\n',
  ],
])('search %j is refused', async (args, stderr) => {
  expect(await runSpanlake(['search', ...args])).toMatchObject({ code: 1, stdout: '', stderr })
})

test('a file that is broken is named, and the exit code is 2', async () => {
  const data = await temporaryFolder()
  const imported = await runSpanlake(['import', '-', '--data', data], {
    stdin: testRequest([testSpan()]),
  })
  expect(imported.code).toBe(0)
  const key = await breakFreshFile(data)
  const found = await runSpanlake(['search', '{}', '--data', data])
  expect(found).toMatchObject({ code: 2, stdout: '' })
  expect(found.stderr).toContain('incomplete: ')
  expect(found.stderr).toContain(key)
})

/** Cuts off the end of the one fresh file; its name. */
async function breakFreshFile(data: string): Promise<string> {
  const folder = join(storeFolder(data), 'default/fresh')
  const files = await readdir(folder, { recursive: true })
  const [file = ''] = files.filter((name) => name.endsWith('.parquet'))
  await truncate(join(folder, file), 200)
  return file
}
