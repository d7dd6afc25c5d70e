import { expect, test } from 'vitest'
import { type CompactionOptions, runCompaction } from '../../src/compact/run-compaction.ts'
import { freshPrefix, spanPrefix } from '../../src/layout/keys.ts'
import { lookupTrace } from '../../src/lookup/lookup-trace.ts'
import { listAll } from '../../src/ports/object-store.ts'
import type { Runtime } from '../../src/runtime.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { type LookupWorld, lookupWorld, nowMs, nowNs, traceId } from '../helpers/lookup-world.ts'
import { someSpan } from '../helpers/some-span.ts'

const hourMs = 3_600_000

async function flushed(world: LookupWorld, count: number): Promise<void> {
  for (let trace = 1; trace <= count; trace++) {
    const own = { traceId: traceId(trace), startNs: nowNs, endNs: nowNs + 1n }
    await world.flush(world.envelope([someSpan(own)], nowMs))
  }
}

/** Runs until `slept` says to stop; it hears of every sleep, in which time passes for the store too. */
async function run(
  world: LookupWorld,
  options: Omit<CompactionOptions, 'signal'>,
  slept: (ms: number, stop: () => void) => void,
  runtime: Runtime = world.runtime,
): Promise<void> {
  const stopping = new AbortController()
  const clock = {
    ...runtime.clock,
    async sleep(ms: number) {
      world.pass(ms)
      slept(ms, () => stopping.abort())
    },
  }
  await runCompaction({ ...runtime, clock }, readCache(), { ...options, signal: stopping.signal })
}

test('left alone it compacts, lets go of what its tenant no longer keeps, and sweeps', async () => {
  const world = lookupWorld()
  await flushed(world, 30)
  const asked = new Set<string>()
  const retentionMsOf = (tenant: string) => {
    asked.add(tenant)
    return 4 * hourMs
  }
  const options = { intervalMs: 600_000, share: 0.5, retentionMsOf }
  const counts = async () =>
    Promise.all(
      [freshPrefix('acme'), spanPrefix('acme')].map(
        async (prefix) => (await Array.fromAsync(listAll(world.store, prefix))).length,
      ),
    )
  const found = async () =>
    (await lookupTrace('acme', traceId(7), world.runtime, readCache())).spans.length
  const runUntil = (ms: number) =>
    run(world, options, (_, stop) => world.runtime.clock.nowMs() >= nowMs + ms && stop())

  await runUntil(3 * hourMs)
  expect([await counts(), await found()]).toEqual([[0, 1], 1])
  await runUntil(8 * hourMs)
  expect([await counts(), await found()]).toEqual([[0, 0], 0])
  expect([...asked]).toEqual(['acme'])
})

test('after each merge it rests as long as its share of the time demands', async () => {
  const world = lookupWorld()
  await flushed(world, 30)
  let [workedMs, mergedMs, restedMs] = [0, 0, 0]
  const store = {
    ...world.store,
    async put(...put: Parameters<typeof world.store.put>) {
      world.pass(10)
      workedMs += 10
      return world.store.put(...put)
    },
  }
  const meter = {
    ...world.runtime.meter,
    observe(name: string, value: number) {
      if (name === 'spanlake_compaction_seconds') mergedMs += value * 1_000
    },
  }
  // No rest after work is of 7 ms: that one is of the idle.
  const options = { intervalMs: 7, share: 0.25, retentionMsOf: () => 1_000 * hourMs }
  world.pass(hourMs)
  const slept = (ms: number, stop: () => void) => {
    if (ms === 7) stop()
    else restedMs += ms
  }
  await run(world, options, slept, { ...world.runtime, store, meter })
  expect(mergedMs).toBeGreaterThan(0)
  expect(restedMs).toBeGreaterThanOrEqual(3 * mergedMs)
  expect(restedMs).toBeLessThanOrEqual(3 * workedMs)
})
