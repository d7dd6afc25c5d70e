import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compactStep } from '../../src/compact/compact.ts'
import { type ListTracesOptions, listTraces, type TraceList } from '../../src/lookup/list-traces.ts'
import { listAll } from '../../src/ports/object-store.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { Span } from '../../src/span/span.ts'
import { type LookupWorld, lookupWorld, nowMs, nowNs, traceId } from '../helpers/lookup-world.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'

const second = 1_000_000_000n

/** A span of a trace that starts `at` seconds after the epoch of these tests. */
function span(
  trace: number,
  id: number,
  at: number,
  fields: Partial<Span> & { service?: string } = {},
): Span {
  const startNs = nowNs + BigInt(at) * second
  const own = { traceId: traceId(trace), spanId: spanId(id), name: `op ${id}`, startNs }
  return someSpan({
    service: 'cart',
    parentSpanId: spanId(99),
    endNs: startNs + second,
    ...own,
    ...fields,
  })
}

function list(world: LookupWorld, options: Partial<ListTracesOptions> = {}): Promise<TraceList> {
  return listTraces('acme', { limit: 20, ...options }, world.runtime, readCache())
}

const numbers = ({ traces }: TraceList) =>
  traces.map((trace) => (trace.traceId[14]! << 8) + trace.traceId[15]!)
const counts = ({ traces }: TraceList) => traces.map(({ spans, errors }) => [spans, errors])

test('the newest traces first, merged over files, by tails alone', async () => {
  const world = lookupWorld()
  await world.flush(
    world.envelope([
      span(1, 1, 10, { parentSpanId: undefined, name: 'POST /cart', service: 'web' }),
      span(2, 2, 30, { statusCode: 2 }),
    ]),
  )
  await world.flush(
    world.envelope([span(1, 3, 11, { service: 'redis', statusCode: 2 }), span(3, 4, 20)]),
  )
  await world.flush(world.envelope([span(1, 5, 40, { service: 'cart' })]))
  world.forget()
  const page = await list(world)
  expect(page.traces).toEqual([
    {
      traceId: traceId(2),
      startNs: nowNs + 30n * second,
      endNs: nowNs + 31n * second,
      rootStartNs: undefined,
      rootService: undefined,
      rootName: undefined,
      spans: 1,
      errors: 1,
      services: ['cart'],
    },
    {
      traceId: traceId(3),
      startNs: nowNs + 20n * second,
      endNs: nowNs + 21n * second,
      rootStartNs: undefined,
      rootService: undefined,
      rootName: undefined,
      spans: 1,
      errors: 0,
      services: ['cart'],
    },
    {
      traceId: traceId(1),
      startNs: nowNs + 10n * second,
      endNs: nowNs + 41n * second,
      rootStartNs: nowNs + 10n * second,
      rootService: 'web',
      rootName: 'POST /cart',
      spans: 3,
      errors: 1,
      services: ['cart', 'redis', 'web'],
    },
  ])
  expect(page).toMatchObject({ next: undefined, complete: true, reasons: [] })
  expect(page.cost).toEqual({
    lists: 2,
    gets: 3,
    bytesRead: world.asked.bytes,
    filesConsidered: 3,
    filesRead: 3,
  })
  expect(world.asked.gets).toEqual(['tail', 'tail', 'tail'])
})

test('a page opens only the files it needs', async () => {
  const world = lookupWorld()
  for (let i = 0; i < 30; i++)
    await world.flush(world.envelope([span(2 * i, 1, 10 * i), span(2 * i + 1, 1, 10 * i + 1)]))
  const page = await list(world, { limit: 4 })
  expect(numbers(page)).toEqual([59, 58, 57, 56])
  expect(page.cost).toMatchObject({ filesConsidered: 30, filesRead: 3 })
  const old = await list(world, { limit: 4, toNs: nowNs + 31n * second })
  expect(numbers(old)).toEqual([6, 5, 4, 3])
  expect(old.cost.filesRead).toBeLessThanOrEqual(4)
  const young = await list(world, { limit: 20, fromNs: nowNs + 281n * second })
  expect(numbers(young)).toEqual([59, 58, 57])
  expect(young.cost.filesRead).toBe(2)
})

test('pages follow one another without gap or repeat, equal starts by trace id', async () => {
  const world = lookupWorld()
  await world.flush(world.envelope([span(7, 1, 5), span(3, 2, 5), span(5, 3, 5), span(1, 4, 9)]))
  await world.flush(world.envelope([span(4, 1, 5), span(6, 2, 5), span(2, 3, 1)]))
  const pages: number[][] = []
  let after: string | undefined
  do {
    const page: TraceList = await list(world, { limit: 2, ...(after ? { after } : {}) })
    pages.push(numbers(page))
    after = page.next
  } while (after)
  expect(pages).toEqual([[1, 3], [4, 5], [6, 7], [2]])
})

test('a cursor that is none is refused', async () => {
  const world = lookupWorld()
  for (const after of [
    '',
    '5',
    '5.ab',
    `5.${'g'.repeat(32)}`,
    `5.${'a'.repeat(33)}`,
    '-.'.repeat(200),
  ]) {
    await expect(list(world, { after })).rejects.toMatchObject({ kind: 'invalid' })
  }
})

test('a window takes traces by their first start alone: from is within, to is not', async () => {
  const world = lookupWorld()
  await world.flush(world.envelope([span(1, 1, 10), span(2, 1, 20)]))
  await world.flush(world.envelope([span(1, 2, 30), span(3, 1, 30)]))
  const within = async (from: number, to: number) =>
    numbers(
      await list(world, {
        fromNs: nowNs + BigInt(from) * second,
        toNs: nowNs + BigInt(to) * second,
      }),
    )
  expect(await within(10, 30)).toEqual([2, 1])
  expect(await within(11, 31)).toEqual([3, 2])
  expect(await within(25, 31)).toEqual([3])
  expect(await within(30, 30)).toEqual([])
})

test('an envelope redelivered alone counts once, and costs no read of rows', async () => {
  const world = lookupWorld()
  const envelope = world.envelope([span(1, 1, 1, { statusCode: 2 }), span(1, 2, 2)])
  const other = world.envelope([span(1, 3, 3)])
  const both = await world.flush(envelope, other)
  const alone = await world.flush(envelope)
  world.forget()
  const page = await list(world)
  expect(counts(page)).toEqual([[3, 1]])
  expect(page.complete).toBe(true)
  // Where the larger file comes first by key, the other is wholly covered; else the larger one is read in part.
  expect(world.asked.gets).toEqual(both < alone ? ['tail', 'tail'] : ['tail', 'tail', 'rows'])
})

test('an envelope redelivered in other company counts once: rows of one group are read once for all traces', async () => {
  const world = lookupWorld()
  const shared = world.envelope([
    span(1, 1, 1),
    span(1, 2, 2),
    span(2, 3, 3, { statusCode: 2 }),
    span(3, 9, 4),
  ])
  await world.flush(shared, world.envelope([span(1, 4, 5), span(4, 7, 2)]))
  await world.flush(world.envelope([span(2, 5, 6, { statusCode: 2 }), span(1, 6, 7)]), shared)
  world.forget()
  const page = await list(world)
  expect(numbers(page)).toEqual([3, 2, 4, 1])
  expect(counts(page)).toEqual([
    [1, 0],
    [2, 2],
    [1, 0],
    [4, 0],
  ])
  expect(world.asked.gets.filter((get) => get === 'rows')).toHaveLength(1)
})

test('an envelope cut in pieces counts each piece; cut otherwise on redelivery, spans are told apart', async () => {
  const spans = Array.from({ length: 10 }, (_, i) =>
    span(1, i + 1, i, { statusCode: i % 2 === 0 ? 2 : 0 }),
  )
  const disjoint = lookupWorld()
  const one = disjoint.envelope(spans)
  await disjoint.flush([one, 0, 4])
  await disjoint.flush([one, 4, 10])
  expect(counts(await list(disjoint))).toEqual([[10, 5]])
  expect(disjoint.asked.gets).not.toContain('rows')

  const cuts: readonly (readonly [from: number, to: number])[][] = [
    [
      [0, 4],
      [2, 10],
    ],
    [
      [0, 4],
      [4, 10],
      [0, 10],
    ],
    [
      [0, 6],
      [3, 8],
      [5, 10],
    ],
    [
      [2, 4],
      [2, 4],
      [0, 10],
    ],
  ]
  for (const pieces of cuts) {
    const world = lookupWorld()
    const envelope = world.envelope(spans)
    for (const [i, [from, to]] of pieces.entries()) {
      await world.flush([envelope, from, to], world.envelope([span(2, 50 + i, -1)]))
    }
    expect(counts(await list(world))).toEqual([
      [10, 5],
      [pieces.length, 0],
    ])
  }
})

test('a broken file leaves the list partial, and is named', async () => {
  const world = lookupWorld()
  await world.flush(world.envelope([span(1, 1, 1)]))
  const bad = await world.flush(world.envelope([span(2, 2, 2)]))
  const body = (await world.store.get(bad))!.body
  await world.store.put(bad, body.subarray(0, body.length - 40), { kind: 'overwrite' })
  const page = await list(world)
  expect(numbers(page)).toEqual([1])
  expect(page).toMatchObject({ complete: false, reasons: [expect.stringContaining(bad)] })
})

test('a broken day list leaves the list partial, and is named once', async () => {
  const world = lookupWorld()
  await world.flush(world.envelope([span(1, 1, 1), span(2, 2, 2)]))
  await compactStep('acme', world.runtime, readCache(), { now: true })
  await world.flush(world.envelope([span(3, 3, 3), span(4, 4, 4)]))
  for await (const { key } of listAll(world.store, 'acme/index/here/days/')) {
    const { body } = (await world.store.get(key))!
    await world.store.put(key, body.subarray(0, -1), { kind: 'overwrite' })
  }
  const page = await list(world)
  expect(numbers(page)).toEqual([4, 3])
  expect(page).toMatchObject({ complete: false, reasons: [expect.stringContaining('day list')] })
})

test('a file with the bytes of another leaves the list partial, and is named', async () => {
  const world = lookupWorld()
  const one = await world.flush(world.envelope([span(1, 1, 1)]))
  const other = await world.flush(world.envelope([span(2, 2, 2)]))
  await world.store.put(other, (await world.store.get(one))!.body, { kind: 'overwrite' })
  const page = await list(world)
  expect(numbers(page)).toEqual([1])
  const reasons = [`fresh file must hold the spans that its id names, ${other}`]
  expect(page).toMatchObject({ complete: false, reasons })
})

test('rows that cannot be read leave the counts as the files state them, and the list partial', async () => {
  const world = lookupWorld()
  const shared = world.envelope([span(1, 1, 1)])
  await world.flush(shared, world.envelope([span(1, 2, 1)]))
  await world.flush(shared, world.envelope([span(1, 3, 1)]))
  const second = (await world.keys())[1]!
  const body = (await world.store.get(second))!.body
  body.fill(0xff, 4, 200)
  await world.store.put(second, body, { kind: 'overwrite' })
  const page = await list(world)
  expect(counts(page)).toEqual([[4, 0]])
  expect(page).toMatchObject({ complete: false, reasons: [expect.stringContaining(second)] })
})

test('a file that vanishes while rows are read starts the list again', async () => {
  const world = lookupWorld()
  const shared = world.envelope([span(1, 1, 1)])
  const extra = world.envelope([span(1, 3, 1)])
  await world.flush(shared, world.envelope([span(1, 2, 1)]))
  await world.flush(shared, extra)
  const last = (await world.keys())[1]!
  let gone = false
  const store = {
    ...world.store,
    async get(key: string, range?: Parameters<typeof world.store.get>[1]) {
      if (range && !('suffix' in range) && !gone) {
        gone = true
        await world.store.delete([last])
      }
      return world.store.get(key, range)
    },
  }
  const page = await listTraces('acme', { limit: 5 }, { ...world.runtime, store }, readCache())
  expect(counts(page)).toEqual([[2, 0]])
  expect(page.cost.lists).toBe(4)
})

/** Which envelopes, whole or cut, each flush presses: places of envelopes with their bounds in tenths. */
const flushes = fc.array(
  fc.uniqueArray(
    fc.record({ envelope: fc.nat({ max: 4 }), from: fc.nat({ max: 9 }), to: fc.nat({ max: 9 }) }),
    { minLength: 1, maxLength: 3, selector: ({ envelope }) => envelope },
  ),
  { minLength: 1, maxLength: 6 },
)
const requests = fc.array(
  fc.array(fc.record({ trace: fc.nat({ max: 5 }), at: fc.nat({ max: 60 }), error: fc.boolean() }), {
    minLength: 1,
    maxLength: 6,
  }),
  { minLength: 5, maxLength: 5 },
)

test('lists agree with a model that knows every acknowledged span, whatever was delivered how often and cut how', async () => {
  await fc.assert(
    fc.asyncProperty(
      requests,
      flushes,
      fc.integer({ min: 1, max: 4 }),
      async (bodies, batches, limit) => {
        const world = lookupWorld()
        let id = 0
        const spans = bodies.map((body) =>
          body.map(({ trace, at, error }) =>
            span(trace + 1, ++id, at, { statusCode: error ? 2 : 0 }),
          ),
        )
        const envelopes = spans.map((ofBody) => world.envelope(ofBody))
        const held = new Map<Span, Span>()
        for (const batch of batches) {
          const parts = batch.map(({ envelope, from, to }) => {
            const whole = spans[envelope]!
            const cut = [from, to]
              .map((tenth) => Math.round((tenth / 9) * whole.length))
              .sort((a, b) => a - b)
            return cut[0] === cut[1]
              ? ([envelope, 0, whole.length] as const)
              : ([envelope, cut[0]!, cut[1]!] as const)
          })
          for (const [envelope, from, to] of parts) {
            for (const one of spans[envelope]!.slice(from, to)) held.set(one, one)
          }
          await world
            .flush(
              ...parts.map(([envelope, from, to]) => [envelopes[envelope]!, from, to] as const),
            )
            .catch((error: Error) => {
              // The very same parts once more are the very same file.
              if (error.message !== 'flush must make one file') throw error
            })
        }
        const model = [...Map.groupBy(held.keys(), (one) => one.traceId[15]!)]
          .map(([trace, ofTrace]) => ({
            trace,
            start: ofTrace.reduce(
              (least, one) => (one.startNs < least ? one.startNs : least),
              ofTrace[0]!.startNs,
            ),
            spans: ofTrace.length,
            errors: ofTrace.filter(({ statusCode }) => statusCode === 2).length,
          }))
          .sort((a, b) => (a.start === b.start ? a.trace - b.trace : a.start > b.start ? -1 : 1))

        const pages: TraceList[] = []
        for (let after: string | undefined, i = 0; i === 0 || after; i++) {
          pages.push(await list(world, { limit, ...(after ? { after } : {}) }))
          after = pages.at(-1)!.next
        }
        const listed = pages.flatMap(({ traces }) => traces)
        expect(
          listed.map((trace) => ({
            trace: trace.traceId[15],
            start: trace.startNs,
            spans: trace.spans,
            errors: trace.errors,
          })),
        ).toEqual(model)
        expect(pages.slice(0, -1).every(({ traces }) => traces.length === limit)).toBe(true)
      },
    ),
    { numRuns: 40 },
  )
})

/** By file and trace: spans of few starts and names, many of them without a parent. */
const rooted = fc.array(
  fc.array(
    fc.record({
      trace: fc.nat({ max: 2 }),
      at: fc.nat({ max: 2 }),
      isRoot: fc.boolean(),
      name: fc.constantFrom('GET', 'POST', ''),
      service: fc.constantFrom('web', 'cart', undefined),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  { minLength: 1, maxLength: 5 },
)

/** Each its own, for the first 65,000. */
const idInNoOrder = (number: number) => 1 + ((number * 40_503) % 65_521)

test('a trace with several roots is listed the same before a compaction, between two and after', async () => {
  await fc.assert(
    fc.asyncProperty(rooted, fc.nat({ max: 4 }), async (files, between) => {
      const world = lookupWorld()
      let count = 0
      const compact = () => compactStep('acme', world.runtime, readCache(), { now: true })
      const expected = new Map<number, Span[]>()
      for (const [i, file] of files.entries()) {
        const spans = file.map(({ trace, at, isRoot, name, service }) => {
          const parent = isRoot ? { parentSpanId: undefined } : {}
          const resource = service === undefined ? { resource: someSpan().resource } : { service }
          return span(trace, idInNoOrder(++count), at, { ...parent, ...resource, name })
        })
        await world.flush(world.envelope(spans))
        for (const one of spans) {
          const trace = one.traceId[15]!
          expected.set(trace, [...(expected.get(trace) ?? []), one])
        }
        if (i === between) await compact()
      }
      const { traces } = await list(world)
      for (const { traceId: id, rootStartNs } of traces) {
        const roots = expected.get(id[15]!)!.filter(({ parentSpanId }) => !parentSpanId)
        expect(rootStartNs).toBe(roots.map(({ startNs }) => startNs).sort()[0])
      }
      while ((await compact()).kind !== 'nothing');
      expect((await list(world)).traces).toEqual(traces)
    }),
    { numRuns: 60 },
  )
})

test('strays and spans of every time stand in the list where their start says', async () => {
  const world = lookupWorld()
  await world.flush(world.envelope([span(1, 1, 0, { startNs: 0n, endNs: 1n })], nowMs))
  await world.flush(world.envelope([span(2, 1, 0)], nowMs))
  await world.flush(
    world.envelope([span(3, 1, 0, { startNs: 2n ** 63n - 1n, endNs: 2n ** 63n })], nowMs),
  )
  const page = await list(world)
  expect(numbers(page)).toEqual([3, 2, 1])
  const first = await list(world, { limit: 1 })
  expect(numbers(await list(world, { after: first.next! }))).toEqual([2, 1])
})

test('of busy hours, only files that hold a part of a listed trace are opened', async () => {
  const world = lookupWorld()
  const cache = readCache()
  for (let round = 0; round < 7; round++) {
    // Traces of two neighbouring hours; trace 1 gets a span in each round, in one hour or the other.
    const spans = [
      span(100 + round, 1, 10 * round),
      span(200 + round, 1, 3_500 + 10 * round),
      span(1, round + 1, round % 2 === 0 ? 500 : 3_600),
    ]
    await world.flush(world.envelope(spans))
    const { kind } = await compactStep('acme', world.runtime, cache, { now: true })
    expect(kind).toBe('merged')
  }
  const whole = await list(world, { limit: 100 })
  expect(whole.cost.filesConsidered).toBe(14)
  const newest = [206, 205, 204, 203, 202, 201, 200]
  expect(numbers(whole)).toEqual([...newest, 1, 106, 105, 104, 103, 102, 101, 100])
  expect(whole.traces[7]).toMatchObject({ spans: 7, endNs: nowNs + 3_601n * second })
  expect(whole.traces.every(({ spans }, i) => spans === (i === 7 ? 7 : 1))).toBe(true)
  // Trace 1 is met first, by its last span: the seven files that hold a part of it, and the one of trace 206.
  const page = await list(world, { limit: 1 })
  expect(numbers(page)).toEqual([206])
  expect(page).toMatchObject({ complete: true, cost: { filesRead: 8 } })
})

test('locators that are broken leave a list of busy hours whole, and name what is broken', async () => {
  const world = lookupWorld()
  for (let round = 0; round < 7; round++) {
    await world.flush(
      world.envelope([span(1, round + 1, 500), span(200 + round, 1, 3_500 + 10 * round)]),
    )
    await compactStep('acme', world.runtime, readCache(), { now: true })
  }
  for await (const { key } of listAll(world.store, 'acme/index/here/locators/')) {
    const stored = await world.store.get(key)
    await world.store.put(key, new Uint8Array(stored!.body.length), { kind: 'overwrite' })
  }
  const page = await list(world, { limit: 100 })
  expect(counts(page).at(-1)).toEqual([7, 0])
  expect(page.complete).toBe(false)
  expect(page.reasons.every((reason) => reason.includes('locators'))).toBe(true)
})
