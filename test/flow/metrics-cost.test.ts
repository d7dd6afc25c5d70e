import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { type MetricsOptions, queryMetrics } from '../../query/metrics/query-metrics.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { expire } from '../../src/compact/expire.ts'
import { spanPrefix } from '../../src/layout/keys.ts'
import { listAll } from '../../src/ports/object-store.ts'
import { type ReadCache, readCache } from '../../src/snapshot/read-cache.ts'
import type { KeyValue, Span } from '../../src/span/span.ts'
import { type LookupWorld, lookupWorld, nowMs, nowNs, traceId } from '../helpers/lookup-world.ts'
import { metricsQueryOf, shownSeries } from '../helpers/metrics-query.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'

const secondNs = 1_000_000_000n
const hourNs = 3_600n * secondNs

function span(number: number, startNs: bigint, fields: Partial<Span> = {}): Span {
  const own = { traceId: traceId(number), spanId: spanId(number), name: `op ${number % 3}` }
  const service = number % 2 === 0 ? 'cart' : 'front'
  return someSpan({ ...own, service, startNs, endNs: startNs + 5_000_000n, ...fields })
}

const text = (key: string, value: string): KeyValue => ({ key, value: { kind: 'string', value } })

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, place) => from + place)

async function compact(world: LookupWorld): Promise<void> {
  for (let step = 0; step < 50; step++) {
    const { kind } = await compactStep('acme', world.runtime, readCache(), { now: true })
    if (kind === 'nothing') return
  }
}

interface Asked extends Partial<Omit<MetricsOptions, 'query'>> {
  readonly cache?: ReadCache
}

/** By default one number over the last two hours. */
async function ask(world: LookupWorld, query: string, asked: Asked = {}) {
  const { cache = readCache(), ...rest } = asked
  world.forget()
  const range = { startNs: nowNs - 2n * hourNs, endNs: nowNs, stepNs: 0n, isInstant: true }
  const options = { query: metricsQueryOf(query), range, exemplars: 0, ...rest }
  const answer = await queryMetrics('acme', options, world.runtime, cache)
  const { gets, bytes } = world.asked
  expect(answer.cost).toMatchObject({ gets: gets.length, bytesRead: bytes })
  return { ...answer, shown: shownSeries(answer.series) }
}

/** An hour that compaction has cut into slices, of spans that are large; one a fifth of a second. */
async function fullHour(): Promise<{ world: LookupWorld; endNs: bigint; bytes: number }> {
  const world = lookupWorld()
  const beginNs = ((nowNs - hourNs) / hourNs) * hourNs
  for (const part of numbers(0, 6)) {
    const spans = numbers(part * 3_000 + 1, part * 3_000 + 3_001).map((number) =>
      span(number, beginNs + (BigInt(number - 1) * secondNs) / 5n, {
        attributes: [text('noise', randomBytes(1_000).toString('base64'))],
      }),
    )
    await world.flush(world.envelope(spans))
  }
  await compact(world)
  let bytes = 0
  for await (const entry of listAll(world.store, spanPrefix('acme'))) bytes += entry.bytes
  return { world, endNs: beginNs + hourNs - 1n, bytes }
}

test('the last five minutes of an hour are read from the row groups that hold them', async () => {
  const { world, endNs, bytes } = await fullHour()
  const fiveMinutes = {
    startNs: endNs - 300n * secondNs,
    endNs,
    stepNs: 15n * secondNs,
    isInstant: false,
  }
  const query = '{ } | count_over_time() by (resource.service.name)'
  const { shown, cost, series, reasons } = await ask(world, query, { range: fiveMinutes })
  expect(reasons).toEqual([])
  expect(shown).toHaveLength(2)
  // Five a second, from the step that the range begins in.
  const counted = series.reduce((sum, { values }) => sum + values.reduce((a, b) => a + b, 0), 0)
  expect(counted).toBeGreaterThanOrEqual(1_500)
  expect(counted).toBeLessThan(1_600)
  expect(cost.filesConsidered).toBeGreaterThan(2)
  expect(cost.filesRead).toBe(1)
  expect(cost.bytesRead).toBeLessThan(bytes * 0.05)
  const hour = { ...fiveMinutes, startNs: endNs - hourNs + 1n, isInstant: true }
  const whole = await ask(world, query, { range: hour })
  expect(whole.shown).toEqual([
    'resource.service.name=cart: 9000',
    'resource.service.name=front: 9000',
  ])
  // Ids and noise are not read, nor starts where a row group lies in one step.
  expect(whole.cost.bytesRead).toBeLessThan(bytes * 0.1)
}, 60_000)

test('what cannot count is not read', async () => {
  const world = lookupWorld()
  for (const file of numbers(1, 5)) {
    await world.flush(world.envelope([span(file, nowNs - BigInt(file - 1) * secondNs)]))
  }
  await world.flush(
    world.envelope([
      span(9, nowNs, { attributes: [{ key: 'n', value: { kind: 'int', value: 7n } }] }),
    ]),
  )
  const cache = readCache()
  await ask(world, '{ } | rate()', { cache })
  const sum = await ask(world, '{ } | sum_over_time(span.n)', { cache })
  expect(sum.shown).toEqual(['__name__=sum_over_time: 7'])
  expect(sum.cost).toMatchObject({ filesConsidered: 5, groupsRead: 1, spansScanned: 1 })
  const absent = await ask(world, '{ span.gone = 1 } | rate()', { cache })
  expect(absent.cost).toMatchObject({ groupsRead: 0, spansScanned: 0, gets: 0 })
  const range = { startNs: nowNs - 1n, endNs: nowNs, stepNs: 0n, isInstant: true }
  const recent = await ask(world, '{ } | count_over_time()', { cache, range })
  expect(recent.shown).toEqual(['__name__=count_over_time: 2'])
  // Footers tell how many there are.
  expect(recent.cost).toMatchObject({ groupsRead: 2, gets: 0 })
})

test('an envelope that comes twice counts once, fresh, compacted and between', async () => {
  const world = lookupWorld()
  const envelope = world.envelope([span(1, nowNs), span(2, nowNs)])
  const counts = async () => [
    ...(await ask(world, '{ } | count_over_time()')).shown,
    ...(await ask(world, '{ } | count() > 0 | count_over_time()')).shown,
  ]
  await world.flush(envelope)
  await world.flush(envelope, world.envelope([span(3, nowNs)]))
  const three = ['__name__=count_over_time: 3', '__name__=count_over_time: 3']
  expect(await counts()).toEqual(three)
  await compact(world)
  expect(await counts()).toEqual(three)
  await world.flush(envelope, world.envelope([span(4, nowNs)]))
  const four = three.map((line) => line.replace('3', '4'))
  expect(await counts()).toEqual(four)
})

test('what is expired does not count, also where its file is not', async () => {
  const world = lookupWorld()
  const earlierMs = nowMs - 90 * 60_000
  const old = world.envelope([span(1, nowNs), span(2, nowNs)], earlierMs)
  await world.flush(world.envelope([span(4, nowNs)], earlierMs))
  await world.flush(old, world.envelope([span(3, nowNs)]))
  const count = async (query: string) => (await ask(world, query)).shown
  expect(await count('{ } | count_over_time()')).toEqual(['__name__=count_over_time: 4'])
  await expire('acme', 3_600_000, world.runtime, readCache())
  expect(await count('{ } | count_over_time()')).toEqual(['__name__=count_over_time: 1'])
  const ofTraces = '{ } | count() > 0 | count_over_time()'
  expect(await count(ofTraces)).toEqual(['__name__=count_over_time: 1'])
})

test('whole traces: parts that lie in several files are counted as one trace', async () => {
  const world = lookupWorld()
  const parent = span(1, nowNs - 100n * secondNs, { name: 'root' })
  await world.flush(world.envelope([parent, span(2, nowNs)]))
  await compact(world)
  const child = { traceId: traceId(1), spanId: spanId(7), parentSpanId: spanId(1), name: 'child' }
  await world.flush(world.envelope([{ ...span(7, nowNs), ...child }]))
  const query = '{ name = "root" } >> { } | count_over_time() by (name)'
  expect((await ask(world, query)).shown).toEqual(['name=child: 1'])
  // What starts before the range is not found; what it says of its trace counts.
  const range = { startNs: nowNs - secondNs, endNs: nowNs, stepNs: 0n, isInstant: true }
  expect((await ask(world, query, { range })).shown).toEqual([])
  const byRoot = await ask(world, '{ } | count_over_time() by (rootName)', { range })
  expect(byRoot.shown).toEqual(['rootName=op 2: 1', 'rootName=root: 1'])
})

test('exemplars are read for few row groups, and none for who asks for none', async () => {
  const world = lookupWorld()
  for (const file of numbers(1, 41)) {
    await world.flush(world.envelope([span(file, nowNs - BigInt(file - 1) * secondNs)]))
  }
  const cache = readCache()
  const range = {
    startNs: nowNs - 60n * secondNs,
    endNs: nowNs,
    stepNs: secondNs,
    isInstant: false,
  }
  const plain = await ask(world, '{ } | rate()', { cache, range })
  const some = await ask(world, '{ } | rate()', { cache, range, exemplars: 4 })
  expect(some.series[0]?.exemplars).toHaveLength(4)
  expect(some.cost.gets).toBeGreaterThan(0)
  expect(some.cost.gets).toBeLessThanOrEqual(16)
  expect(plain.series[0]?.exemplars).toEqual([])
})

test('a query that the client has given up ends', async () => {
  const world = lookupWorld()
  await world.flush(world.envelope([span(1, nowNs)]))
  const signal = AbortSignal.abort()
  await expect(ask(world, '{ } | rate()', { signal })).rejects.toThrow('cancelled')
})

test('a query that takes too long says what it knows so far', async () => {
  const world = lookupWorld()
  await world.flush(world.envelope([span(1, nowNs)]))
  const { store } = world.runtime
  const slow = {
    ...store,
    get: async (...of: Parameters<typeof store.get>) => {
      world.pass(31_000)
      return store.get(...of)
    },
  }
  const answer = await ask({ ...world, runtime: { ...world.runtime, store: slow } }, '{ } | rate()')
  expect(answer).toMatchObject({ complete: false, reasons: ['metrics ended after 30000 ms'] })
})
