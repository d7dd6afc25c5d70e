import { messageOf, SpanlakeError } from '../errors.ts'
import type { Manifest } from '../index/manifest.ts'
import { freshPrefix, parseFreshFileKey } from '../layout/keys.ts'
import { freshListingsMax, storeReadsAtOnce } from '../limits.ts'
import { type ListEntry, listAll, type ObjectStore } from '../ports/object-store.ts'
import type { FreshTail } from '../press/fresh-tail.ts'
import type { Runtime } from '../runtime.ts'
import type { FreshTailPass } from './fresh-tail-cache.ts'
import { mapAtOnce } from './map-at-once.ts'
import { MissingObject } from './missing-object.ts'
import { newestManifest } from './newest-manifest.ts'
import type { ReadCache } from './read-cache.ts'
import { readFreshTail } from './read-fresh-tail.ts'

export interface FreshFile {
  readonly key: string
  readonly tail: FreshTail
}

/** What is live: all that the manifest names, and every listed fresh file that it does not call absorbed. */
export interface Snapshot {
  readonly manifest: Manifest
  /** In the order of their keys. */
  readonly files: readonly FreshFile[]
  /** Why fresh files could not be read: an answer without them is not complete. */
  readonly broken: readonly string[]
}

/** What a site's runtime gives to reading. */
export type ReadRuntime = Pick<Runtime, 'store' | 'codec' | 'region'>

/**
 * What `work` makes of a tenant's snapshot: fresh files are listed, then manifests. An object that was listed or named
 * and then is missing was absorbed or replaced meanwhile: all starts anew with the listing of fresh files, since its
 * spans are elsewhere now (protocol V6), `freshListingsMax` times in all. What is missing the last time, under the manifest
 * of the time before, is lost: the store that `work` is handed calls it `corrupt` from then on, as long as that manifest is
 * the newest, so that answers are incomplete and name it. Throws kind `unavailable` when objects do not hold still.
 */
export async function withSnapshot<T, R extends ReadRuntime>(
  tenant: string,
  runtime: R,
  cache: ReadCache,
  work: (snapshot: Snapshot, runtime: R) => Promise<T>,
): Promise<T> {
  let missing = ''
  let before = ''
  for (let listings = 1; listings <= freshListingsMax; listings++) {
    const { fresh, manifest } = await listLive(tenant, runtime, cache)
    const isLast = listings === freshListingsMax && manifest.nonce === before
    if (isLast) rememberLoss(cache, tenant, manifest)
    const isLossy = cache.lossy.get(tenant) === manifest.nonce
    const reading = isLossy ? { ...runtime, store: lossyStore(runtime.store, manifest) } : runtime
    try {
      return await work(await readFresh(tenant, manifest, fresh, reading, cache), reading)
    } catch (error) {
      if (!(error instanceof MissingObject)) throw error
      missing = error.key
      before = manifest.nonce
    }
  }
  const rule = 'objects must hold still for one answer, try again'
  throw new SpanlakeError('unavailable', `${rule}, missing is ${missing}`)
}

/** A site has few tenants, but nobody holds them to that. */
const lossyTenantsMax = 1_000

function rememberLoss({ lossy }: ReadCache, tenant: string, { nonce }: Manifest): void {
  if (lossy.size >= lossyTenantsMax) lossy.clear()
  lossy.set(tenant, nonce)
}

/** Of a manifest that names what is missing. */
function lossyStore(store: ObjectStore, { number }: Manifest): ObjectStore {
  return {
    ...store,
    async get(key, range) {
      const stored = await store.get(key, range)
      if (stored !== undefined) return stored
      const rule = `object must be there, manifest ${number} or a listing has it`
      throw new SpanlakeError('corrupt', `${rule}, missing is ${key}`)
    },
  }
}

async function readFresh(
  tenant: string,
  manifest: Manifest,
  fresh: readonly ListEntry[],
  runtime: ReadRuntime,
  cache: ReadCache,
): Promise<Snapshot> {
  const keys = fresh.map(({ key }) => key)
  const tails = cache.tails.pass()
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
  return {
    manifest,
    files: files.filter((file) => file !== undefined),
    broken: broken.sort(),
  }
}

/**
 * The manifest that is newest, and the live fresh files as they are listed, unread. The listing of fresh files comes first: the
 * other way round, a file absorbed in between would be in neither.
 */
export async function listLive(
  tenant: string,
  runtime: ReadRuntime,
  cache: ReadCache,
): Promise<{ manifest: Manifest; fresh: ListEntry[] }> {
  const listed: ListEntry[] = []
  for await (const entry of listAll(runtime.store, freshPrefix(tenant))) listed.push(entry)
  const index = { tenant, region: runtime.region }
  const { manifest } = await newestManifest(index, runtime, cache.index)
  const absorbed = absorbedBy(manifest)
  const fresh = listed.filter(({ key }) => !absorbed.has(key) && isUnexpired(key, manifest))
  return { manifest, fresh }
}

const absorbedSets = new WeakMap<Manifest, ReadonlySet<string>>()

export function absorbedBy(manifest: Manifest): ReadonlySet<string> {
  const known = absorbedSets.get(manifest) ?? new Set(manifest.absorbed)
  absorbedSets.set(manifest, known)
  return known
}

/** A fresh file's key has the hour of its latest receipt; false for keys of nobody's. */
function isUnexpired(key: string, { expiredMs }: Manifest): boolean {
  const ref = parseFreshFileKey(key)
  return ref !== undefined && endOfHourMs(ref) > expiredMs
}

const hourMs = 3_600_000

export function endOfHourMs({ date, hour }: { date: string; hour: string }): number {
  return Date.parse(`${date}T${hour}:00:00Z`) + hourMs
}

async function readTail(
  tenant: string,
  key: string,
  runtime: Pick<Runtime, 'store' | 'codec'>,
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
