import { describe, expect, test } from 'vitest'
import { listReaders } from '../../query/api/jaeger/list-readers.ts'
import { type ListTagsOptions, listTags } from '../../query/tags/list-tags.ts'
import { type TagValuesOptions, tagValues } from '../../query/tags/tag-values.ts'
import { parseFieldText } from '../../query/traceql/parse-field-text.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { AnyValue, KeyValue, Span } from '../../src/span/span.ts'
import { type LookupWorld, lookupWorld, nowNs, traceId } from '../helpers/lookup-world.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'

const secondNs = 1_000_000_000n
const hourNs = 3_600n * secondNs

type Fields = Partial<Span> & { readonly service?: string }

/** Trace n starts n seconds ago. */
function span(trace: number, id: number, fields: Fields = {}): Span {
  const startNs = nowNs - BigInt(trace) * secondNs + BigInt(id)
  const own = { traceId: traceId(trace), spanId: spanId(trace * 100 + id), startNs }
  return someSpan({ name: `op ${id}`, endNs: startNs + 5_000_000n, ...own, ...fields })
}

function attribute(key: string, value: string | bigint | number | boolean): KeyValue {
  const kinds = { string: 'string', bigint: 'int', number: 'double', boolean: 'bool' } as const
  const kind = kinds[typeof value as keyof typeof kinds]
  return { key, value: { kind, value } as AnyValue }
}

async function compact(world: LookupWorld): Promise<void> {
  for (let step = 0; step < 50; step++) {
    const { kind } = await compactStep('acme', world.runtime, readCache(), { now: true })
    if (kind === 'nothing') return
  }
}

const event = (name: string, ...attributes: KeyValue[]) => ({
  timeNs: nowNs,
  name,
  attributes,
  droppedAttributesCount: 0,
})

const scope = {
  name: 'lib',
  version: '1.2',
  attributes: [attribute('lib.kind', 'auto')],
  droppedAttributesCount: 0,
  schemaUrl: '',
}

const link = {
  traceId: traceId(9),
  spanId: spanId(9),
  traceState: '',
  flags: 0,
  attributes: [attribute('link.why', 'retry')],
  droppedAttributesCount: 0,
}

const first: readonly Span[] = [
  span(1, 1, {
    service: 'cart',
    name: 'GET /',
    kind: 2,
    scope,
    attributes: [attribute('http.route', '/'), attribute('code', 200n), attribute('ok', true)],
    events: [event('exception', attribute('exception.type', 'IOError'))],
  }),
  span(1, 2, {
    service: 'redis',
    name: 'SET',
    kind: 3,
    parentSpanId: spanId(101),
    attributes: [attribute('code', '200'), attribute('Http.Route', '/twin')],
    links: [link],
  }),
  span(2, 1, { service: 'cart', name: 'GET /', kind: 2, attributes: [attribute('code', 0.5)] }),
]

/** Days ago, with a key of its own. */
const second: readonly Span[] = [
  span(3, 1, {
    service: 'mail',
    name: 'send',
    startNs: nowNs - 50n * hourNs,
    endNs: nowNs - 50n * hourNs + 1n,
    attributes: [attribute('mail.to', 'x'), attribute('code', 500n), attribute('empty', '')],
    statusMessage: 'no such host',
  }),
]

async function opened(state: string) {
  const world = lookupWorld()
  const flush = async (spans: readonly Span[]) => world.flush(world.envelope(spans))
  await flush(first)
  if (state === 'mixed') await compact(world)
  await flush(second)
  if (state === 'compacted') await compact(world)
  const cache = readCache()
  const list = async (options: ListTagsOptions = {}) => {
    world.forget()
    const { value, reasons, cost } = await listTags('acme', options, world.runtime, cache)
    expect(reasons).toEqual([])
    expect(cost).toMatchObject({ gets: world.asked.gets.length, bytesRead: world.asked.bytes })
    return { cost, tags: Object.fromEntries(value.map((one) => [one.scope, [...one.keys].sort()])) }
  }
  const values = async (tag: string, options: TagValuesOptions = {}) => {
    world.forget()
    const field = parseFieldText(tag)
    if (field === undefined) throw new Error(`must be a field, got ${tag}`)
    const answer = await tagValues('acme', field, options, world.runtime, cache)
    const { gets, bytesRead } = answer.cost
    expect({ gets, bytesRead }).toEqual({
      gets: world.asked.gets.length,
      bytesRead: world.asked.bytes,
    })
    return { ...answer, texts: answer.value.map(({ type, text }) => `${type} ${text}`) }
  }
  const texts = async (tag: string, options?: TagValuesOptions) =>
    (await values(tag, options)).texts
  return { world, cache, list, values, texts }
}

const recent = { fromNs: nowNs - hourNs, toNs: nowNs + 1n }

describe.each(['fresh', 'compacted', 'mixed'])('over %s files', (state) => {
  test('tags are listed by their scope', async () => {
    const { list } = await opened(state)
    expect((await list()).tags).toEqual({
      resource: ['service.name'],
      span: ['Http.Route', 'code', 'empty', 'http.route', 'mail.to', 'ok'],
      instrumentation: ['lib.kind'],
      event: ['exception.type'],
      link: ['link.why'],
    })
    expect((await list({ scopes: ['event'] })).tags).toEqual({ event: ['exception.type'] })
    const { tags } = await list({ range: recent })
    expect(tags.span).toEqual(['Http.Route', 'code', 'http.route', 'ok'])
  })

  test('the most frequent tags are kept where not all may be', async () => {
    const { list } = await opened(state)
    expect((await list({ limit: 1 })).tags).toMatchObject({ span: ['code'] })
  })

  test('tags of a filter are those of row groups that may hold what it finds', async () => {
    const { list } = await opened(state)
    const mail = (await list({ q: '{ span.mail.to = "x" && span.x = ' })).tags
    expect(mail.span).toEqual(['code', 'empty', 'mail.to'])
    expect((await list({ q: '{ span.none = 1 }' })).tags.span).toEqual([])
  })

  test('values are typed, each once', async () => {
    const { texts } = await opened(state)
    expect(await texts('span.code')).toEqual(['float 0.5', 'int 200', 'int 500', 'string 200'])
    expect(await texts('.code')).toEqual(['float 0.5', 'int 200', 'int 500', 'string 200'])
    expect(await texts('resource.code')).toEqual([])
    expect(await texts('span.ok')).toEqual(['bool true'])
    expect(await texts('span.empty')).toEqual([])
    expect(await texts('span.http.route')).toEqual(['string /'])
    expect(await texts('span.Http.Route')).toEqual(['string /twin'])
    expect(await texts('.service.name')).toEqual(['string cart', 'string mail', 'string redis'])
    expect(await texts('instrumentation.lib.kind')).toEqual(['string auto'])
    expect(await texts('event.exception.type')).toEqual(['string IOError'])
    expect(await texts('link.link.why')).toEqual(['string retry'])
    expect(await texts('span.gone')).toEqual([])
  })

  test('intrinsics have the values that spans have, or all there are, or none', async () => {
    const { texts, values } = await opened(state)
    expect(await texts('name')).toEqual(['string GET /', 'string SET', 'string send'])
    expect(await texts('statusMessage')).toEqual(['string no such host'])
    expect(await texts('rootName')).toEqual(['string GET /', 'string send'])
    expect(await texts('trace:rootService')).toEqual(['string cart', 'string mail'])
    expect(await texts('event:name')).toEqual(['string exception'])
    expect(await texts('instrumentation:name')).toEqual(['string lib'])
    expect(await texts('instrumentation:version')).toEqual(['string 1.2'])
    expect(await texts('status')).toEqual(['keyword error', 'keyword ok', 'keyword unset'])
    expect(await texts('kind')).toHaveLength(6)
    for (const tag of ['duration', 'trace:duration', 'span:id', 'nestedSetLeft']) {
      expect((await values(tag)).cost).toMatchObject({ gets: 0, lists: 0 })
      expect(await texts(tag)).toEqual([])
    }
  })

  test('values of a filter are those of the spans that it finds', async () => {
    const { texts } = await opened(state)
    const of = (q: string) => texts('span.code', { q })
    expect(await of('{ resource.service.name = "cart" }')).toEqual(['float 0.5', 'int 200'])
    expect(await of('{ resource.service.name = "cart" && span.ok = ')).toHaveLength(2)
    expect(await of('{ .service.name = "redis" || span.mail.to = "x" }')).toEqual([
      'int 500',
      'string 200',
    ])
    expect(await of('{ span.code > 300 && }')).toEqual(['int 500'])
    expect(await of('{ .service.name = }')).toHaveLength(4)
    expect(await of('{ .service.name = "gone" }')).toEqual([])
    expect(await texts('name', { q: '{ nestedSetParent < 0 }' })).not.toContain('string SET')
  })

  test('values are those of spans in the range', async () => {
    const { texts } = await opened(state)
    expect(await texts('span.code', { range: recent })).not.toContain('int 500')
    const range = { fromNs: nowNs - secondNs, toNs: nowNs }
    expect(await texts('span.code', { range })).toEqual(['int 200', 'string 200'])
    expect(await texts('name', { range, q: '{ kind = server }' })).toEqual(['string GET /'])
  })

  test('services and operations are listed for Jaeger', async () => {
    const { world, cache } = await opened(state)
    const { listServices, listOperations } = listReaders(world.runtime, cache)
    const { signal } = new AbortController()
    const operations = async (service: string) =>
      (await listOperations('acme', service, signal)).value
    for (let times = 0; times < 2; times++) {
      expect(await listServices('acme', signal)).toEqual({
        value: ['cart', 'mail', 'redis'],
        reasons: [],
      })
      expect(await operations('cart')).toEqual([{ name: 'GET /', kind: 2 }])
      expect(await operations('redis')).toEqual([{ name: 'SET', kind: 3 }])
      expect(await operations('mail')).toEqual([{ name: 'send', kind: 1 }])
      expect(await operations('gone')).toEqual([])
    }
  })
})

test('as many values as are asked for, and the answer says so', async () => {
  const { values } = await opened('fresh')
  const { value, reasons } = await values('span.code', { limit: 2 })
  expect(value).toHaveLength(2)
  expect(reasons).toEqual(['answer holds as many values as it may, 2'])
  expect((await values('span.code', { limit: 4 })).reasons).toEqual([])
  expect((await values('span.code')).value).toHaveLength(4)
})

test('who is gone gets no answer', async () => {
  const { texts, list } = await opened('fresh')
  const signal = AbortSignal.abort()
  await expect(texts('span.code', { signal })).rejects.toThrow('cancelled')
  await expect(list({ signal })).rejects.toThrow('cancelled')
})

/** Spans of which the column that is asked for is a small part. */
async function wide(state: string) {
  const world = lookupWorld()
  const numbers = Array.from({ length: 2_000 }, (_, i) => i + 1)
  const spans = numbers.map((trace) =>
    span(trace, 1, {
      service: `service ${trace % 5}`,
      attributes: [
        attribute('http.route', `/item/${trace % 7}`),
        ...(trace === 77 ? [attribute('rare', 'thing')] : []),
        ...Array.from({ length: 30 }, (_, key) =>
          attribute(`filler.${key}`, `${'x'.repeat(40)} ${trace}`),
        ),
      ],
    }),
  )
  await world.flush(world.envelope(spans))
  if (state === 'compacted') await compact(world)
  return world
}

test.each(['fresh', 'compacted'])('lists of tags read no span, %s', async (state) => {
  const world = await wide(state)
  const cache = readCache()
  const list = async () => {
    world.forget()
    const scopes = ['resource', 'span', 'instrumentation'] as const
    return listTags('acme', { scopes }, world.runtime, cache)
  }
  const { value, cost } = await list()
  expect(value[1]?.keys).toHaveLength(32)
  expect(value[1]?.keys.at(-1)).toBe('rare')
  expect(cost).toMatchObject({ groupsRead: 0, filesOpened: state === 'fresh' ? 1 : 0 })
  // What was read does not change; only a fresh file that came since would be read. So with events and links.
  const all = () => listTags('acme', {}, world.runtime, cache)
  await all()
  expect((await all()).cost).toMatchObject({ gets: 0, groupsRead: 0 })
  expect((await list()).cost).toMatchObject({ gets: 0, bytesRead: 0 })
})

test.each(['fresh', 'compacted'])('values are read from their column alone, %s', async (state) => {
  const world = await wide(state)
  const cache = readCache()
  const ask = async (tag: string, options: TagValuesOptions = {}) => {
    world.forget()
    const field = parseFieldText(tag)
    if (field === undefined) throw new Error('must be a field')
    return tagValues('acme', field, options, world.runtime, cache)
  }
  // Footers come first.
  await ask('name')
  const routes = await ask('span.http.route')
  expect(routes.value).toHaveLength(7)
  expect(routes.cost.gets).toBeLessThanOrEqual(routes.cost.groupsRead)
  expect(routes.cost.bytesRead).toBeLessThan(10_000)
  // A file says the same always.
  expect((await ask('span.http.route')).cost).toMatchObject({ gets: 0, groupsRead: 0 })
  const q = '{ resource.service.name = "service 3" }'
  const filtered = await ask('span.http.route', { q })
  expect(filtered.value).toHaveLength(7)
  expect(filtered.cost.bytesRead).toBeLessThan(50_000)
  expect((await ask('span.http.route', { q: '{ span.none = 1 }' })).cost.groupsRead).toBe(0)
  expect((await ask('span.gone')).cost.groupsRead).toBe(0)
})
