import { expect, test } from 'vitest'
import { seededRandom } from '../../src/adapters/memory/random.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { planLocators } from '../../src/compact/fold-locators.ts'
import { fsck } from '../../src/fsck/fsck.ts'
import { encodeLocatorBucket } from '../../src/index/locator-bucket.ts'
import { sortLocators, writeLocator } from '../../src/index/locator-records.ts'
import { emptyManifest, type LocatorSet } from '../../src/index/manifest.ts'
import { encodeManifest } from '../../src/index/manifest-format.ts'
import { indexObjectKey, manifestKey, objectName } from '../../src/layout/keys.ts'
import { freshListingsMax, locatorBytes } from '../../src/limits.ts'
import { listTraces } from '../../src/lookup/list-traces.ts'
import { lookupTrace } from '../../src/lookup/lookup-trace.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { lookupWorld, nowMs } from '../helpers/lookup-world.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'

const index = { tenant: 'acme', region: 'here' }

/** DESIGN §9: what a lookup that knows nothing yet may read of the index. */
const coldReadsMax = 64
const coldBytesMax = 1024 ** 2

/** Ids as tracers make them: by chance, and when the trace starts. */
const makers: Record<string, (random: Uint8Array, startSeconds: number) => Uint8Array> = {
  'random ids': (random) => random,
  'random ids of 64 bits behind zeros': (random) => random.fill(0, 0, 8),
  'random ids that begin with a time': (random, startSeconds) => {
    new DataView(random.buffer).setUint32(0, startSeconds)
    return random
  },
}

test.each(Object.keys(makers))(
  'a cold lookup among %s reads at most 64 objects and 1 MB of an index of 48 locator sets, as three regions have after 30 days',
  async (kind) => {
    const random = seededRandom(7)
    const month = 30 * 24 * 3_600
    // Each set has the traces of its part of the month.
    const secondsOf = (set: number, share: number) =>
      Math.floor(nowMs / 1_000 - month + ((set % 16) + share) * (month / 16))
    const world = lookupWorld()
    const ids: Uint8Array[] = []
    const locators: LocatorSet[] = []
    for (let number = 0; number < 48; number++) {
      const entries = 20_000
      const records = new Uint8Array(entries * locatorBytes)
      const view = new DataView(records.buffer)
      for (let i = 0; i < entries; i++) {
        const traceId = makers[kind]!(random.bytes(16), secondsOf(number, i / entries))
        if (i === 0) ids.push(traceId)
        const place = { file: 0, offset: 4, bytes: 100, firstRow: 0, rows: 1, startSeconds: 0 }
        writeLocator(view, i * locatorBytes, { traceId, ...place })
      }
      const name = objectName(0, random.bytes(8))
      const file = { date: '2026-11-20', hour: '12', name: objectName(0, random.bytes(8)) }
      const bucket = encodeLocatorBucket(sortLocators(records), [file], world.runtime.codec)
      await world.store.put(indexObjectKey({ ...index, kind: 'locators', name }), bucket.bytes, {
        kind: 'create',
      })
      const { bytes, marks } = bucket
      const ref = { name, bytes: bytes.length, entries, marks }
      locators.push({ since: 1, buckets: [ref], dropped: [], files: 1 })
    }
    const manifest = {
      ...emptyManifest('acme', 'here'),
      number: 1,
      nonce: 'a'.repeat(16),
      locators,
    }
    await world.store.put(manifestKey(index, 1), encodeManifest(manifest, world.runtime.codec), {
      kind: 'create',
    })

    let second = 0
    for (let i = 0; i < 50; i++) {
      const absent = makers[kind]!(random.bytes(16), secondsOf(i, i / 50))
      const { cost, spans } = await lookupTrace('acme', absent, world.runtime, readCache())
      expect(spans).toEqual([])
      expect(cost.gets).toBeLessThanOrEqual(coldReadsMax)
      expect(cost.bytesRead).toBeLessThanOrEqual(coldBytesMax)
      second += cost.gets - 49
    }
    // One read a set and the manifest; a second read of a set is as seldom as three sigma and more.
    expect(second).toBeLessThan(10)
    // One that is there: the same, the name of its file, and then its rows, which this index only promises.
    world.forget()
    const promised = await lookupTrace('acme', ids[5]!, world.runtime, readCache())
    expect(promised).toMatchObject({ spans: [], complete: false })
    expect(promised.reasons.join()).toContain('missing is acme/spans/')
    // What is missing is looked for as often as there are listings.
    expect(world.asked.gets.length / freshListingsMax).toBeLessThanOrEqual(49 + 3)
  },
)

test('merges of 30 days, one every five minutes, are never more than 16 locator sets', () => {
  let sets: LocatorSet[] = []
  let most = 0
  for (let merge = 1; merge <= 30 * 24 * 12; merge++) {
    const ref = { name: '', bytes: 0, entries: 1_000, marks: new Uint8Array(32) }
    sets.push({ since: merge, buckets: [ref], dropped: [], files: 1 })
    const folded = planLocators(sets)
    if (folded.length >= 2) {
      const entries = folded.reduce((sum, { buckets }) => sum + buckets[0]!.entries, 0)
      sets = sets.slice(0, sets.length - folded.length)
      sets.push({ since: merge, buckets: [{ ...ref, entries }], dropped: [], files: 1 })
    }
    most = Math.max(most, sets.length)
  }
  expect(most).toBeLessThanOrEqual(16)
})

test('an hour of one-second flushes ends as one span file, with every answer unchanged', {
  timeout: 180_000,
}, async () => {
  const world = lookupWorld()
  const { runtime } = world
  const cache = readCache()
  const random = seededRandom(3)
  const expected = new Map<string, number>()
  // From the hour's beginning: spans of a trace come in the flush of their second and the next.
  world.pass(3_600_000 - (nowMs % 3_600_000))
  const beginNs = BigInt(runtime.clock.nowMs()) * 1_000_000n
  let late: ReturnType<typeof someSpan>[] = []
  let most = 0
  for (let second = 0; second < 3_600; second++) {
    const traceId = random.bytes(16)
    const spans = [0, 1, 2].map((id) => {
      const startNs = beginNs + BigInt(second) * 1_000_000_000n + BigInt(id)
      return someSpan({ traceId, spanId: spanId(id + 1), startNs, name: `op ${id}`, service: 'a' })
    })
    expected.set(hexOf(traceId), second === 3_599 ? 2 : 3)
    await world.flush(world.envelope([...spans.slice(0, 2), ...late], runtime.clock.nowMs()))
    late = spans.slice(2)
    world.pass(1_000)
    if (second % 10 < 9) continue
    while ((await compactStep('acme', runtime, cache)).kind !== 'nothing');
    if (second % 600 === 599) {
      const { spanFiles } = await fsck('acme', runtime)
      most = Math.max(most, spanFiles)
    }
  }
  world.pass(2 * 3_600_000)
  while ((await compactStep('acme', runtime, cache)).kind !== 'nothing');

  const report = await fsck('acme', runtime, { deep: true })
  expect(report).toMatchObject({ spanFiles: 1, freshFiles: 0, problems: [], rows: 3 * 3_600 - 1 })
  expect(most).toBeLessThanOrEqual(16)
  for (const [id, spans] of expected) {
    const traceId = Uint8Array.from(id.match(/../g)!, (byte) => Number.parseInt(byte, 16))
    const answer = await lookupTrace('acme', traceId, runtime, cache)
    expect([answer.spans.length, answer.complete, answer.cost.filesRead]).toEqual([spans, true, 1])
  }
  const list = await listTraces('acme', { limit: 1_000 }, runtime, readCache())
  expect(list.traces.every(({ traceId, spans }) => expected.get(hexOf(traceId)) === spans)).toBe(
    true,
  )
  // The newest 20 of them: listing and manifest, a day list, the file's summaries.
  const newest = await listTraces('acme', { limit: 20 }, runtime, readCache())
  expect(newest.traces[0]!.startNs).toBe(beginNs + 3_599n * 1_000_000_000n)
  expect(newest.cost.gets).toBeLessThanOrEqual(3)
})
