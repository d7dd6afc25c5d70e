import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compactStep } from '../../src/compact/compact.ts'
import { freshPrefix, spanPrefix } from '../../src/layout/keys.ts'
import { listTraces } from '../../src/lookup/list-traces.ts'
import { lookupTrace } from '../../src/lookup/lookup-trace.ts'
import { listAll } from '../../src/ports/object-store.ts'
import { newestManifest } from '../../src/snapshot/newest-manifest.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { Span } from '../../src/span/span.ts'
import { sweep } from '../../src/sweep/sweep.ts'
import { type LookupWorld, lookupWorld, nowNs, traceId } from '../helpers/lookup-world.ts'
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
