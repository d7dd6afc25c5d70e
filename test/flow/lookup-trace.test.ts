import { expect, test } from 'vitest'
import { compactStep } from '../../src/compact/compact.ts'
import { freshListingsMax, tailGuessBytes } from '../../src/limits.ts'
import { lookupTrace } from '../../src/lookup/lookup-trace.ts'
import type { ObjectStore } from '../../src/ports/object-store.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { Span } from '../../src/span/span.ts'
import { lookupWorld, nowNs, traceId } from '../helpers/lookup-world.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'

const seconds = 1_000_000_000n

function span(trace: number, id: number, fields: Partial<Span> & { service?: string } = {}): Span {
  const startNs = nowNs + BigInt(id)
  const own = { traceId: traceId(trace), spanId: spanId(id), name: `op ${id}`, startNs }
  return someSpan({ service: 'cart', endNs: startNs + seconds, ...own, ...fields })
}

const names = (spans: readonly Span[]) => spans.map(({ name }) => name)

test('a trace over three files comes back whole, in order, and a cold lookup costs one tail a file and one read a row group', async () => {
  const world = lookupWorld()
  await world.flush(world.envelope([span(1, 5), span(1, 2), span(2, 1)]))
  await world.flush(world.envelope([span(3, 1)]))
  await world.flush(world.envelope([span(1, 4), span(1, 3)]))
  await world.flush(world.envelope([span(1, 1)]))
  const cache = readCache()
  world.forget()

  const cold = await lookupTrace('acme', traceId(1), world.runtime, cache)
  expect(names(cold.spans)).toEqual(['op 1', 'op 2', 'op 3', 'op 4', 'op 5'])
  expect(cold.complete).toBe(true)
  expect(cold.readFrom.map(({ rows }) => rows).sort()).toEqual([1, 2, 2])
  expect(world.asked.gets.toSorted()).toEqual([
    'rows',
    'rows',
    'rows',
    'tail',
    'tail',
    'tail',
    'tail',
  ])
  expect(cold.cost).toEqual({
    gets: 7,
    lists: 2,
    bytesRead: world.asked.bytes,
    filesConsidered: 4,
    filesRead: 3,
  })

  world.forget()
  const warm = await lookupTrace('acme', traceId(1), world.runtime, cache)
  expect(warm.spans).toEqual(cold.spans)
  expect(world.asked).toMatchObject({ gets: ['rows', 'rows', 'rows'], lists: 2 })
  expect(warm.cost).toMatchObject({ gets: 3, lists: 2, filesConsidered: 4, filesRead: 3 })
})

test('a trace nobody sent, and a tenant nobody is, cost no row reads and are complete', async () => {
  const world = lookupWorld()
  await world.flush(world.envelope([span(1, 1)]))
  const cache = readCache()
  expect(await lookupTrace('acme', traceId(9), world.runtime, cache)).toMatchObject({
    spans: [],
    complete: true,
    reasons: [],
    cost: { gets: 1, filesConsidered: 1, filesRead: 0 },
  })
  expect(await lookupTrace('other', traceId(1), world.runtime, cache)).toMatchObject({
    spans: [],
    complete: true,
    cost: { gets: 0, lists: 2, filesConsidered: 0 },
  })
})

test('every field of a span survives the way from the wire to the answer', async () => {
  const world = lookupWorld()
  const all = span(1, 1, {
    parentSpanId: spanId(7),
    traceState: 'a=b',
    kind: 3,
    statusCode: 2,
    statusMessage: 'card declined',
    flags: 0x301,
    attributes: [
      { key: 'big', value: { kind: 'int', value: -(2n ** 63n) } },
      {
        key: 'list',
        value: { kind: 'array', values: [{ kind: 'bytes', value: Uint8Array.of(0, 255) }] },
      },
    ],
    droppedAttributesCount: 3,
    events: [
      {
        timeNs: nowNs,
        name: 'exception',
        attributes: [{ key: 'k', value: { kind: 'bool', value: true } }],
        droppedAttributesCount: 1,
      },
    ],
    droppedEventsCount: 4,
    links: [
      {
        traceId: traceId(2),
        spanId: spanId(2),
        traceState: 'c=d',
        flags: 1,
        attributes: [],
        droppedAttributesCount: 2,
      },
    ],
    droppedLinksCount: 5,
    scope: {
      name: 'lib',
      version: '1',
      attributes: [{ key: 's', value: { kind: 'double', value: 0.5 } }],
      droppedAttributesCount: 6,
      schemaUrl: 'https://a',
    },
  })
  await world.flush(world.envelope([all]))
  const { spans } = await lookupTrace('acme', traceId(1), world.runtime, readCache())
  expect(spans).toHaveLength(1)
  const byKey = (attributes: Span['attributes']) =>
    attributes.toSorted((a, b) => (a.key < b.key ? -1 : 1))
  expect({ ...spans[0]!, attributes: byKey(spans[0]!.attributes) }).toEqual(all)
})

test('spans that came twice appear once: redelivered whole, in another composition, cut, and sent again in another body', async () => {
  const world = lookupWorld()
  const first = world.envelope([span(1, 1), span(1, 2), span(1, 3)])
  const second = world.envelope([span(1, 4)])
  await world.flush(first)
  await world.flush(first, second)
  await world.flush([first, 1, 3])
  await world.flush(world.envelope([span(1, 3), span(1, 5)]))
  const { spans, readFrom } = await lookupTrace('acme', traceId(1), world.runtime, readCache())
  expect(names(spans)).toEqual(['op 1', 'op 2', 'op 3', 'op 4', 'op 5'])
  expect(readFrom.map(({ rows }) => rows).sort()).toEqual([2, 2, 3, 4])
})

test('spans that merely share an id are all kept', async () => {
  const world = lookupWorld()
  const shared = [
    span(1, 1),
    span(1, 1, { kind: 3 }),
    span(1, 1, { name: 'another' }),
    span(1, 1, { startNs: nowNs + 99n }),
  ]
  await world.flush(world.envelope(shared))
  const { spans } = await lookupTrace('acme', traceId(1), world.runtime, readCache())
  expect(spans).toHaveLength(4)
})

test('a file that breaks after it was listed makes the answer partial and is named; the rest is there', async () => {
  const world = lookupWorld()
  const good = await world.flush(world.envelope([span(1, 1)]))
  const bad = await world.flush(world.envelope([span(1, 2)]))
  const body = (await world.store.get(bad))!.body
  body.fill(0xff, 4, 200)
  await world.store.put(bad, body, { kind: 'overwrite' })
  const answer = await lookupTrace('acme', traceId(1), world.runtime, readCache())
  expect(names(answer.spans)).toEqual(['op 1'])
  expect(answer.complete).toBe(false)
  expect(answer.reasons).toHaveLength(1)
  expect(answer.reasons[0]).toContain(bad)
  expect(answer.readFrom).toContainEqual({ key: good, rows: 1 })
})

test('a file whose end is broken leaves every answer of the tenant partial: nobody knows what it holds', async () => {
  const world = lookupWorld()
  await world.flush(world.envelope([span(1, 1)]))
  const bad = await world.flush(world.envelope([span(2, 2)]))
  const body = (await world.store.get(bad))!.body
  await world.store.put(bad, body.subarray(0, body.length - 40), { kind: 'overwrite' })
  const answer = await lookupTrace('acme', traceId(1), world.runtime, readCache())
  expect(names(answer.spans)).toEqual(['op 1'])
  expect(answer.reasons).toEqual([expect.stringContaining(bad)])
  expect(answer.cost.filesConsidered).toBe(2)
})

test("a file copied from another tenant's prefix shows nothing", async () => {
  const world = lookupWorld()
  const key = await world.flush(world.envelope([span(1, 1)]))
  const stolen = key.replace('acme/', 'eve/')
  await world.store.put(stolen, (await world.store.get(key))!.body, { kind: 'create' })
  const answer = await lookupTrace('eve', traceId(1), world.runtime, readCache())
  expect(answer.spans).toEqual([])
  expect(answer.reasons).toEqual([`fresh file must be of tenant eve, ${stolen}`])
})

test('a file that vanishes between listing and read starts the lookup again, and what replaced it is found', async () => {
  for (const vanishOn of ['tail', 'rows']) {
    const world = lookupWorld()
    const old = await world.flush(world.envelope([span(1, 1)]))
    const moved = world.envelope([span(1, 1), span(1, 2)])
    let gone = false
    const store = {
      ...world.store,
      async get(key: string, range?: Parameters<typeof world.store.get>[1]) {
        const kind = range && 'suffix' in range ? 'tail' : 'rows'
        if (key === old && kind === vanishOn && !gone) {
          gone = true
          await world.store.delete([old])
          await world.flush(moved)
        }
        return world.store.get(key, range)
      },
    }
    const answer = await lookupTrace('acme', traceId(1), { ...world.runtime, store }, readCache())
    expect(names(answer.spans)).toEqual(['op 1', 'op 2'])
    expect(answer).toMatchObject({ complete: true, cost: { lists: 4 } })
  }
})

test(`files that never hold still are unavailable after ${freshListingsMax} listings, not absent`, async () => {
  const world = lookupWorld()
  await world.flush(world.envelope([span(1, 1)]))
  let moved = 0
  const store: ObjectStore = {
    ...world.store,
    async get(key, range) {
      if (key.includes('/index/')) return world.store.get(key, range)
      await world.flush(world.envelope([span(2, ++moved)]))
      await compactStep('acme', world.runtime, readCache(), { now: true })
      return undefined
    },
  }
  const lookup = lookupTrace('acme', traceId(1), { ...world.runtime, store }, readCache())
  await expect(lookup).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining('acme/spans/'),
  })
  expect(moved).toBe(freshListingsMax)
})

test('an object that is lost is looked for anew, then said to be missing, and from then on at once', async () => {
  const world = lookupWorld()
  const lost = await world.flush(world.envelope([span(1, 1)]))
  const kept = await world.flush(world.envelope([span(1, 2)]))
  const store: ObjectStore = {
    ...world.store,
    get: async (key, range) => (key === lost ? undefined : world.store.get(key, range)),
  }
  const cache = readCache()
  for (const listings of [freshListingsMax, 1]) {
    world.forget()
    const answer = await lookupTrace('acme', traceId(1), { ...world.runtime, store }, cache)
    expect(names(answer.spans)).toEqual(['op 2'])
    expect(answer.complete).toBe(false)
    expect(answer.reasons.join()).toContain(`missing is ${lost}`)
    expect(answer.reasons.join()).not.toContain(kept)
    expect(world.asked.lists).toBe(2 * listings)
  }
})

test('a trace of exactly the bound is complete; one row more is left out and said', async () => {
  const world = lookupWorld({ traceSpansMax: 4 })
  await world.flush(world.envelope([span(1, 1), span(1, 2), span(2, 1), span(2, 2), span(2, 3)]))
  await world.flush(world.envelope([span(1, 3), span(1, 4), span(2, 4), span(2, 5)]))
  const cache = readCache()
  const exact = await lookupTrace('acme', traceId(1), world.runtime, cache)
  expect(exact).toMatchObject({ complete: true, rowsLeftOut: 0 })
  expect(exact.spans).toHaveLength(4)
  const over = await lookupTrace('acme', traceId(2), world.runtime, cache)
  expect(over.spans).toHaveLength(4)
  expect(over).toMatchObject({
    complete: false,
    rowsLeftOut: 1,
    reasons: ['trace is larger than an answer may be, 1 rows left out'],
  })
})

test('a tail larger than the first guess takes two reads, once', async () => {
  const world = lookupWorld()
  // Ids that zstd cannot shorten, one trace a span: summaries grow beyond the guess.
  const random = world.runtime.random
  const many = Array.from({ length: 8_000 }, (_, i) =>
    span(i, i, { traceId: random.bytes(16), name: 'n', startNs: nowNs }),
  )
  const wanted = many[4_321]!
  const key = await world.flush(world.envelope(many))
  expect((await world.store.get(key))!.bytes).toBeGreaterThan(2 * tailGuessBytes)
  world.forget()
  const cache = readCache()
  const answer = await lookupTrace('acme', wanted.traceId, world.runtime, cache)
  expect(answer.spans).toHaveLength(1)
  expect(world.asked.gets).toEqual(['tail', 'tail', 'rows'])
  world.forget()
  await lookupTrace('acme', wanted.traceId, world.runtime, cache)
  expect(world.asked.gets).toEqual(['rows'])
})

test('what a lookup did is counted, also when it fails', async () => {
  const world = lookupWorld()
  await world.flush(world.envelope([span(1, 1)]))
  const counted: unknown[] = []
  const meter = {
    count: (name: string, value: number, labels?: object) =>
      void counted.push([name, value, labels]),
    observe() {},
    gauge() {},
  }
  const runtime = { ...world.runtime, meter }
  await lookupTrace('acme', traceId(1), runtime, readCache())
  expect(counted).toContainEqual(['spanlake_lookups_total', 1, { result: 'found' }])
  expect(counted).toContainEqual(['spanlake_lookup_gets_total', 2, undefined])
  const store = { ...world.store, get: async () => Promise.reject(new Error('no network')) }
  await expect(lookupTrace('acme', traceId(1), { ...runtime, store }, readCache())).rejects.toThrow(
    'no network',
  )
  expect(counted).toContainEqual(['spanlake_lookups_total', 1, { result: 'failed' }])
})
