import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import {
  exportJson,
  readTrace,
  spansIn,
  type TestSpan,
  testRequest,
  testSpan,
  until,
} from '../helpers/otlp-json.ts'
import { runSpanlake, type SpanlakeProcess, startSpanlake } from '../helpers/spanlake-process.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

const serve = ['serve', '--listen', '127.0.0.1:0']
const preload = fileURLToPath(new URL('../helpers/stuck-thread.ts', import.meta.url))

test('a flush thread that is stuck is ended after a while, and what it had comes again', async () => {
  const data = await temporaryFolder()
  const server = await stuckServer(data, 'flush-worker.ts', 'zlib.zstdCompressSync')
  const span = testSpan()
  await acknowledged(server, span)
  await until(
    async () => server.log(),
    (log) => log.includes('stuck in'),
  )
  expect(await server.stop('SIGTERM')).toBe(0)
  const lines = server.log().split('\n')
  expect(lines.filter((line) => line.includes('thread does not stop'))).toHaveLength(1)
  expect(lines.at(-2)).toContain('stopped')

  const next = await startedServer(data)
  const found = await until(
    () => readTrace(next.url, span.traceId),
    (trace) => trace.spanlake.spans > 0,
  )
  expect(spansIn(found).map(({ spanId }) => spanId)).toEqual([span.spanId])
  expect(await next.stop('SIGTERM')).toBe(0)
})

test('a compaction thread that is stuck does not hold up a stop', async () => {
  const data = await temporaryFolder()
  const server = await stuckServer(data, 'compaction-worker.ts', 'fs.readdirSync')
  await until(
    async () => server.log(),
    (log) => log.includes('stuck in'),
  )
  expect(await server.stop('SIGTERM')).toBe(0)
  // What is said once a stop has waited as long as it may.
  expect(server.log()).not.toContain('thread does not stop')
})

test('a second signal ends a stop at once', async () => {
  const data = await temporaryFolder()
  const server = await stuckServer(data, 'flush-worker.ts', 'zlib.zstdCompressSync')
  await acknowledged(server, testSpan())
  await until(
    async () => server.log(),
    (log) => log.includes('stuck in'),
  )
  const first = server.stop('SIGTERM')
  await pause(500)
  expect(await server.stop('SIGINT')).toBe(130)
  expect(server.log()).not.toContain('thread does not stop')
  await first
})

test('a signal during the start stops what was started', async () => {
  const data = await temporaryFolder()
  const { code, stderr } = await runSpanlake([...serve, '--data', data], {
    async meanwhile(child) {
      const owner = () => readFile(join(data, 'owner.pid'), 'utf8').catch(() => '')
      await until(owner, (pid) => pid !== '')
      child.kill('SIGTERM')
    },
  })
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('stopped') })
  expect(await (await startedServer(data)).stop('SIGTERM')).toBe(0)
})

test('a port in use is refused in one line, and all that was started is stopped', async () => {
  const listen = await addressInUse()
  const data = await temporaryFolder()
  expect(await refusalOf(['--listen', listen, '--data', data])).toBe(
    `spanlake: cannot listen on ${listen}: address in use\n`,
  )
  expect(await (await startedServer(data)).stop('SIGTERM')).toBe(0)
})

test('tokens that cannot be read are refused in one line', async () => {
  const data = await temporaryFolder()
  const tokens = join(data, 'tokens.json')
  await writeFile(tokens, '{')
  expect(await refusalOf(['--tokens', tokens, '--data', data])).toMatch(
    /^spanlake: tokens file .*\n$/,
  )
})

test('a tokens file without a name is refused: it would leave the door open', async () => {
  const data = await temporaryFolder()
  const refusal = /tokens file must be a path, got ""/
  expect(await refusalOf(['--tokens', '', '--data', data])).toMatch(refusal)
})

test.each([
  ['a folder that cannot be made', '/proc/spanlake', /no such file or directory/],
  ['a file', 'file', /not a directory/],
  ['a folder below a file', 'file/deep/data', /not a directory/],
])('%s as data directory is refused in one line', async (_, path, reason) => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'file'), '')
  const data = path.startsWith('/') ? path : join(folder, path)
  const refusal = await refusalOf(['--data', data])
  expect(refusal).toMatch(reason)
  expect(refusal).toMatch(/^spanlake: data directory .* cannot be used: .*\n$/)
  expect(refusal).toContain(data)
})

test.each([
  ['lock.db', /data directory .* cannot be used: unable to open database file/],
  ['queue.db', /queue .* cannot be opened: unable to open database file/],
])('%s that is no file is refused in one line', async (name, reason) => {
  const data = await temporaryFolder()
  await mkdir(join(data, name))
  const refusal = await refusalOf(['--data', data])
  expect(refusal).toMatch(reason)
  expect(refusal.match(/\n/g)).toHaveLength(1)
})

test('a store that is no folder is refused in one line', async () => {
  const data = await temporaryFolder()
  await writeFile(join(data, 'store'), '')
  expect(await refusalOf(['--data', data])).toMatch(
    /^spanlake: store folder .* cannot be used: not a directory\n$/,
  )
})

test('a data directory without a name is refused', async () => {
  expect(await refusalOf(['--data', ''])).toMatch(/--data.*data directory must be a path, got ""/)
})

test('a relative data directory is one, for SQL too', async () => {
  const folder = await temporaryFolder()
  const server = await startedServer(relative('.', join(folder, 'deep/data')))
  expect(await readFile(join(folder, 'deep/data/owner.pid'), 'utf8')).toMatch(/^\d+\n$/)
  const now = `${BigInt(Date.now()) * 1_000_000n}`
  await acknowledged(server, testSpan({ startTimeUnixNano: now, endTimeUnixNano: now }))
  const counted = async () => {
    const body = JSON.stringify({ query: 'select count(*) from spans' })
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${server.url}/api/v1/sql`, { method: 'POST', headers, body })
    return { status: response.status, text: await response.text() }
  }
  const { status, text } = await until(
    counted,
    ({ status, text }) => status !== 200 || text.includes('[[1]]'),
  )
  expect({ status, text }).toMatchObject({ status: 200, text: expect.stringContaining('[[1]]') })
  expect(await server.stop('SIGTERM')).toBe(0)
})

test('a server whose disk is too full to take spans is not ready, and says why', async () => {
  const server = await startSpanlake(await temporaryFolder(), ['--disk-reserve', '60TiB'])
  onTestFinished(async () => void (await server.stop('SIGKILL')))
  expect((await exportJson(server.url, testRequest([testSpan()]))).status).toBe(503)
  const ready = await fetch(`${server.url}/readyz`)
  expect(ready.status).toBe(503)
  expect(await ready.text()).toMatch(/^not ready: free disk must be at least \d+ bytes\n$/)
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
})

async function startedServer(data: string, env = {}): Promise<SpanlakeProcess> {
  const server = await startSpanlake(data, ['--flush-interval', '50ms'], env)
  onTestFinished(async () => void (await server.stop('SIGKILL')))
  return server
}

function stuckServer(data: string, thread: string, call: string): Promise<SpanlakeProcess> {
  return startedServer(data, {
    NODE_OPTIONS: `--import=${preload}`,
    STUCK_THREAD: thread,
    STUCK_CALL: call,
  })
}

async function acknowledged(server: SpanlakeProcess, span: TestSpan): Promise<void> {
  expect((await exportJson(server.url, testRequest([span]))).status).toBe(200)
}

/** What `serve` says as it refuses to start, with exit code 1. */
async function refusalOf(flags: readonly string[]): Promise<string> {
  const { code, stderr } = await runSpanlake([...serve, ...flags], { msMax: 20_000 })
  expect({ code, stderr }).toMatchObject({ code: 1 })
  return stderr
}

async function addressInUse(): Promise<string> {
  const server = createServer()
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
