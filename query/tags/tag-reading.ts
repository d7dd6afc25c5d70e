import { SpanlakeError } from '../../src/errors.ts'
import { tagBytesMax, tagMsMax } from '../../src/limits.ts'
import { costedStore, noCost, type ReadCost } from '../../src/lookup/read-cost.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { ReadCache } from '../../src/snapshot/read-cache.ts'
import { type Snapshot, withSnapshot } from '../../src/snapshot/with-snapshot.ts'

/** What a question about tags works with. */
export interface TagReading {
  readonly snapshot: Snapshot
  readonly runtime: Runtime
  readonly cache: ReadCache
  readonly cost: TagCost
  /** Why something may be missing. */
  readonly troubles: Set<string>
  /** True once as much is read or waited as may be; then the answer says so. Throws when the client is gone. */
  readonly isOver: () => boolean
}

export interface TagCost extends ReadCost {
  filesConsidered: number
  /** Files whose footer was asked for, from the store or from memory. */
  filesOpened: number
  /** Row groups of which columns were read. */
  groupsRead: number
}

export interface TagAnswer<Value> {
  readonly value: Value
  /** Why something may be missing; empty when nothing is. */
  readonly reasons: readonly string[]
  readonly cost: TagCost
}

/** Answers a question about a tenant's tags from one snapshot, and counts what it cost. Throws kind `unavailable`. */
export async function readTags<Value>(
  tenant: string,
  signal: AbortSignal | undefined,
  { runtime, cache }: { readonly runtime: Runtime; readonly cache: ReadCache },
  work: (reading: TagReading) => Promise<Value>,
): Promise<TagAnswer<Value>> {
  const { clock, meter } = runtime
  const cost: TagCost = { ...noCost(), ...noFiles }
  const costed = { ...runtime, store: costedStore(runtime.store, cost) }
  const startMs = clock.nowMs()
  try {
    return await withSnapshot(tenant, costed, cache, async (snapshot, reading) => {
      const { manifest, files, broken } = snapshot
      const filesConsidered = manifest.days.reduce((sum, day) => sum + day.files, files.length)
      // What begins again counts its files anew; what it asked of the store, it asked.
      Object.assign(cost, noFiles, { filesConsidered })
      const troubles = new Set(broken)
      const isOver = bounds({
        cost,
        troubles,
        signal,
        isLate: () => clock.nowMs() >= startMs + tagMsMax,
      })
      const value = await work({ snapshot, runtime: reading, cache, cost, troubles, isOver })
      return { value, reasons: [...troubles].sort(), cost }
    })
  } finally {
    meter.count('spanlake_tag_reads_total', 1)
    meter.observe('spanlake_tag_read_seconds', Math.max(0, clock.nowMs() - startMs) / 1_000)
    meter.count('spanlake_tag_gets_total', cost.gets)
    meter.count('spanlake_tag_bytes_total', cost.bytesRead)
  }
}

const noFiles = { filesConsidered: 0, filesOpened: 0, groupsRead: 0 }

interface Bounded {
  readonly cost: TagCost
  readonly troubles: Set<string>
  readonly signal: AbortSignal | undefined
  readonly isLate: () => boolean
}

function bounds({ cost, troubles, signal, isLate }: Bounded): () => boolean {
  return () => {
    if (signal?.aborted) throw new SpanlakeError('unavailable', 'reading tags was cancelled')
    const [late, large] = [isLate(), cost.bytesRead >= tagBytesMax]
    if (late) troubles.add(`reading tags ended after ${tagMsMax} ms`)
    if (large) troubles.add(`reading tags ended after ${tagBytesMax} bytes`)
    return late || large
  }
}
