import type { Manifest } from '../index/manifest.ts'
import { encodeManifest } from '../index/manifest-format.ts'
import { type IndexRef, manifestKey } from '../layout/keys.ts'
import { commitAttemptsMax } from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import type { IndexCache } from './index-cache.ts'
import { newestManifest } from './newest-manifest.ts'

/** What a commit leaves of a manifest: the next number and its nonce are the committer's. */
export type Changed = Omit<Manifest, 'number' | 'nonce'>

/**
 * Makes the change on top of a manifest: at first of the one its maker started from, then, after each lost race, of the
 * newest. Undefined: there is nothing to change, or no longer.
 */
export type Change = (on: Manifest, attempt: number) => Promise<Changed | undefined>

/**
 * Commits by creating the next number; who loses the race makes the change anew on the newest manifest (DESIGN §4.2).
 * Returns what was written and is no longer the newest by the time it is read: whoever deletes takes that from a listing.
 * Undefined when nothing was committed.
 */
export async function commitManifest(
  base: Manifest,
  runtime: Pick<Runtime, 'store' | 'codec' | 'random'>,
  cache: IndexCache,
  change: Change,
): Promise<Manifest | undefined> {
  const index: IndexRef = base
  let on = base
  for (let attempt = 0; attempt < commitAttemptsMax; attempt++) {
    // Objects whose base lies below the floor may be gone by now, however fast we are (protocol V2).
    if (base.number < on.floor) return undefined
    const changed = await change(on, attempt)
    if (changed === undefined) return undefined
    const next = { ...changed, number: on.number + 1, nonce: nonceOf(runtime) }
    const body = encodeManifest(next, runtime.codec)
    const put = await runtime.store.put(manifestKey(index, next.number), body, { kind: 'create' })
    on = (await newestManifest(index, runtime, cache)).manifest
    // A number that was swept can be created again, below the floor: nobody will ever look at it (protocol V11).
    if (put.kind === 'written') return next.number < on.floor ? undefined : next
  }
  return undefined
}

function nonceOf({ random }: Pick<Runtime, 'random'>): string {
  return Array.from(random.bytes(8), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
