import { expect, test } from 'vitest'
import { listReaders } from '../../query/api/jaeger/list-readers.ts'
import { createApp } from '../../query/app.ts'
import { openAccess } from '../../src/ingest/access.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { AnyValue, KeyValue } from '../../src/span/span.ts'
import { lookupWorld, nowMs, nowNs, traceId } from '../helpers/lookup-world.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'

const attribute = (key: string, value: string | bigint): KeyValue => ({
  key,
  value: (typeof value === 'string'
    ? { kind: 'string', value }
    : { kind: 'int', value }) as AnyValue,
})

async function opened() {
  const world = lookupWorld()
  const span = (id: number, service: string, attributes: readonly KeyValue[]) =>
    someSpan({
      traceId: traceId(id),
      spanId: spanId(id),
      name: `op ${id}`,
      startNs: nowNs - 1_000_000n,
      endNs: nowNs,
      service,
      kind: 2,
      attributes: [...attributes],
    })
  await world.flush(
    world.envelope([
      span(1, 'cart', [attribute('code', 200n), attribute('app.io/name', 'a/b')]),
      span(2, 'a/b', [attribute('code', '200')]),
    ]),
  )
  const { runtime } = world
  const queue = { maxMessageBytes: 0, send: async () => {} }
  const cache = readCache()
  const jaeger = listReaders(runtime, cache)
  const app = createApp({ runtime, access: openAccess('acme'), cache, queue, jaeger })
  const ask = async (path: string) => {
    const response = await app.request(path)
    const text = await response.text()
    expect(response.status, text).toBe(200)
    expect(response.headers.get('x-spanlake-incomplete')).toBeNull()
    return JSON.parse(text)
  }
  const values = async (path: string) => (await ask(`/tempo/api${path}`)).tagValues
  return { app, ask, values }
}

const metrics = {
  inspectedBytes: expect.stringMatching(/^\d+$/),
  totalBlocks: 1,
  backendReads: expect.stringMatching(/^\d+$/),
  backendBytes: expect.stringMatching(/^\d+$/),
  additionalMetrics: {
    complete: '1',
    filesOpened: expect.stringMatching(/^\d+$/),
    rowGroupsRead: expect.stringMatching(/^\d+$/),
    backendLists: expect.stringMatching(/^\d+$/),
  },
}

test('tags have the shapes of both versions', async () => {
  const { ask } = await opened()
  const scoped = await ask('/tempo/api/v2/search/tags?limit=5000&maxStaleValues=0&tag=x')
  expect(scoped).toEqual({
    scopes: [
      { name: 'resource', tags: ['service.name'] },
      { name: 'span', tags: ['code', 'app.io/name'] },
      { name: 'intrinsic', tags: expect.arrayContaining(['duration', 'span:name']) },
    ],
    metrics,
  })
  expect(scoped.scopes[2].tags).toHaveLength(25)
  const one = await ask('/tempo/api/v2/search/tags?scope=resource&q={')
  expect(one).toEqual({ scopes: [{ name: 'resource', tags: ['service.name'] }], metrics })
  const plain = await ask('/tempo/api/search/tags')
  expect(plain).toEqual({ tagNames: ['service.name', 'code', 'app.io/name'], metrics })
  const intrinsics = await ask('/tempo/api/search/tags?scope=intrinsic')
  expect(intrinsics.tagNames).toHaveLength(25)
})

test('values have the shapes of both versions', async () => {
  const { ask, values } = await opened()
  expect(await ask('/tempo/api/v2/search/tag/span.code/values')).toEqual({
    tagValues: [
      { type: 'int', value: '200' },
      { type: 'string', value: '200' },
    ],
    metrics,
  })
  expect(await ask('/tempo/api/search/tag/code/values')).toEqual({ tagValues: ['200'], metrics })
  expect(await values('/v2/search/tag/status/values')).toEqual([
    { type: 'keyword', value: 'error' },
    { type: 'keyword', value: 'ok' },
    { type: 'keyword', value: 'unset' },
  ])
  expect(await values('/search/tag/root.service.name/values')).toEqual(['a/b', 'cart'])
  expect(await values('/search/tag/name/values')).toEqual(['op 1', 'op 2'])
  expect(await values('/v2/search/tag/duration/values')).toEqual([])
})

test('a tag may hold a slash, as it is and escaped', async () => {
  const { values } = await opened()
  const expected = [{ type: 'string', value: 'a/b' }]
  expect(await values('/v2/search/tag/span.app.io/name/values')).toEqual(expected)
  expect(await values('/v2/search/tag/span.app.io%2Fname/values')).toEqual(expected)
  expect(await values('/search/tag/app.io/name/values')).toEqual(['a/b'])
})

test('values follow the filter that is being typed, and the range', async () => {
  const { values } = await opened()
  const code = (query: Record<string, string>) =>
    values(`/v2/search/tag/span.code/values?${new URLSearchParams(query)}`)
  expect(await code({ q: '{ resource.service.name = "cart" && span.code = }' })).toEqual([
    { type: 'int', value: '200' },
  ])
  expect(await code({ q: '{ resource.service.name = ' })).toHaveLength(2)
  expect(await code({ q: 'broken {{{ "' })).toHaveLength(2)
  const now = Math.floor(nowMs / 1_000)
  expect(await code({ start: String(now - 60), end: String(now + 60) })).toHaveLength(2)
  expect(await code({ start: String(now - 60) })).toHaveLength(2)
  expect(await code({ start: String(now - 7_200), end: String(now - 3_600) })).toEqual([])
})

test.each([
  ['/v2/search/tags?scope=spans', 'scope must be one of'],
  ['/v2/search/tags?limit=many', 'limit must be'],
  ['/search/tags?start=10&end=5', 'end must be after start'],
  ['/v2/search/tag/service.name/values', 'tag must be a field of TraceQL'],
  ['/v2/search/tag/span.code/values?start=soon', 'start must be unix seconds'],
])('%s is refused', async (path, why) => {
  const { app } = await opened()
  const response = await app.request(`/tempo/api${path}`)
  expect(response.status).toBe(400)
  expect(await response.text()).toContain(why)
})

test("Jaeger's lists of services and operations", async () => {
  const { ask } = await opened()
  expect(await ask('/jaeger/api/services')).toMatchObject({ data: ['a/b', 'cart'], total: 2 })
  expect(await ask('/jaeger/api/services/a/b/operations')).toMatchObject({ data: ['op 2'] })
  expect(await ask('/jaeger/api/operations?service=cart')).toMatchObject({
    data: [{ name: 'op 1', spanKind: 'server' }],
  })
  expect(await ask('/jaeger/api/v3/services')).toEqual({ services: ['a/b', 'cart'] })
  expect(await ask('/jaeger/api/v3/operations?service=a/b')).toEqual({
    operations: [{ name: 'op 2', spanKind: 'server' }],
  })
})
