import { compactStep } from '../../src/compact/compact.ts'
import { flushBatch } from '../../src/flush/flush-batch.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { Span } from '../../src/span/span.ts'
import { type LookupWorld, lookupWorld } from './lookup-world.ts'

/** The spans in one file, or torn into three, or one file made of three. */
export const goldenStores = ['whole', 'torn', 'compacted'] as const

export async function goldenWorld(
  spans: readonly Span[],
  how: (typeof goldenStores)[number],
): Promise<LookupWorld> {
  const world = lookupWorld()
  const files = how === 'whole' ? 1 : 3
  for (let file = 0; file < files; file++) {
    const envelope = world.envelope(spans.filter((_, i) => i % files === file))
    await flushBatch({ tenant: 'acme', parts: [{ envelope, range: undefined }] }, world.runtime)
  }
  for (let step = 0; how === 'compacted' && step < 50; step++) {
    const { kind } = await compactStep('acme', world.runtime, readCache(), { now: true })
    if (kind === 'nothing') break
  }
  return world
}
