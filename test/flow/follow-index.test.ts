import { expect, test } from 'vitest'
import { memoryStore } from '../../src/adapters/memory/store.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { kindOf, messageOf } from '../../src/errors.ts'
import { indexPrefix, manifestPrefix } from '../../src/layout/keys.ts'
import { lookupTrace } from '../../src/lookup/lookup-trace.ts'
import { listAll, type ObjectStore } from '../../src/ports/object-store.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { sweep } from '../../src/sweep/sweep.ts'
import { followerOf } from '../helpers/follower.ts'
import { type LookupWorld, lookupWorld, nowNs, traceId } from '../helpers/lookup-world.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'

const index = { tenant: 'acme', region: 'here' }

async function compactOne(world: LookupWorld, trace: number): Promise<void> {
  const own = { traceId: traceId(trace), spanId: spanId(trace), name: 'op', startNs: nowNs }
  await world.flush(world.envelope([someSpan({ service: 'cart', endNs: nowNs + 1n, ...own })]))
  await compactStep('acme', world.runtime, readCache(), { now: true })
}

async function keysOf(store: ObjectStore, prefix = 'acme/'): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of listAll(store, prefix)) keys.push(key)
  return keys
}

async function refusalOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (error) => `${kindOf(error)}: ${messageOf(error)}`,
  )
}

test('a copy holds the index and no spans, receives what is new, and rests when nothing is', async () => {
  const world = lookupWorld()
  const there = followerOf(world)
  await compactOne(world, 1)
  expect(await there.follow()).toMatchObject({ number: 1, objects: 5, more: false })
  const copied = await keysOf(there.runtime.store)
  expect(copied.every((key) => key.startsWith(indexPrefix(index)))).toBe(true)
  expect(await there.knows([1, 2])).toEqual({ number: 1, rows: { 1: 1, 2: 0 } })
  expect(await there.follow()).toEqual({ number: 1, objects: 0, bytes: 0, more: false })
  await compactOne(world, 2)
  expect(await there.follow()).toMatchObject({ number: 2, more: false })
  expect(await there.knows([1, 2])).toEqual({ number: 2, rows: { 1: 1, 2: 1 } })
})

test('a round copies so much and no more, and the next goes on; the copy changes with the last', async () => {
  const world = lookupWorld()
  const there = followerOf(world)
  for (const trace of [1, 2, 3]) await compactOne(world, trace)
  let objects = 0
  for (;;) {
    const report = await there.follow({ objectsMax: 2 })
    objects += report.objects
    if (!report.more) break
    expect(report).toMatchObject({ number: 0, objects: 2 })
    expect(await keysOf(there.runtime.store, manifestPrefix(index))).toEqual([])
  }
  expect(objects).toBe((await keysOf(there.runtime.store)).length)
  expect((await there.knows([1, 2, 3])).rows).toEqual({ 1: 1, 2: 1, 3: 1 })
})

test('an empty listing is a failure, never an empty region; so is one that is refused', async () => {
  const world = lookupWorld()
  const there = followerOf(world)
  expect(await refusalOf(there.follow())).toBe(
    'unavailable: region here must list a manifest of acme',
  )
  await compactOne(world, 1)
  await there.follow()
  const nothing = memoryStore({ clock: world.runtime.clock })
  expect(await refusalOf(there.follow({ from: nothing }))).toContain('unavailable: region here')
  const forbidden: ObjectStore = {
    ...world.store,
    list: async () => {
      throw new Error('403')
    },
  }
  expect(await refusalOf(there.follow({ from: forbidden }))).toBe('internal: 403')
  expect((await there.knows([1])).rows).toEqual({ 1: 1 })
})

test('a number that goes back, or is another manifest than what was copied, stops the following', async () => {
  const world = lookupWorld()
  const there = followerOf(world)
  for (const trace of [1, 2]) await compactOne(world, trace)
  await there.follow()
  const reborn = lookupWorld()
  await compactOne(reborn, 3)
  expect(await refusalOf(there.follow({ from: reborn.store }))).toBe(
    'corrupt: manifests of here must not go back, acme was at 2, is at 1',
  )
  // A manifest of the same number by another maker.
  reborn.runtime.random.bytes(3)
  await compactOne(reborn, 4)
  expect(await refusalOf(there.follow({ from: reborn.store }))).toBe(
    'corrupt: manifests of here must not go back, acme was at 2, is at 2',
  )
  expect((await there.knows([1, 2, 3, 4])).rows).toEqual({ 1: 1, 2: 1, 3: 0, 4: 0 })
})

test('an object that is gone means starting again from the newest manifest; gone for good is a failure', async () => {
  const world = lookupWorld()
  const there = followerOf(world)
  await compactOne(world, 1)
  let hooked = 0
  const moving: ObjectStore = {
    ...world.store,
    async get(key, range) {
      // Between the manifest and what it names, the region moves on by more than the grace period.
      if (key.includes('/days/') && hooked++ === 0) {
        await compactOne(world, 2)
        world.pass(2 * 3_600_000)
        await sweep('acme', world.runtime, readCache().index)
        await compactOne(world, 3)
        world.pass(2 * 3_600_000)
        await sweep('acme', world.runtime, readCache().index)
      }
      return world.store.get(key, range)
    },
  }
  await there.follow({ from: moving })
  expect((await there.knows([1, 2, 3])).rows).toEqual({ 1: 1, 2: 1, 3: 1 })

  const broken: ObjectStore = {
    ...world.store,
    get: async (key, range) => (key.includes('/traces/') ? undefined : world.store.get(key, range)),
  }
  await compactOne(world, 4)
  expect(await refusalOf(there.follow({ from: broken }))).toBe(
    'unavailable: index of here must hold still for one copy, try again',
  )
  expect((await there.knows([1, 2, 3])).rows).toEqual({ 1: 1, 2: 1, 3: 1 })
})

test('what came before the number of a copy is not read again, and no answer changes', async () => {
  const world = lookupWorld()
  for (const trace of [1, 2, 3]) await compactOne(world, trace)
  const ask = async (trace: number, absentAt?: number) => {
    const options = absentAt === undefined ? {} : { absentAt }
    const answer = await lookupTrace('acme', traceId(trace), world.runtime, readCache(), options)
    return { spans: answer.spans.length, gets: answer.cost.gets }
  }
  for (const trace of [1, 2, 3]) {
    const whole = await ask(trace)
    expect(whole.spans).toBe(1)
    // Trace n came with manifest n: copies below do not know it.
    for (let absentAt = 0; absentAt < trace; absentAt++) {
      expect((await ask(trace, absentAt)).spans).toBe(1)
    }
    // A number that this region has not reached says nothing of it.
    expect(await ask(trace, 99)).toEqual(whole)
  }
  // Who says that the copy does not know trace 1 is believed: the set that has it is not asked.
  expect(await ask(1, 3)).toEqual({ spans: 0, gets: (await ask(9, 3)).gets })
  expect((await ask(1, 3)).gets).toBeLessThan((await ask(1)).gets)
})
