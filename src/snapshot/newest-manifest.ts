import { SpanlakeError } from '../errors.ts'
import { emptyManifest, type Manifest } from '../index/manifest.ts'
import { decodeManifest } from '../index/manifest-format.ts'
import { type IndexRef, manifestPrefix, parseManifestKey } from '../layout/keys.ts'
import { freshListingsMax } from '../limits.ts'
import { type ListEntry, listAll } from '../ports/object-store.ts'
import type { Runtime } from '../runtime.ts'
import type { IndexCache } from './index-cache.ts'

export interface ManifestListing {
  /** The one with the greatest number; the empty one where none stands. */
  readonly manifest: Manifest
  /** Every manifest of the listing, numbers ascending. */
  readonly entries: readonly ListEntry[]
}

/**
 * What a listing shows as newest. Numbers are listed and never probed for: a number that is missing may have been swept
 * between two that stand (protocol V8). Throws kind `unavailable` when manifests are swept faster than they are read.
 */
export async function newestManifest(
  index: IndexRef,
  { store, codec }: Pick<Runtime, 'store' | 'codec'>,
  cache: IndexCache,
): Promise<ManifestListing> {
  for (let listings = 0; listings < freshListingsMax; listings++) {
    const entries: ListEntry[] = []
    for await (const entry of listAll(store, manifestPrefix(index))) {
      if (parseManifestKey(entry.key)) entries.push(entry)
    }
    const newest = entries.at(-1)
    if (newest === undefined)
      return { manifest: emptyManifest(index.tenant, index.region), entries }
    const manifest = await readManifest(newest, index, { store, codec }, cache)
    if (manifest) return { manifest, entries }
  }
  throw new SpanlakeError('unavailable', 'manifests must hold still for one answer, try again')
}

/** A listed manifest; undefined when it is gone. Throws kind `corrupt`. */
export async function readManifest(
  { key, version }: Pick<ListEntry, 'key' | 'version'>,
  index: IndexRef,
  { store, codec }: Pick<Runtime, 'store' | 'codec'>,
  cache: IndexCache,
): Promise<Manifest | undefined> {
  return cache.get(`${key} ${version}`, async () => {
    const stored = await store.get(key)
    if (stored === undefined) return { value: undefined, bytes: Number.POSITIVE_INFINITY }
    const manifest = decodeManifest(stored.body, key, codec)
    // A copy below another prefix must not show one tenant's index to the other.
    const isOurs = manifest.tenant === index.tenant && manifest.region === index.region
    if (!isOurs || manifest.number !== parseManifestKey(key)?.number) {
      throw new SpanlakeError('corrupt', `manifest must be of its key, ${key}`)
    }
    return { value: manifest, bytes: stored.body.length * 8 }
  })
}
