import { expect, test } from 'vitest'
import { type SearchOptions, searchTraces } from '../../query/search/search-traces.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { expire } from '../../src/compact/expire.ts'
import { type ReadCache, readCache } from '../../src/snapshot/read-cache.ts'
import type { AnyValue, KeyValue, Span } from '../../src/span/span.ts'
import { type LookupWorld, lookupWorld, nowMs, nowNs, traceId } from '../helpers/lookup-world.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'
import { stagesOf } from '../helpers/traceql-stages.ts'

const secondNs = 1_000_000_000n

/** Trace n starts n seconds ago. */
function span(trace: number, id: number, fields: Partial<Span> = {}): Span {
  const startNs = nowNs - BigInt(trace) * secondNs + BigInt(id)
  const own = {
    traceId: traceId(trace),
    spanId: spanId(trace * 100 + id),
    name: `op ${id}`,
    startNs,
  }
  return someSpan({ service: 'cart', endNs: startNs + 5_000_000n, ...own, ...fields })
}

const attribute = (key: string, value: string | bigint): KeyValue => ({
  key,
  value: (typeof value === 'string'
    ? { kind: 'string', value }
    : { kind: 'int', value }) as AnyValue,
})

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, place) => from + place)

async function compact(world: LookupWorld): Promise<void> {
  for (let step = 0; step < 50; step++) {
    const { kind } = await compactStep('acme', world.runtime, readCache(), { now: true })
    if (kind === 'nothing') return
  }
}

/** What a search finds, by the numbers of the traces, and what it cost. */
async function search(
  world: LookupWorld,
  query: string,
  options: Partial<SearchOptions> & { readonly cache?: ReadCache } = {},
) {
  const { cache = readCache(), ...rest } = options
  world.forget()
  const { traces, cost, reasons } = await searchTraces(
    'acme',
    { stages: stagesOf(query), limit: 20, spansPerSet: 3, ...rest },
    world.runtime,
    cache,
  )
  expect(reasons).toEqual([])
  expect(cost).toMatchObject({ gets: world.asked.gets.length, bytesRead: world.asked.bytes })
  return { cost, found: traces.map((trace) => Number.parseInt(trace.traceId.slice(24), 16)) }
}

test('files older than what is found are not opened', async () => {
  const world = lookupWorld()
  for (const file of numbers(0, 14)) await world.flush(world.envelope([span(10 + file * 10, 1)]))
  const newest = await search(world, '{}', { limit: 2 })
  expect(newest).toMatchObject({
    found: [10, 20],
    cost: { filesConsidered: 14, filesRead: 6, tracesRead: 6 },
  })
  const all = await search(world, '{}')
  expect(all.found).toEqual(numbers(1, 15).map((ten) => ten * 10))
  expect(all.cost).toMatchObject({ filesRead: 14, groupsRead: 14, spansScanned: 14 })
})

test('a newer trace that begins in an older file has its place by its true start', async () => {
  const world = lookupWorld()
  const early = { startNs: nowNs - 500n * secondNs, endNs: nowNs - 499n * secondNs }
  await world.flush(world.envelope([span(1, 1), span(2, 1)]))
  for (const file of numbers(0, 8)) await world.flush(world.envelope([span(10 + file, 1)]))
  await world.flush(world.envelope([span(1, 2, early)]))
  expect((await search(world, '{}', { limit: 2 })).found).toEqual([2, 10])
  // The first files fill the list; what is in the others is newer than the trace that begins early.
  expect((await search(world, '{}', { limit: 7 })).found).toEqual([2, ...numbers(10, 16)])
  const matching = await search(world, '{ name = "op 2" }', { limit: 1 })
  expect(matching.found).toEqual([1])
})

test('parts that are not found alone are found together, wherever they lie', async () => {
  const world = lookupWorld()
  await world.flush(world.envelope([span(1, 1), span(1, 2), span(2, 1), span(2, 2)]))
  await compact(world)
  for (const file of numbers(3, 11)) await world.flush(world.envelope([span(file, 1)]))
  await world.flush(
    world.envelope([span(1, 3, { startNs: nowNs - 900n * secondNs, endNs: nowNs })]),
  )
  expect((await search(world, '{} | count() > 2')).found).toEqual([1])
  expect((await search(world, '{ name = "op 1" } && { name = "op 3" }')).found).toEqual([1])
  expect((await search(world, '{ name = "op 1" } > { name = "op 2" }')).found).toEqual([])
})

test('an envelope that comes twice counts once, fresh, compacted and between', async () => {
  const world = lookupWorld()
  const envelope = world.envelope([span(1, 1), span(1, 2)])
  const found = async () => [
    (await search(world, '{} | count() = 2')).found,
    (await search(world, '{} | count() > 2')).found,
  ]
  await world.flush(envelope)
  await world.flush(envelope, world.envelope([span(2, 1)]))
  expect(await found()).toEqual([[1], []])
  await compact(world)
  expect(await found()).toEqual([[1], []])
  await world.flush(envelope, world.envelope([span(3, 1)]))
  expect(await found()).toEqual([[1], []])
})

test('copies in one file count once, and hide nothing', async () => {
  const world = lookupWorld()
  const spans = [span(1, 1), span(1, 2)]
  await world.flush(world.envelope(spans), world.envelope([...spans, span(2, 1)]))
  expect((await search(world, '{} | count() = 2')).found).toEqual([1])
  expect((await search(world, '{} | count() > 2')).found).toEqual([])
  expect((await search(world, '{} | count() < 2')).found).toEqual([2])
})

test('what is expired is not found, also where its file is not', async () => {
  const world = lookupWorld()
  const earlierMs = nowMs - 90 * 60_000
  await world.flush(world.envelope([span(4, 1)], earlierMs))
  const old = world.envelope([span(1, 1), span(2, 1)], earlierMs)
  await world.flush(old, world.envelope([span(1, 2), span(3, 1)]))
  expect((await search(world, '{}')).found).toEqual([1, 2, 3, 4])
  await expire('acme', 3_600_000, world.runtime, readCache())
  expect((await search(world, '{}')).found).toEqual([1, 3])
  expect((await search(world, '{} | count() < 2')).found).toEqual([1, 3])
  expect((await search(world, '{ name = "op 1" }')).found).toEqual([3])
})

test('of copies in different bodies that one counts which a lookup shows', async () => {
  const world = lookupWorld()
  const [early, late] = [1n, 9n].map((ms) => span(1, 1, { endNs: nowNs + ms * 1_000_000n }))
  await world.flush(world.envelope([early as Span]))
  await world.flush(world.envelope([late as Span]))
  expect((await search(world, '{ duration > 1005ms }')).found).toEqual([1])
  expect((await search(world, '{ duration < 1005ms }')).found).toEqual([])
})

/** Many spans of one file: values of every kind, a case twin, a key too rare for a column. */
async function wide(rows = 3_000): Promise<LookupWorld> {
  const world = lookupWorld()
  const spans = numbers(1, rows + 1).map((trace) =>
    span(trace, 1, {
      attributes: [
        attribute('http.route', `/item/${trace % 7}`),
        attribute('request.id', `id-${trace * 17}`),
        attribute('n', BigInt(trace)),
        ...(trace % 3 === 0 ? [attribute('Http.Route', '/twin')] : []),
        ...(trace === 77 ? [attribute('rare', 'thing'), attribute('rare.n', 5n)] : []),
        ...numbers(0, 30).map((key) => attribute(`filler.${key}`, `${'x'.repeat(40)} ${trace}`)),
      ],
    }),
  )
  for (const from of [0, rows / 2]) {
    await world.flush(world.envelope(spans.slice(from, from + rows / 2)))
  }
  return world
}

/** Nobody changes them. */
const wideWorlds = {
  fresh: once(wide),
  compacted: once(async () => {
    const world = await wide()
    await compact(world)
    return world
  }),
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

test.each(['fresh', 'compacted'] as const)(
  'only what the query names is read, %s',
  async (state) => {
    const world = await wideWorlds[state]()
    const cache = readCache()
    const whole = await search(world, '{ span.n = 500 }', { cache })
    expect(whole.found).toEqual([500])
    const again = await search(world, '{ span.n = 500 }', { cache })
    expect(again.cost.bytesRead).toBeLessThan(whole.cost.bytesRead)
    expect(again.cost.gets).toBeLessThan(whole.cost.gets)
    // Beside the one trace that is read whole: ids, starts and one column.
    const scanned = await search(world, '{ span.n = 500 && name = "none" }', { cache })
    expect(scanned).toMatchObject({ found: [], cost: { groupsRead: 0, tracesRead: 0 } })
    const one = await search(world, '{ span.n + 1 = 0 }', { cache })
    expect(one.found).toEqual([])
    expect(one.cost.spansScanned).toBe(3_000)
    expect(one.cost.bytesRead).toBeLessThan(150_000)
    // What was read is remembered; the search before held the list of fresh files for a moment.
    const remembered = await search(world, '{ span.n + 1 = 0 }', { cache })
    expect(remembered.cost).toMatchObject({ gets: 0, bytesRead: 0, spansScanned: 3_000 })
  },
)

test('where few row groups have what is asked for, ids and starts are read of those alone', async () => {
  const world = lookupWorld()
  for (const file of numbers(0, 40)) {
    const spans = numbers(0, 200).map((i) => {
      const isRare = file === 39 && i === 7
      const attributes = [attribute('item', isRare ? 'needle' : `hay ${i}`)]
      return span(file * 200 + i + 1, 1, { attributes })
    })
    await world.flush(world.envelope(spans))
  }
  const knowing = async () => {
    const cache = readCache()
    await search(world, '{ span.item = "none" }', { cache })
    return { cache, limit: 1 }
  }
  const rare = await search(world, '{ span.item =~ "n.*" }', await knowing())
  expect(rare).toMatchObject({ found: [39 * 200 + 8], cost: { groupsRead: 40 } })
  // Everything has it, and no trace has it twice: all are scanned to know that.
  const pattern = '{ span.item =~ "h.*|n.*" }'
  const frequent = await search(world, `${pattern} | count() > 1`, await knowing())
  expect(frequent).toMatchObject({ found: [], cost: { groupsRead: 40 } })
  const idsAndStartsBytes = 1_000
  expect(rare.cost.bytesRead).toBeLessThan(frequent.cost.bytesRead - 30 * idsAndStartsBytes)
})

test.each(['fresh', 'compacted'] as const)(
  'what cannot be there is not looked for, %s',
  async (state) => {
    const world = await wideWorlds[state]()
    const cache = readCache()
    await search(world, '{ span.n = 500 }', { cache })
    const cost = async (query: string) => (await search(world, query, { cache })).cost
    const nothing = { groupsRead: 0, spansScanned: 0, tracesRead: 0 }
    expect(await cost('{ span.gone = 1 }')).toMatchObject(nothing)
    expect(await cost('{ span.n = "500" }')).toMatchObject(nothing)
    expect(await cost('{ resource.n = 500 }')).toMatchObject(nothing)
    expect(await cost('{ span.HTTP.ROUTE = "/twin" }')).toMatchObject(nothing)
    expect(await cost('{ span.n > 100000 }')).toMatchObject(nothing)
    expect(await cost('{ duration > 1h }')).toMatchObject(nothing)
    expect(await cost('{ kind = producer }')).toMatchObject(nothing)
    expect(await cost('{ span.http.route = "/none" }')).toMatchObject(nothing)
    // Between the least and the greatest: only the filter tells, where a group has values enough for one.
    expect((await cost('{ span.request.id = "id-5000" }')).spansScanned).toBeLessThan(1_000)
  },
)

test.each(['fresh', 'compacted'] as const)(
  'case twins and rare keys are told apart, %s',
  async (state) => {
    const world = await wideWorlds[state]()
    const find = async (query: string) => (await search(world, query, { limit: 2 })).found
    expect(await find('{ span.Http.Route = "/twin" }')).toEqual([3, 6])
    expect(await find('{ span.http.route = "/twin" }')).toEqual([])
    expect(await find('{ span.Http.Route = nil && span.http.route = "/item/3" }')).toEqual([10, 17])
    expect(await find('{ span.rare = "thing" }')).toEqual([77])
    expect(await find('{ span.rare.n = 5 }')).toEqual([77])
    expect(await find('{ span.rare.n = "5" }')).toEqual([])
    expect(await find('{ span.request.id = "id-34" }')).toEqual([2])
    expect(await find('{ .service.name = "cart" && span.n > 2990 }')).toEqual([2991, 2992])
  },
)

test('spans outside of the range are not found, and tell of their trace all the same', async () => {
  const world = lookupWorld()
  const startNs = nowNs - 100n * secondNs
  await world.flush(world.envelope([span(1, 1, { startNs, name: 'root' })]))
  await world.flush(world.envelope([span(1, 2, { parentSpanId: spanId(101) })]))
  const range = { fromNs: nowNs - 10n * secondNs, toNs: nowNs }
  expect((await search(world, '{ name = "root" }', { range })).found).toEqual([])
  expect((await search(world, '{ rootName = "root" }', { range })).found).toEqual([1])
  expect((await search(world, '{ nestedSetParent > 0 }', { range })).found).toEqual([1])
  expect((await search(world, '{} | count() = 1', { range })).found).toEqual([1])
})

test('a search that the client has given up ends', async () => {
  const world = lookupWorld()
  await world.flush(world.envelope([span(1, 1)]))
  const signal = AbortSignal.abort()
  await expect(search(world, '{}', { signal })).rejects.toThrow('cancelled')
})

test('a trace found again and again is looked at once', async () => {
  const world = lookupWorld()
  for (const id of numbers(1, 15)) await world.flush(world.envelope([span(1, id)]))
  const { found, cost } = await search(world, '{}')
  expect(found).toEqual([1])
  expect(cost.tracesRead).toBe(1)
})
