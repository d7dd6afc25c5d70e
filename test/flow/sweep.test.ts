import { expect, test } from 'vitest'
import { compactStep } from '../../src/compact/compact.ts'
import { fsck } from '../../src/fsck/fsck.ts'
import { sweepGraceMs } from '../../src/limits.ts'
import { lookupTrace } from '../../src/lookup/lookup-trace.ts'
import { listAll } from '../../src/ports/object-store.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { sweep } from '../../src/sweep/sweep.ts'
import { lookupWorld, nowMs, nowNs, traceId } from '../helpers/lookup-world.ts'
import { someSpan } from '../helpers/some-span.ts'

test('a run of the sweep removes no more than its bound, and others go on where it stopped', async () => {
  const world = lookupWorld()
  const { runtime, store } = world
  const cache = readCache()
  const traces = [1, 2, 3, 4, 5, 6]
  for (const trace of traces) {
    const own = { traceId: traceId(trace), startNs: nowNs, endNs: nowNs + 1n }
    await world.flush(world.envelope([someSpan(own)], nowMs))
    await compactStep('acme', runtime, cache, { now: true })
  }
  world.pass(sweepGraceMs + 1)
  const objects = async () => (await Array.fromAsync(listAll(store, 'acme/'))).length

  let runs = 0
  for (let more = true; more; runs++) {
    const before = await objects()
    const {
      floor,
      more: isFull,
      ...removed
    } = await sweep('acme', runtime, cache.index, {
      deletesMax: 3,
    })
    expect(floor).toBeGreaterThan(0)
    const sum = Object.values(removed).reduce((all, count) => all + count, 0)
    expect(sum).toBeLessThanOrEqual(3)
    // A run may write a manifest and the object that tells the store's time.
    expect(before - (await objects())).toBeLessThanOrEqual(sum)
    expect(isFull).toBe(sum === 3)
    expect((await fsck('acme', runtime, { deep: true })).problems).toEqual([])
    more = isFull
  }
  expect(runs).toBeGreaterThan(2)
  for (const trace of traces) {
    const { spans } = await lookupTrace('acme', traceId(trace), runtime, readCache())
    expect(spans).toHaveLength(1)
  }
  expect(await world.keys()).toEqual([])
})
