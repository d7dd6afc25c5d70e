import { generateRequestsLazily } from '../../functions/node/demo/generate-spans.ts'
import { steppedClock } from '../../src/adapters/memory/clock.ts'
import { memoryStore } from '../../src/adapters/memory/store.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { flushBatch } from '../../src/flush/flush-batch.ts'
import { planBatches } from '../../src/flush/plan-batches.ts'
import { tenantDefault } from '../../src/limits.ts'
import type { Runtime } from '../../src/runtime.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { benchRuntime, envelopesOf } from './bench-runtime.ts'

export const spansPerFlush = 10_000
export const fillBeginMs = Date.UTC(2026, 9, 1, 9)

/** As many flushes of generated spans, 10 s of the clock each; compacted, or as they were written. */
export async function filledRuntime(
  flushes: number,
  state: 'compacted' | 'fresh',
): Promise<Runtime> {
  const clock = steppedClock(fillBeginMs)
  const store = memoryStore({ clock: steppedClock(fillBeginMs) })
  const runtime: Runtime = { ...benchRuntime(), clock, store }
  for (let seed = 0; seed < flushes; seed++) {
    const startMs = clock.nowMs()
    const bodies = generateRequestsLazily({
      seed,
      spans: spansPerFlush,
      spansPerRequest: 512,
      startMs,
    })
    clock.step(10_000)
    for (const batch of planBatches(envelopesOf([...bodies], startMs), runtime.limits)) {
      await flushBatch(batch, runtime)
    }
  }
  while (state === 'compacted') {
    const { kind } = await compactStep(tenantDefault, runtime, readCache(), { now: true })
    if (kind === 'nothing') break
  }
  return runtime
}
