import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  openSqliteQueue,
  type SqliteQueue,
  type SqliteQueueOptions,
  sqliteQueueClient,
} from '../../../../src/adapters/node/sqlite-queue.ts'
import { temporaryFolder } from '../../../helpers/temporary-folder.ts'

const longMs = 600_000
const all = { messagesMax: 100, bytesMax: 1e6, visibilityMs: longMs, waitMs: 0 }

test('what was in hand when its owner ended is visible at once to the next, one attempt later', async () => {
  const path = join(await temporaryFolder(), 'queue.db')
  const first = await opened({ path })
  await first.send(Uint8Array.of(1))
  await first.send(Uint8Array.of(2))
  const [message, delayed] = await first.receive(all)
  await delayed?.retry(longMs)
  await first.close()
  const second = await opened({ path })
  expect(await second.receive(all)).toMatchObject([
    { body: Uint8Array.of(1), attempt: 2, sentMs: message?.sentMs },
    { body: Uint8Array.of(2), attempt: 2 },
  ])
  expect(await second.depth()).toMatchObject({ messages: 2, bytes: 2 })
})

test('ids are not used again after a restart: an old ack removes nothing new', async () => {
  const path = join(await temporaryFolder(), 'queue.db')
  const first = await opened({ path })
  await first.send(Uint8Array.of(1))
  const [old] = await first.receive(all)
  await old?.ack()
  await first.close()
  const second = await opened({ path })
  await second.send(Uint8Array.of(2))
  expect((await second.receive(all))[0]?.id).not.toBe(old?.id)
})

test('sends that arrive together share a commit', async () => {
  const path = join(await temporaryFolder(), 'queue.db')
  const queue = await opened({ path })
  const before = await commitsIn(`${path}-wal`)
  await Promise.all(Array.from({ length: 100 }, (_, i) => queue.send(Uint8Array.of(i))))
  const together = (await commitsIn(`${path}-wal`)) - before
  expect(together).toBeGreaterThan(0)
  expect(together).toBeLessThan(20)
  for (let i = 0; i < 10; i++) await queue.send(Uint8Array.of(i))
  expect((await commitsIn(`${path}-wal`)) - before).toBe(together + 10)
  expect(await queue.depth()).toMatchObject({ messages: 110 })
})

test('below the disk reserve it takes nothing, and gives what it has', async () => {
  const path = join(await temporaryFolder(), 'queue.db')
  const roomy = await opened({ path })
  await roomy.send(Uint8Array.of(1))
  await roomy.close()
  const queue = await opened({ path, reserveBytes: 2 ** 60 })
  const refused = expect.objectContaining({ kind: 'unavailable' })
  await expect(queue.send(Uint8Array.of(2))).rejects.toEqual(refused)
  expect(await queue.refusal()).toMatch(/^free disk must be at least \d+ bytes$/)
  const [message, ...others] = await queue.receive(all)
  expect(others).toEqual([])
  await message?.ack()
  expect(await queue.depth()).toMatchObject({ messages: 0 })
})

test('a full queue says so until there is room again', async () => {
  const queue = await opened({ bytesMax: 2 })
  await queue.send(Uint8Array.of(1))
  expect(await queue.refusal()).toBeUndefined()
  await queue.send(Uint8Array.of(2))
  expect(await queue.refusal()).toBe('queue must hold at most 2 bytes')
  const [message] = await queue.receive(all)
  await message?.ack()
  expect(await queue.refusal()).toBeUndefined()
})

test('a retry by one who lost his turn is ignored', async () => {
  const queue = await opened()
  await queue.send(Uint8Array.of(1))
  const [late] = await queue.receive({ ...all, visibilityMs: 1 })
  const [current] = await queue.receive({ ...all, waitMs: longMs })
  expect(current?.attempt).toBe(2)
  await late?.retry(0)
  expect(await queue.receive(all)).toEqual([])
  await current?.retry(0)
  expect(await queue.receive(all)).toMatchObject([{ attempt: 3 }])
})

test('two lines share a queue: what one receives the other does not', async () => {
  const queue = await opened()
  const other = sqliteQueueClient(queue.connect())
  await other.send(Uint8Array.of(1))
  expect(await queue.receive(all)).toHaveLength(1)
  expect(await other.receive(all)).toEqual([])
  const waiting = other.receive({ ...all, waitMs: longMs })
  await queue.send(Uint8Array.of(2))
  expect(await waiting).toMatchObject([{ body: Uint8Array.of(2) }])
})

test('a closed queue refuses at once, and lets nobody wait', async () => {
  const queue = await opened()
  const other = sqliteQueueClient(queue.connect())
  const waiting = Promise.allSettled(
    [queue, other].map((q) => q.receive({ ...all, waitMs: longMs })),
  )
  await queue.depth()
  await other.depth()
  await queue.close()
  expect(await waiting).toMatchObject([
    { reason: { kind: 'unavailable' } },
    { reason: { kind: 'unavailable' } },
  ])
  for (const closed of [queue, other]) {
    await expect(closed.send(Uint8Array.of(1))).rejects.toMatchObject({ kind: 'unavailable' })
    await expect(closed.receive(all)).rejects.toMatchObject({ kind: 'unavailable' })
  }
})

test('a large message comes through whole', async () => {
  const queue = await opened()
  const body = Uint8Array.from({ length: queue.maxMessageBytes }, (_, i) => i * 31)
  await queue.send(body)
  const [message] = await queue.receive({ ...all, bytesMax: 1 })
  expect(Buffer.compare(message?.body ?? new Uint8Array(0), body)).toBe(0)
})

async function opened(options: Partial<SqliteQueueOptions> = {}): Promise<SqliteQueue> {
  const path = options.path ?? join(await temporaryFolder(), 'queue.db')
  const queue = await openSqliteQueue({ bytesMax: 1e9, reserveBytes: 0, ...options, path })
  onTestFinished(() => queue.close())
  return queue
}

/** Frames of a write-ahead log that end a transaction (https://www.sqlite.org/fileformat2.html#walformat). */
async function commitsIn(walPath: string): Promise<number> {
  const wal = await readFile(walPath)
  const pageBytes = wal.readUInt32BE(8)
  const salt = wal.readBigUInt64BE(16)
  let commits = 0
  for (let at = 32; at + 24 + pageBytes <= wal.length; at += 24 + pageBytes) {
    if (wal.readBigUInt64BE(at + 8) !== salt) break
    if (wal.readUInt32BE(at + 4) > 0) commits++
  }
  return commits
}
