import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { createApp } from '../../query/app.ts'
import { memoryQueue } from '../../src/adapters/memory/queue.ts'
import { nodeCodec } from '../../src/adapters/node/codec.ts'
import { buryEnvelope } from '../../src/flush/dead-letters.ts'
import { flushMessages } from '../../src/flush/flush-messages.ts'
import { openAccess, tokenAccess } from '../../src/ingest/access.ts'
import { lookupTrace } from '../../src/lookup/lookup-trace.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { lookupWorld, nowMs, traceId } from '../helpers/lookup-world.ts'
import { someSpan } from '../helpers/some-span.ts'

/** A dead letter of `acme` behind an API. */
async function withLetter(access = openAccess('acme')) {
  const world = lookupWorld()
  const queue = memoryQueue({ clock: world.runtime.clock })
  const envelope = world.envelope([someSpan({ traceId: traceId(1) })])
  const key = await buryEnvelope(envelope, 'no room', 5, world.runtime)
  const app = createApp({ runtime: world.runtime, access, cache: readCache(), queue })
  return { world, queue, app, key }
}

const at = (path: string, key: string) => `/api/v1/dead/${path}?key=${encodeURIComponent(key)}`

test('a dead letter is listed and shown with its reason, and replayed once', async () => {
  const { world, queue, app, key } = await withLetter()
  const letter = {
    key,
    version: 1,
    reason: 'no room',
    deadMs: nowMs,
    attempts: 5,
    envelope: { receivedMs: nowMs, spans: 1 },
  }
  expect(await (await app.request('/api/v1/dead')).json()).toMatchObject({ letters: [letter] })
  expect(await (await app.request(at('one', key))).json()).toMatchObject(letter)

  const replayed = await app.request(at('replay', key), { method: 'POST' })
  expect([replayed.status, await replayed.json()]).toEqual([200, { replayed: key }])
  const again = await app.request(at('replay', key), { method: 'POST' })
  expect(again.status).toBe(400)
  expect((await app.request(at('one', key))).status).toBe(404)
  expect(await (await app.request('/api/v1/dead')).json()).toEqual({ letters: [] })

  const options = { messagesMax: 10, bytesMax: 1e6, visibilityMs: 1_000, waitMs: 0 }
  expect(await flushMessages(await queue.receive(options), world.runtime)).toMatchObject({
    acked: 1,
    spans: 1,
  })
  const found = await lookupTrace('acme', traceId(1), world.runtime, readCache())
  expect(found.spans).toHaveLength(1)
})

test('dead letters are for admins, each for those of its own tenants', async () => {
  const hash = (token: string) => createHash('sha256').update(token).digest('hex')
  const tokens = [
    {
      name: 'all but admin',
      sha256: hash('a'),
      roles: ['write', 'read', 'site'],
      tenants: ['acme'],
    },
    { name: 'another', sha256: hash('b'), roles: ['admin'], tenants: ['other'] },
    { name: 'admin', sha256: hash('c'), roles: ['admin'], tenants: ['acme'] },
  ]
  const { queue, app, key } = await withLetter(tokenAccess(JSON.stringify({ tokens }), nodeCodec))
  const statuses = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` }
    const asked = [
      app.request('/api/v1/dead', { headers }),
      app.request(at('one', key), { headers }),
      app.request(at('replay', key), { headers, method: 'POST' }),
    ]
    return (await Promise.all(asked)).map(({ status }) => status)
  }
  expect(await statuses('nobody')).toEqual([401, 401, 401])
  expect(await statuses('a')).toEqual([403, 403, 403])
  expect(await statuses('b')).toEqual([200, 400, 400])
  expect(await queue.depth()).toMatchObject({ messages: 0 })
  const others = await app.request('/api/v1/dead', { headers: { authorization: 'Bearer b' } })
  expect(await others.json()).toEqual({ letters: [] })
  const headers = { authorization: 'Bearer c' }
  expect((await app.request(at('one', key), { headers })).status).toBe(200)
})
