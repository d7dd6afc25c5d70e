import { memoryStore } from '../../src/adapters/memory/store.ts'
import { type FollowOptions, followIndex } from '../../src/follow/follow-index.ts'
import type { ObjectStore } from '../../src/ports/object-store.ts'
import type { Runtime } from '../../src/runtime.ts'
import { newestManifest } from '../../src/snapshot/newest-manifest.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { locateTrace } from '../../src/snapshot/read-locators.ts'
import { sweepCopies } from '../../src/sweep/sweep-copies.ts'
import { type LookupWorld, traceId } from './lookup-world.ts'

export interface Follower {
  readonly runtime: Runtime
  /** One round from region `here`'s store, by a worker that sees its own through `store`. */
  follow(
    options?: FollowOptions & { store?: ObjectStore; from?: ObjectStore },
  ): ReturnType<typeof followIndex>
  sweep(store?: ObjectStore): ReturnType<typeof sweepCopies>
  /** The newest copy's number, and which of these traces it names with how many rows; throws when it names what is not there. */
  knows(traces: readonly number[]): Promise<{ number: number; rows: Record<number, number> }>
}

/** Region `there`, which follows the index of `acme` in the world's region `here`. */
export function followerOf(world: LookupWorld): Follower {
  const store = memoryStore({ clock: world.runtime.clock })
  const runtime: Runtime = { ...world.runtime, region: 'there', store }
  const index = { tenant: 'acme', region: 'here' }
  return {
    runtime,
    follow: ({ store: through = store, from = world.store, ...options } = {}) =>
      followIndex(
        'acme',
        { region: 'here', store: from },
        { ...runtime, store: through },
        readCache().index,
        options,
      ),
    sweep: (through = store) =>
      sweepCopies(index, { ...runtime, store: through }, readCache().index),
    async knows(traces) {
      const cache = readCache().index
      const { manifest } = await newestManifest(index, runtime, cache)
      const rows: Record<number, number> = {}
      for (const trace of traces) {
        const located = await locateTrace(manifest, traceId(trace), runtime, cache)
        rows[trace] = located.reduce((sum, { from, to }) => sum + to - from, 0)
      }
      return { number: manifest.number, rows }
    },
  }
}
