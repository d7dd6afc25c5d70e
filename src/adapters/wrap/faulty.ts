import { SpanlakeError } from '../../errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ObjectStore, PutResult } from '../../ports/object-store.ts'
import { type Random, uniform } from '../../ports/random.ts'

/** Each chance lies in [0, 1] and is 0 unless named. */
export interface StoreFaults {
  /** Decides every fault: the same bytes and calls meet the same faults. */
  readonly random: Random
  /** The operation fails and has no effect. */
  readonly failBefore?: number
  /** The operation takes effect, and its answer is lost. */
  readonly failAfter?: number
  /** A `create` or `update` fails and takes effect later, before one of the next operations. */
  readonly failLate?: number
  /** The operation takes up to `slowMs` longer, before or after its effect. */
  readonly slow?: number
  readonly slowMs?: number
  /** What slow operations sleep on. */
  readonly clock?: Clock
}

/** A store that fails as real ones do, by chance; with no chances it is the store itself. */
export function faultyStore(store: ObjectStore, faults: StoreFaults): ObjectStore {
  const { random, failBefore = 0, failAfter = 0, failLate = 0, slow = 0, slowMs = 1_000 } = faults
  const { clock } = faults
  let late: (() => Promise<unknown>)[] = []

  const maySleep = async (): Promise<void> => {
    if (uniform(random) < slow) await clock?.sleep(uniform(random) * slowMs)
  }
  const settleLate = async (): Promise<void> => {
    if (late.length === 0 || uniform(random) < 0.5) return
    const due = late
    late = []
    for (const put of due) await put()
  }
  const disturbed = async <T>(operation: () => Promise<T>): Promise<T> => {
    await settleLate()
    await maySleep()
    if (uniform(random) < failBefore) throw lost('before it took effect')
    const result = await operation()
    await maySleep()
    if (uniform(random) < failAfter) throw lost('after it took effect')
    return result
  }

  return {
    maxPutBytes: store.maxPutBytes,
    put: (key, body, mode) =>
      disturbed<PutResult>(async () => {
        // An overwrite that came late would undo what was promised since; no caller could tell.
        const mayBeLate = mode.kind !== 'overwrite' && body.length <= store.maxPutBytes
        if (!mayBeLate || uniform(random) >= failLate) return store.put(key, body, mode)
        const copy = body.slice()
        late.push(() => store.put(key, copy, mode))
        throw lost('to take effect later')
      }),
    get: (key, range) => disturbed(() => store.get(key, range)),
    list: (prefix, after) => disturbed(() => store.list(prefix, after)),
    delete: (keys) => disturbed(() => store.delete(keys)),
  }
}

function lost(when: string): SpanlakeError {
  return new SpanlakeError('unavailable', `store failed by chance, ${when}`)
}
