import { expect, test } from 'vitest'
import { compactStep } from '../../src/compact/compact.ts'
import { freshPrefix, spanPrefix } from '../../src/layout/keys.ts'
import { listTraces } from '../../src/lookup/list-traces.ts'
import { lookupTrace } from '../../src/lookup/lookup-trace.ts'
import { listAll } from '../../src/ports/object-store.ts'
import { newestManifest } from '../../src/snapshot/newest-manifest.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { Span } from '../../src/span/span.ts'
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
  expect(manifest).toMatchObject({ number: 1, absorbed: await keysUnder(world, freshPrefix('acme')) })

  const answer = await lookupTrace('acme', traceId(1), world.runtime, readCache())
  expect(names(answer.spans)).toEqual(['op 2', 'op 3', 'op 4', 'op 5'])
  expect(answer).toMatchObject({ complete: true, cost: { filesRead: 1 } })
  expect((await lookupTrace('acme', traceId(9), world.runtime, readCache())).spans).toEqual([])
  const after = await list()
  expect(after.traces).toEqual(before.traces)
})
