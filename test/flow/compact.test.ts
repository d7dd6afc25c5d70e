import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compactStep } from '../../src/compact/compact.ts'
import { kindOf, messageOf } from '../../src/errors.ts'
import { freshPrefix, spanFileKey, spanPrefix } from '../../src/layout/keys.ts'
import { listTraces } from '../../src/lookup/list-traces.ts'
import { lookupTrace } from '../../src/lookup/lookup-trace.ts'
import { listAll } from '../../src/ports/object-store.ts'
import { decodeFooterSuffix } from '../../src/press/file-footer.ts'
import { readGroup } from '../../src/press/read-group.ts'
import { newestManifest } from '../../src/snapshot/newest-manifest.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { readDayList } from '../../src/snapshot/read-day-list.ts'
import { type FreshFile, withSnapshot } from '../../src/snapshot/with-snapshot.ts'
import type { Span } from '../../src/span/span.ts'
import { sweep } from '../../src/sweep/sweep.ts'
import { type LookupWorld, lookupWorld, nowMs, nowNs, traceId } from '../helpers/lookup-world.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'

const index = { tenant: 'acme', region: 'here' }

function span(trace: number, id: number, fields: Partial<Span> & { service?: string } = {}): Span {
  const startNs = nowNs + BigInt(id) * 1_000n
  const own = { traceId: traceId(trace), spanId: spanId(id), name: `op ${id}`, startNs }
  return someSpan({ service: 'cart', endNs: startNs + 1_000_000n, ...own, ...fields })
}

const names = (spans: readonly Span[]) => spans.map(({ name }) => name)

/** Compacts until there is nothing to do; the kinds of the steps. */
async function compact(world: LookupWorld): Promise<string[]> {
  const kinds: string[] = []
  for (let step = 0; step < 50; step++) {
    const { kind } = await compactStep('acme', world.runtime, readCache(), { now: true })
    kinds.push(kind)
    if (kind === 'nothing') return kinds
  }
  throw new Error('compaction must come to an end')
}

async function keysUnder(world: LookupWorld, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of listAll(world.store, prefix)) keys.push(key)
  return keys
}

test('fresh files become one span file, and lookups and lists answer as before', async () => {
  const world = lookupWorld()
  await world.flush(world.envelope([span(1, 5), span(1, 2), span(2, 1)]))
  await world.flush(world.envelope([span(3, 1)]))
  await world.flush(world.envelope([span(1, 4), span(1, 3)]))
  const list = () => listTraces('acme', { limit: 10 }, world.runtime, readCache())
  const before = await list()

  expect(await compact(world)).toEqual(['merged', 'nothing'])
  expect(await keysUnder(world, spanPrefix('acme'))).toHaveLength(1)
  const { manifest } = await newestManifest(index, world.runtime, readCache().index)
  expect(manifest).toMatchObject({
    number: 1,
    absorbed: await keysUnder(world, freshPrefix('acme')),
  })

  const answer = await lookupTrace('acme', traceId(1), world.runtime, readCache())
  expect(names(answer.spans)).toEqual(['op 2', 'op 3', 'op 4', 'op 5'])
  expect(answer).toMatchObject({ complete: true, cost: { filesRead: 1 } })
  expect((await lookupTrace('acme', traceId(9), world.runtime, readCache())).spans).toEqual([])
  const after = await list()
  expect(after.traces).toEqual(before.traces)
})

/** Changes a byte of a file's first row group until its footers hold and its rows do not. */
async function breakRows(
  world: LookupWorld,
  key: string,
  place: { offset: number; bytes: number },
) {
  const { body } = (await world.store.get(key))!
  for (let at = place.offset; at < place.offset + place.bytes; at++) {
    const broken = body.slice()
    broken[at]! ^= 0x41
    const group = broken.subarray(place.offset, place.offset + place.bytes)
    const outcomes = [
      () => decodeFooterSuffix(broken, broken.length),
      () => readGroup(group, place, world.runtime),
    ]
    const [footer, rows] = outcomes.map((read) => {
      try {
        read()
        return 'reads'
      } catch (error) {
        return kindOf(error)
      }
    })
    if (footer !== 'reads' || rows !== 'corrupt') continue
    await world.store.put(key, broken, { kind: 'overwrite' })
    return
  }
  throw new Error('some byte must break the rows alone')
}

test('a fresh file whose rows are broken is left out, once, and the others are merged', async () => {
  const world = lookupWorld()
  for (const trace of [1, 2, 3]) await world.flush(world.envelope([span(trace, trace)]))
  const cache = readCache()
  const { files } = await withSnapshot('acme', world.runtime, cache, async (found) => found)
  const [{ key, tail }] = files as [FreshFile, ...FreshFile[]]
  await breakRows(world, key, tail.rowGroups[0]!)
  const step = async () => (await compactStep('acme', world.runtime, cache, { now: true })).kind
  expect([await step(), await step(), await step()]).toEqual(['left-out', 'merged', 'nothing'])
  const { manifest } = await newestManifest(index, world.runtime, cache.index)
  expect(manifest.absorbed).toEqual(files.map((file) => file.key).filter((other) => other !== key))
  // Its time is not passed over: what it holds is not in the index.
  expect(manifest.asOfMs).toBeLessThanOrEqual(nowMs)
})

test('a span file whose rows are broken does not keep others from being merged', async () => {
  const world = lookupWorld()
  const cache = readCache()
  const step = async () => (await compactStep('acme', world.runtime, cache, { now: true })).kind
  for (const trace of [1, 2, 3]) {
    await world.flush(world.envelope([span(trace, trace)]))
    expect(await step()).toBe('merged')
  }
  const { manifest } = await newestManifest(index, world.runtime, cache.index)
  const day = await readDayList(index, manifest.days[0]!, world.runtime, cache.index)
  const [file] = day.files
  await breakRows(world, spanFileKey({ tenant: 'acme', ...file! }), file!.groups[0]!)
  // An hour later, small files of the hour are merged, however few.
  world.pass(2 * 3_600_000)
  expect([await step(), await step()]).toEqual(['left-out', 'merged'])
  const after = await newestManifest(index, world.runtime, cache.index)
  expect(after.manifest.days[0]).toMatchObject({ files: 2 })
})

test('fresh files whose ends are broken keep nothing else from being merged', async () => {
  const world = lookupWorld()
  const cache = readCache()
  const step = async () => (await compactStep('acme', world.runtime, cache, { now: true })).kind
  for (const trace of [1, 2]) {
    await world.flush(world.envelope([span(trace, trace)]))
    expect(await step()).toBe('merged')
  }
  for (const trace of [3, 4]) {
    const key = await world.flush(world.envelope([span(trace, trace)]))
    const { body } = (await world.store.get(key))!
    await world.store.put(key, body.fill(0, body.length - 40), { kind: 'overwrite' })
  }
  world.pass(2 * 3_600_000)
  expect([await step(), await step(), await step()]).toEqual(['left-out', 'merged', 'nothing'])
})

test('a fresh file that lies at another’s key is not absorbed', async () => {
  const world = lookupWorld()
  const cache = readCache()
  const keys: string[] = []
  for (const trace of [1, 2]) keys.push(await world.flush(world.envelope([span(trace, trace)])))
  const { body } = (await world.store.get(keys[0]!))!
  await world.store.put(keys[1]!, body, { kind: 'overwrite' })
  const step = async () => (await compactStep('acme', world.runtime, cache, { now: true })).kind
  expect([await step(), await step()]).toEqual(['merged', 'nothing'])
  const { manifest } = await newestManifest(index, world.runtime, cache.index)
  expect(manifest.absorbed).toEqual([keys[0]])
})

describe('of what the newest manifest names, missing', () => {
  async function worldWithTwoFiles() {
    const world = lookupWorld()
    const cache = readCache()
    for (const trace of [1, 2]) {
      await world.flush(world.envelope([span(trace, trace)]))
      await compactStep('acme', world.runtime, cache, { now: true })
    }
    return world
  }
  const stepOf = (world: LookupWorld, cache = readCache()) =>
    compactStep('acme', world.runtime, cache, { now: true }).then(
      ({ kind }) => kind,
      (error) => `${kindOf(error)}: ${messageOf(error)}`,
    )

  test('a span file is left out, and the others are merged', async () => {
    const world = await worldWithTwoFiles()
    await world.flush(world.envelope([span(3, 3)]))
    expect(await stepOf(world)).toBe('merged')
    const [key] = await keysUnder(world, spanPrefix('acme'))
    await world.store.delete([key!])
    world.pass(2 * 3_600_000)
    const cache = readCache()
    const steps = [
      await stepOf(world, cache),
      await stepOf(world, cache),
      await stepOf(world, cache),
    ]
    expect(steps).toEqual(['left-out', 'merged', 'joined'])
  })

  test.each([
    ['a day list', '/days/', 0],
    ['receipts', '/receipts/', 0],
    ['locators', '/locators/', 2 * 3_600_000],
  ])('%s stop the work that needs them, aloud, and nothing is put', async (_, part, waitedMs) => {
    const world = await worldWithTwoFiles()
    if (waitedMs === 0) await world.flush(world.envelope([span(3, 3)]))
    world.pass(waitedMs)
    const keys = await keysUnder(world, 'acme/')
    const gone = keys.filter((key) => key.includes(part))
    await world.store.delete(gone)
    for (let step = 0; step < 3; step++) {
      expect(await stepOf(world)).toMatch(
        new RegExp(`^corrupt: index must name what is there, missing acme/index/here${part}`),
      )
    }
    expect((await keysUnder(world, 'acme/')).length).toBe(keys.length - gone.length)
  })
})

/** Presses envelopes, or parts of them by bounds in tenths; or compacts; or lets time pass. */
const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('flush' as const),
        parts: fc.uniqueArray(
          fc.record({
            envelope: fc.nat({ max: 4 }),
            from: fc.nat({ max: 9 }),
            to: fc.nat({ max: 9 }),
          }),
          { minLength: 1, maxLength: 3, selector: ({ envelope }) => envelope },
        ),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('compact' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('hours pass' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep' as const) }) },
  ),
  { minLength: 1, maxLength: 30 },
)
const requests = fc.array(
  fc.array(fc.record({ trace: fc.nat({ max: 5 }), minute: fc.nat({ max: 58 }) }), {
    minLength: 1,
    maxLength: 6,
  }),
  { minLength: 5, maxLength: 5 },
)

test('whatever is delivered how often, cut how and compacted when, lookups find each span once and lists count it once', async () => {
  await fc.assert(
    fc.asyncProperty(requests, steps, async (bodies, taken) => {
      const world = lookupWorld()
      let id = 0
      const spans = bodies.map((body) =>
        body.map(({ trace, minute }) =>
          span(trace + 1, ++id, { startNs: nowNs - BigInt(minute) * 60_000_000_000n }),
        ),
      )
      const envelopes = spans.map((ofBody) => world.envelope(ofBody))
      const held = new Set<Span>()
      const cache = readCache()
      for (const step of taken) {
        if (step.kind === 'flush') {
          const parts = step.parts.map(({ envelope, from, to }) => {
            const whole = spans[envelope]!
            const [low, high] = [from, to]
              .map((tenth) => Math.round((tenth / 9) * whole.length))
              .sort((a, b) => a - b) as [number, number]
            const cut = low === high ? ([0, whole.length] as const) : ([low, high] as const)
            for (const one of whole.slice(...cut)) held.add(one)
            return [envelopes[envelope]!, ...cut] as const
          })
          await world.flush(...parts).catch((error: Error) => {
            // The very same parts once more are the very same file.
            if (error.message !== 'flush must make one file') throw error
          })
        } else if (step.kind === 'compact') {
          await compactStep('acme', world.runtime, cache, { now: true })
        } else if (step.kind === 'sweep') {
          await sweep('acme', world.runtime, cache.index)
        } else world.pass(3 * 3_600_000)

        const list = await listTraces('acme', { limit: 100 }, world.runtime, cache)
        const counts = list.traces.map(({ traceId: of, spans: count }) => [of[15], count])
        const model = [...Map.groupBy(held, (one) => one.traceId[15]!)]
        expect(new Map(counts as [number, number][])).toEqual(
          new Map(model.map(([trace, ofTrace]) => [trace, ofTrace.length])),
        )
        for (const [trace, ofTrace] of model) {
          const found = await lookupTrace('acme', traceId(trace), world.runtime, cache)
          expect(names(found.spans).sort()).toEqual(names(ofTrace).sort())
        }
      }
    }),
    { numRuns: 100 },
  )
})
