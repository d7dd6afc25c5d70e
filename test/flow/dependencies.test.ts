import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readDependencies } from '../../query/dependencies/read-dependencies.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { expire } from '../../src/compact/expire.ts'
import { flushBatch } from '../../src/flush/flush-batch.ts'
import { dedupeSpans } from '../../src/lookup/dedupe-spans.ts'
import type { TimeRange } from '../../src/prune/condition.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { Span } from '../../src/span/span.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { type LookupWorld, lookupWorld, nowMs, nowNs, traceId } from '../helpers/lookup-world.ts'
import { naiveDependencies } from '../helpers/naive-dependencies.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'

const hourNs = 3_600_000_000_000n
const always: TimeRange = { fromNs: 0n, toNs: 2n ** 63n - 1n }

async function compact(world: LookupWorld): Promise<void> {
  for (let step = 0; step < 50; step++) {
    const { kind } = await compactStep('acme', world.runtime, readCache(), { now: true })
    if (kind === 'nothing') return
  }
}

async function flush(
  world: LookupWorld,
  envelopes: readonly ReturnType<LookupWorld['envelope']>[],
) {
  const parts = envelopes.map((envelope) => ({ envelope, range: undefined }))
  await flushBatch({ tenant: 'acme', parts }, world.runtime)
}

/** What counting all live spans by hand says, those that start in the range. */
function naive(spans: readonly Span[], { fromNs, toNs }: TimeRange) {
  const traces = Map.groupBy(spans, (span) => hexOf(span.traceId)).values()
  const each = [...traces].flatMap(dedupeSpans)
  return naiveDependencies(each.filter(({ startNs }) => startNs >= fromNs && startNs < toNs))
}

const arbitrarySpan = fc
  .record({
    trace: fc.nat(4),
    id: fc.integer({ min: 1, max: 7 }),
    parent: fc.nat(7),
    kind: fc.constantFrom(1, 2, 3),
    name: fc.constantFrom('x', 'y'),
    offset: fc.constantFrom(0n, 1n, 2n),
    agoNs: fc.constantFrom(0n, 0n, hourNs, 5n * hourNs, 30n * hourNs),
  })
  .map(({ trace, id, parent, kind, name, offset, agoNs }) =>
    someSpan({
      // A span's service and parent follow from what makes it one span: copies never contradict each other.
      service: ['a', 'b', 'c', ''][(id + kind) % 4] ?? '',
      traceId: traceId(trace),
      spanId: spanId(id),
      parentSpanId: parent === 0 ? undefined : spanId(((parent + kind) % 7) + 1),
      kind,
      name: `${name}${parent}`,
      startNs: nowNs - agoNs + offset,
      endNs: nowNs - agoNs + offset + 1n,
    }),
  )

const given = fc.record({
  requests: fc.array(fc.array(arbitrarySpan, { minLength: 1, maxLength: 12 }), {
    minLength: 1,
    maxLength: 6,
  }),
  /** Files of requests, the same ones again too; below zero is a compaction. */
  steps: fc.array(fc.array(fc.integer({ min: -1, max: 5 }), { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 6,
  }),
  range: fc.constantFrom(
    always,
    { fromNs: nowNs - 24n * hourNs, toNs: nowNs + hourNs },
    { fromNs: nowNs - 2n * hourNs, toNs: nowNs + 1n },
    { fromNs: nowNs - hourNs + 1n, toNs: nowNs + 2n },
  ),
})

test('calls are those that counting every span by hand finds, wherever they lie and how often they came', async () => {
  await fc.assert(
    fc.asyncProperty(given, async ({ requests, steps, range }) => {
      const world = lookupWorld()
      const cache = readCache()
      const envelopes = requests.map((spans) => world.envelope(spans))
      const sent = new Set<number>()
      const ask = async (asked: TimeRange) => {
        const answer = await readDependencies('acme', asked, undefined, world.runtime, cache)
        expect(answer.reasons).toEqual([])
        return answer.value
      }
      for (const step of steps) {
        const numbers = [...new Set(step.filter((n) => n >= 0 && n < envelopes.length))]
        if (numbers.length > 0)
          await flush(
            world,
            numbers.map((n) => envelopes[n]!),
          )
        for (const n of numbers) sent.add(n)
        if (step.includes(-1)) await compact(world)
        const spans = [...sent].flatMap((n) => requests[n] ?? [])
        // Twice: what was read is remembered.
        expect(await ask(range)).toEqual(naive(spans, range))
        expect(await ask(range)).toEqual(naive(spans, range))
        expect(await ask(always)).toEqual(naive(spans, always))
      }
    }),
    { numRuns: 150 },
  )
}, 120_000)

describe('what an answer says', () => {
  const [server, client] = [2, 3]
  /** A call of `a` to `b`, and from there to `c`, in one trace. */
  const trace = (number: number, startNs = nowNs) =>
    ['a', 'b', 'c'].map((service, i) =>
      someSpan({
        service,
        traceId: traceId(number),
        spanId: spanId(i + 1),
        parentSpanId: i === 0 ? undefined : spanId(i),
        kind: i === 0 ? client : server,
        startNs: startNs + BigInt(i),
        endNs: startNs + 10n,
      }),
    )
  const calls = (count: number) => [
    { parent: 'a', child: 'b', calls: count },
    { parent: 'b', child: 'c', calls: count },
  ]
  const asker = (world: LookupWorld, range = always, signal?: AbortSignal) => {
    const cache = readCache()
    return () => readDependencies('acme', range, signal, world.runtime, cache)
  }

  test('row groups within the range are read once, those at its edges each time', async () => {
    const world = lookupWorld()
    await flush(world, [world.envelope(trace(1))])
    await compact(world)
    await flush(world, [world.envelope(trace(2, nowNs + 5n))])
    const ask = asker(world, { fromNs: nowNs, toNs: nowNs + 7n })
    const [first, second] = [await ask(), await ask()]
    const expected = [
      { parent: 'a', child: 'b', calls: 2 },
      { parent: 'b', child: 'c', calls: 1 },
    ]
    expect([first.value, second.value]).toEqual([expected, expected])
    expect([first.cost.groupsRead, second.cost.groupsRead]).toEqual([2, 1])
    // All of a small file comes with its footer.
    expect(second.cost).toMatchObject({ gets: 1 })
  })

  test('a trace in two files is read again, and those beside it are not', async () => {
    const world = lookupWorld()
    const [one, two, three] = trace(1)
    await flush(world, [world.envelope([one!, three!, ...trace(2)])])
    await flush(world, [world.envelope([two!])])
    await flush(world, [world.envelope(trace(3))])
    const ask = asker(world)
    expect((await ask()).value).toEqual(calls(3))
    expect((await ask()).cost.groupsRead).toBe(2)
  })

  test('spans of an expired request do not count, beside others in their file', async () => {
    const world = lookupWorld()
    const hourMs = 3_600_000
    await flush(world, [world.envelope(trace(3))])
    await compact(world)
    const old = world.envelope(trace(1, nowNs - 5n * hourNs), nowMs - 5 * hourMs)
    await flush(world, [old, world.envelope(trace(2))])
    const ask = asker(world)
    expect((await ask()).value).toEqual(calls(3))
    await expire('acme', 2 * hourMs, world.runtime, readCache())
    expect((await ask()).value).toEqual(calls(2))
  })

  test('a broken file is named, and the others are counted', async () => {
    const world = lookupWorld()
    await flush(world, [world.envelope(trace(1))])
    const [key = ''] = await world.keys()
    await flush(world, [world.envelope(trace(2))])
    const body = (await world.store.get(key))!.body
    await world.store.put(key, body.fill(0xff, 4, 200), { kind: 'overwrite' })
    const { value, reasons } = await asker(world)()
    expect(value).toEqual(calls(1))
    expect(reasons).toEqual([expect.stringContaining(key)])
  })

  test('what takes too long ends, and says so', async () => {
    const world = lookupWorld()
    await flush(world, [world.envelope(trace(1))])
    const { store, clock } = world.runtime
    let waitedMs = 0
    const slow = {
      ...store,
      get: (...asked: Parameters<typeof store.get>) => {
        waitedMs += 30_000
        return store.get(...asked)
      },
    }
    const nowMs = () => clock.nowMs() + waitedMs
    const runtime = { ...world.runtime, store: slow, clock: { ...clock, nowMs } }
    const answer = await readDependencies('acme', always, undefined, runtime, readCache())
    expect(answer).toMatchObject({
      value: [],
      reasons: ['reading dependencies ended after 20000 ms'],
    })
  })

  test('who asks again after that is told more, and in the end all', async () => {
    const world = lookupWorld()
    for (let i = 1; i <= 30; i++) await flush(world, [world.envelope(trace(i, nowNs + BigInt(i)))])
    const { store, clock } = world.runtime
    let waitedMs = 0
    const slow = {
      ...store,
      get: (...asked: Parameters<typeof store.get>) => {
        waitedMs += 1_000
        return store.get(...asked)
      },
    }
    const nowMs = () => clock.nowMs() + waitedMs
    const runtime = { ...world.runtime, store: slow, clock: { ...clock, nowMs } }
    const cache = readCache()
    const ask = () => readDependencies('acme', always, undefined, runtime, cache)
    const told: number[] = []
    for (let asked = 0; asked < 5; asked++) {
      const { value, reasons } = await ask()
      told.push(value[0]?.calls ?? 0)
      if (reasons.length === 0) break
    }
    expect(told.length).toBeGreaterThan(1)
    expect(told).toEqual([...new Set(told)].sort((a, b) => a - b))
    expect(told.at(-1)).toBe(30)
  })

  test('who is gone gets no answer', async () => {
    const world = lookupWorld()
    await flush(world, [world.envelope(trace(1))])
    const asked = asker(world, always, AbortSignal.abort())()
    await expect(asked).rejects.toMatchObject({ kind: 'unavailable' })
  })
})
