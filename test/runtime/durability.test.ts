import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
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
import { type SpanlakeProcess, startSpanlake } from '../helpers/spanlake-process.ts'
import { canShimSyncs, type SyncShim, syncShim } from '../helpers/sync-shim.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

const shimmed = canShimSyncs() ? test : test.skip
if (shimmed === test.skip) {
  process.stderr.write(
    '\nNOT TESTED: that nothing is promised before its sync, as there is no cc\n',
  )
}

shimmed('each 200 has a completed sync of the queue behind it', async () => {
  const { server, shim } = await shimmedServer()
  for (let i = 0; i < 20; i++) {
    const before = await queueSyncs(shim)
    expect(await statusOf(server, testSpan())).toBe(200)
    expect(await queueSyncs(shim)).toBeGreaterThan(before)
  }
})

shimmed('while syncs wait no 200 leaves; once they complete, all do', async () => {
  const { server, shim } = await shimmedServer()
  await shim.hold('queue.db')
  const answers: number[] = []
  const exports = Array.from({ length: 40 }, async () => {
    const status = await statusOf(server, testSpan())
    answers.push(status)
    return status
  })
  // A queue that does not sync would answer and never be held.
  await until(shim.held, (held) => held.length > 0 || answers.length > 0)
  await pause(300)
  expect(answers).toEqual([])
  const before = await queueSyncs(shim)
  await shim.release()
  expect(new Set(await Promise.all(exports))).toEqual(new Set([200]))
  // What arrived together shares a sync: one was under way, the rest waited behind it.
  expect((await queueSyncs(shim)) - before).toBeLessThan(10)
})

shimmed(
  'while syncs wait a request is answered 503 at its deadline, and its retry is one span',
  async () => {
    const { server, shim } = await shimmedServer()
    const span = testSpan()
    await shim.hold('queue.db')
    const refused = await exportJson(server.url, testRequest([span]))
    expect(refused.status).toBe(503)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    await shim.release()
    expect(await statusOf(server, span)).toBe(200)
    expect(await spanIdsWhenFlushed(server, span)).toEqual([span.spanId])
  },
)

shimmed('after a failed sync of the queue no 200 leaves and the process ends', async () => {
  const { server, shim, data } = await shimmedServer()
  const kept = testSpan()
  expect(await statusOf(server, kept)).toBe(200)
  await shim.fail('queue.db')
  const exports = Array.from({ length: 10 }, () => statusOf(server, testSpan()).catch(() => 0))
  expect(await Promise.all(exports)).not.toContain(200)
  expect(await server.ended).toBe('SIGKILL')
  expect(server.log()).toContain('process ends')
  expect(await spanIdsWhenFlushed(await restarted(data), kept)).toEqual([kept.spanId])
})

shimmed(
  'after a failed sync of the store the process ends, and the span is flushed anew',
  async () => {
    const { server, shim, data } = await shimmedServer()
    await shim.fail('/store/')
    const span = testSpan()
    expect(await statusOf(server, span)).toBe(200)
    expect(await server.ended).toBe('SIGKILL')
    expect(server.log()).toContain('fsync failed')
    expect(await spanIdsWhenFlushed(await restarted(data), span)).toEqual([span.spanId])
  },
)

shimmed('a message leaves the queue only after its file, and its folders, are synced', async () => {
  const { server, shim, data } = await shimmedServer()
  const span = testSpan()
  await shim.hold('/store/')
  expect(await statusOf(server, span)).toBe(200)
  await until(shim.held, (held) => held.length > 0)
  await pause(300)
  await server.stop('SIGKILL')
  await shim.release()
  expect(await spanIdsWhenFlushed(await restarted(data), span)).toEqual([span.spanId])
})

shimmed('a new data directory is durable in the folders above it', async () => {
  const { shim, data } = await shimmedServer('deep/data')
  const synced = await shim.synced()
  expect(synced).toContain(dirname(data))
  expect(synced).toContain(dirname(dirname(data)))
  expect(synced).toContain(data)
})

shimmed('an object is durable in folders that somebody else made, and has not synced', async () => {
  const folder = await temporaryFolder()
  const shim = await syncShim(await temporaryFolder())
  await mkdir(join(folder, 'a/b/c'), { recursive: true })
  await runStore(folder, shim, "await store.put('a/b/c/object', body, { kind: 'create' })")
  const synced = await shim.synced()
  const draft = synced.findIndex((path) => path.includes('/.tmp/'))
  const name = synced.lastIndexOf(join(folder, 'a/b/c'))
  expect(draft).toBeGreaterThanOrEqual(0)
  expect(name).toBeGreaterThan(draft)
  for (const parent of ['a/b', 'a', '.']) expect(synced).toContain(join(folder, parent))
})

shimmed('an object that a conflict shows is durable, whoever made it', async () => {
  const folder = await temporaryFolder()
  const shim = await syncShim(await temporaryFolder())
  const twice = `
    const name = process.env.SPANLAKE_SYNC_LOG
    await store.put('a/object', body, { kind: 'create' })
    rmSync(name)
    const { kind } = await store.put('a/object', body, { kind: 'create' })
    if (kind !== 'conflict') throw new Error(kind)`
  await runStore(folder, shim, twice)
  expect((await shim.synced()).at(-1)).toBe(join(folder, 'a'))
})

interface Shimmed {
  readonly server: SpanlakeProcess
  readonly shim: SyncShim
  readonly data: string
}

async function shimmedServer(below = 'data'): Promise<Shimmed> {
  const data = join(await temporaryFolder(), below)
  const shim = await syncShim(await temporaryFolder())
  const server = await startSpanlake(data, ['--flush-interval', '50ms'], shim.env)
  onTestFinished(async () => void (await server.stop('SIGKILL')))
  return { server, shim, data }
}

async function restarted(data: string): Promise<SpanlakeProcess> {
  const server = await startSpanlake(data, ['--flush-interval', '50ms'])
  onTestFinished(async () => void (await server.stop('SIGKILL')))
  return server
}

async function statusOf(server: SpanlakeProcess, span: TestSpan): Promise<number> {
  const answer = await exportJson(server.url, testRequest([span]))
  await answer.arrayBuffer()
  return answer.status
}

async function queueSyncs(shim: SyncShim): Promise<number> {
  return (await shim.synced()).filter((path) => path.endsWith('queue.db-wal')).length
}

async function spanIdsWhenFlushed(server: SpanlakeProcess, { traceId }: TestSpan) {
  const ids = async () => spansIn(await readTrace(server.url, traceId)).map((span) => span.spanId)
  await until(
    async () => (await (await fetch(`${server.url}/metrics`)).text()).match(/queue_messages (\d+)/),
    (found) => found?.[1] === '0',
  )
  return until(ids, (found) => found.length > 0)
}

/** Runs statements on a disk store, beneath the shim. */
async function runStore(folder: string, shim: SyncShim, statements: string): Promise<void> {
  const module = new URL('../../src/adapters/node/disk-store.ts', import.meta.url).href
  const script = `
    import { rmSync } from 'node:fs'
    import { diskStore } from '${module}'
    const body = new Uint8Array(100)
    const store = await diskStore('${folder}')
    ${statements}`
  const env = { ...process.env, ...shim.env }
  const args = ['--input-type=module', '-e', script]
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0)
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
