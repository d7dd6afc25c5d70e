import { messageOf, SpanlakeError } from '../errors.ts'
import { freshPrefix, parseFreshFileKey } from '../layout/keys.ts'
import { freshListingsMax, storeReadsAtOnce } from '../limits.ts'
import { listAll } from '../ports/object-store.ts'
import type { FreshTail } from '../press/fresh-tail.ts'
import type { Runtime } from '../runtime.ts'
import type { FreshTailCache } from './fresh-tail-cache.ts'
import { readFreshTail } from './read-fresh-tail.ts'

export interface FreshFile {
  readonly key: string
  readonly tail: FreshTail
}

export interface FreshListing {
  /** In the order of their keys. */
  readonly files: readonly FreshFile[]
  /** Why files could not be read: an answer without them is not complete. */
  readonly broken: readonly string[]
}

/**
 * Every fresh file of a tenant. One that was listed and then is missing was absorbed meanwhile: the listing starts anew,
 * since its spans are elsewhere now (protocol V6), at most `freshListingsMax` times.
 */
export async function listFreshFiles(
  tenant: string,
  runtime: Pick<Runtime, 'store'>,
  cache: FreshTailCache,
): Promise<FreshListing> {
  for (let listings = 0; listings < freshListingsMax; listings++) {
    const keys: string[] = []
    for await (const { key } of listAll(runtime.store, freshPrefix(tenant))) {
      if (parseFreshFileKey(key)) keys.push(key)
    }
    const listing = await readTails(keys, runtime, cache)
    if (listing) return listing
  }
  throw new SpanlakeError('unavailable', 'fresh files must hold still for one listing, try again')
}

/** Undefined when one of the files is gone. */
async function readTails(
  keys: readonly string[],
  runtime: Pick<Runtime, 'store'>,
  cache: FreshTailCache,
): Promise<FreshListing | undefined> {
  const tails = new Array<FreshTail | undefined>(keys.length)
  const broken: string[] = []
  let isGone = false
  let next = 0
  const readOn = async (): Promise<void> => {
    while (next < keys.length && !isGone) {
      const at = next++
      const key = keys[at]!
      try {
        const tail = cache.get(key) ?? (await readFreshTail(key, runtime))
        if (tail === undefined) isGone = true
        else {
          cache.set(key, tail)
          tails[at] = tail
        }
      } catch (error) {
        // One broken file must not hide all others.
        if (!(error instanceof SpanlakeError) || error.kind !== 'corrupt') throw error
        broken.push(messageOf(error))
      }
    }
  }
  await Promise.all(Array.from({ length: storeReadsAtOnce }, readOn))
  if (isGone) return undefined
  const files = keys.flatMap((key, at) => (tails[at] ? [{ key, tail: tails[at] }] : []))
  return { files, broken: broken.sort() }
}
