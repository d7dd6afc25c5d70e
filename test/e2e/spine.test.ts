import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import {
  exportJson,
  readTrace,
  spansIn,
  testRequest,
  testSpan,
  until,
} from '../helpers/otlp-json.ts'
import { runSpanlake, startSpanlake } from '../helpers/spanlake-process.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

test('a span goes in over OTLP/HTTP, comes back by its trace id, and outlives a restart', async () => {
  const data = await temporaryFolder()
  const root = testSpan()
  const child = testSpan({
    traceId: root.traceId,
    parentSpanId: root.spanId,
    name: 'SELECT',
    startTimeUnixNano: (BigInt(root.startTimeUnixNano) + 1_000n).toString(),
  })
  let server = await startSpanlake(data, ['--flush-interval', '100ms'])
  const answer = await exportJson(server.url, testRequest([root]))
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('application/json')
  expect(await answer.json()).toEqual({})
  await exportJson(server.url, testRequest([child], 'database'))
  const found = await until(
    () => readTrace(server.url, root.traceId),
    (trace) => trace.spanlake.spans === 2,
  )
  expect(spansIn(found)).toEqual([
    { ...root, status: {} },
    { ...child, status: {} },
  ])
  expect(found.spanlake.complete).toBe(true)

  expect(await server.stop('SIGTERM')).toBe(0)
  server = await startSpanlake(data)
  expect(spansIn(await readTrace(server.url, root.traceId))).toHaveLength(2)
  const list = await (await fetch(`${server.url}/api/v1/traces`)).json()
  expect(list).toMatchObject({
    traces: [
      { traceId: root.traceId, spans: 2, rootService: 'cart', services: ['cart', 'database'] },
    ],
  })
  const tree = await runSpanlake(['trace', root.traceId, '--from', server.url])
  expect(tree.code).toBe(0)
  expect(tree.stdout).toMatch(/cart.*GET \/cart/)
  expect(tree.stdout).toMatch(/database.*SELECT/)
  await server.stop('SIGTERM')
})

test('what was acknowledged but not flushed when the process stopped is flushed by the next', async () => {
  const data = await temporaryFolder()
  const span = testSpan()
  const first = await startSpanlake(data, ['--flush-interval', '10m'])
  expect((await exportJson(first.url, testRequest([span]))).status).toBe(200)
  await first.stop('SIGKILL')
  const second = await startSpanlake(data, ['--flush-interval', '50ms'])
  const found = await until(
    () => readTrace(second.url, span.traceId),
    (trace) => trace.spanlake.spans > 0,
  )
  expect(spansIn(found)).toHaveLength(1)
  await second.stop('SIGTERM')
})

test('a graceful stop finishes what it holds', async () => {
  const data = await temporaryFolder()
  const span = testSpan()
  const server = await startSpanlake(data, ['--flush-interval', '10m'])
  await exportJson(server.url, testRequest([span]))
  // The flush holds the message for ten minutes; the stop must not wait for that, nor lose it.
  expect(await server.stop('SIGTERM')).toBe(0)
  const tree = await runSpanlake(['trace', span.traceId, '--data', data])
  expect(tree.stderr).toBe('')
  expect(tree.code).toBe(0)
})

test('two processes cannot have one data directory', async () => {
  const data = await temporaryFolder()
  const server = await startSpanlake(data)
  const second = await runSpanlake(['serve', '--listen', '127.0.0.1:0', '--data', data])
  expect(second.code).toBe(1)
  expect(second.stderr).toMatch(/data directory .* is in use by another spanlake, process \d+/)
  await server.stop('SIGKILL')
  const third = await startSpanlake(data)
  expect(await third.stop('SIGTERM')).toBe(0)
})

test.each([
  [['--listen', '4318'], /listen address must be HOST:PORT/],
  [['--listen', '0.0.0.0:0'], /must be loopback while no tokens are configured/],
  [['--region', 'EU West'], /region must be/],
  [['--flush-interval', '5'], /duration must be from 10ms/],
  [['--tokens', '/nowhere/tokens.json'], /tokens file must be readable/],
])('serve %j is refused at start', async (flags, refusal) => {
  const { code, stderr } = await runSpanlake(['serve', '--data', await temporaryFolder(), ...flags])
  expect(code).not.toBe(0)
  expect(stderr).toMatch(refusal)
})

test('a wrong environment variable is refused by name', async () => {
  const { code, stderr } = await runSpanlake(['serve'], {
    env: { SPANLAKE_FLUSH_INTERVAL: 'soon' },
  })
  expect(code).not.toBe(0)
  expect(stderr).toMatch(/SPANLAKE_FLUSH_INTERVAL.*duration must be/s)
})

test('import reads JSON lines and protobuf, plain and compressed, into a data directory', async () => {
  const folder = await temporaryFolder()
  const spans = Array.from({ length: 3 }, () => testSpan())
  const lines = spans.map((span) => testRequest([span])).join('\n')
  const file = join(folder, 'traces.jsonl.gz')
  await writeFile(file, gzipSync(lines))
  const data = join(folder, 'data')
  const imported = await runSpanlake(['import', file, '--data', data])
  expect(imported.stderr).toMatch(/^3 spans/)
  expect(imported.code).toBe(0)
  for (const { traceId } of spans) {
    expect((await runSpanlake(['trace', traceId, '--data', data])).code).toBe(0)
  }
})

test('import from stdin into a running server tells of what was refused', async () => {
  const server = await startSpanlake(await temporaryFolder(), ['--flush-interval', '50ms'])
  const good = testSpan()
  const stdin = `${testRequest([good, testSpan({ spanId: '' })])}\n`
  const imported = await runSpanlake(['import', '-', '--to', server.url], { stdin })
  expect(imported.code).toBe(1)
  expect(imported.stderr).toMatch(/span id must be 8 bytes/)
  const broken = await runSpanlake(['import', '-', '--to', server.url], {
    stdin: `${testRequest([testSpan()])}\n{"resourceSpans": 7}\n`,
  })
  expect(broken.code).toBe(1)
  expect(broken.stderr).toMatch(/stdin:2: otlp json resourceSpans must be an array, got 7/)
  const found = await until(
    () => readTrace(server.url, good.traceId),
    (trace) => trace.spanlake.spans > 0,
  )
  expect(spansIn(found)).toHaveLength(1)
  await server.stop('SIGTERM')
})
