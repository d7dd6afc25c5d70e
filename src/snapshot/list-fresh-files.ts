import { messageOf, SpanlakeError } from '../errors.ts'
import { freshPrefix, parseFreshFileKey } from '../layout/keys.ts'
import { freshListingsMax, storeReadsAtOnce } from '../limits.ts'
import { listAll } from '../ports/object-store.ts'
import type { FreshTail } from '../press/fresh-tail.ts'
import type { Runtime } from '../runtime.ts'
import type { FreshTailCache, FreshTailPass } from './fresh-tail-cache.ts'
import { mapAtOnce } from './map-at-once.ts'
import { MissingObject } from './missing-object.ts'
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

/** Every fresh file of a tenant. Throws kind `unavailable` when they do not hold still for one listing. */
export async function listFreshFiles(
  tenant: string,
  runtime: Pick<Runtime, 'store'>,
  cache: FreshTailCache,
): Promise<FreshListing> {
  return withFreshFiles(tenant, runtime, cache, async (listing) => listing)
}

/**
 * What `work` makes of a tenant's fresh files. A file that was listed and then is missing was absorbed meanwhile: all
 * starts anew with the listing, since its spans are elsewhere now (protocol V6), `freshListingsMax` times in all.
 */
export async function withFreshFiles<T>(
  tenant: string,
  runtime: Pick<Runtime, 'store'>,
  cache: FreshTailCache,
  work: (listing: FreshListing) => Promise<T>,
): Promise<T> {
  for (let listings = 0; listings < freshListingsMax; listings++) {
    try {
      return await work(await listOnce(tenant, runtime, cache.pass()))
    } catch (error) {
      if (!(error instanceof MissingObject)) throw error
    }
  }
  throw new SpanlakeError('unavailable', 'fresh files must hold still for one answer, try again')
}

async function listOnce(
  tenant: string,
  runtime: Pick<Runtime, 'store'>,
  tails: FreshTailPass,
): Promise<FreshListing> {
  const keys: string[] = []
  for await (const { key } of listAll(runtime.store, freshPrefix(tenant))) {
    if (parseFreshFileKey(key)) keys.push(key)
  }
  const broken: string[] = []
  // Loads under way are not shared between answers: in workerd, one request cannot await another's I/O.
  const files = await mapAtOnce(keys, storeReadsAtOnce, async (key) => {
    try {
      return { key, tail: tails.get(key) ?? (await readTail(tenant, key, runtime, tails)) }
    } catch (error) {
      // One broken file must not hide all others.
      if (!(error instanceof SpanlakeError) || error.kind !== 'corrupt') throw error
      broken.push(messageOf(error))
      return undefined
    }
  })
  return { files: files.filter((file) => file !== undefined), broken: broken.sort() }
}

async function readTail(
  tenant: string,
  key: string,
  runtime: Pick<Runtime, 'store'>,
  tails: FreshTailPass,
): Promise<FreshTail> {
  const tail = await readFreshTail(key, runtime)
  if (tail === undefined) throw new MissingObject(key)
  // A file that was copied below another prefix must not show one tenant's spans to the other.
  if (tail.contents.tenant !== tenant) {
    throw new SpanlakeError('corrupt', `fresh file must be of tenant ${tenant}, ${key}`)
  }
  tails.set(key, tail)
  return tail
}
