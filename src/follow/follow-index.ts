import { SpanlakeError } from '../errors.ts'
import type { Manifest } from '../index/manifest.ts'
import { encodeManifest } from '../index/manifest-format.ts'
import { indexPrefix, manifestKey } from '../layout/keys.ts'
import { followListingsMax, followObjectsMax, storeReadsAtOnce } from '../limits.ts'
import { listAll, type ObjectStore } from '../ports/object-store.ts'
import type { Runtime } from '../runtime.ts'
import type { IndexCache } from '../snapshot/index-cache.ts'
import { mapAtOnce } from '../snapshot/map-at-once.ts'
import { MissingObject } from '../snapshot/missing-object.ts'
import { namedIndexObjects } from '../snapshot/named-objects.ts'
import { newestManifest } from '../snapshot/newest-manifest.ts'

/** Another region, as far as its index may be read. */
export interface Peer {
  readonly region: string
  readonly store: Pick<ObjectStore, 'get' | 'list'>
}

export interface FollowReport {
  /** Of the newest copy, once this is done. */
  readonly number: number
  /** Objects and bytes that were copied, manifests included. */
  readonly objects: number
  readonly bytes: number
  /** It stopped at its bound: another run goes on, and until it is done the copy is the one before. */
  readonly more: boolean
}

export interface FollowOptions {
  readonly objectsMax?: number
}

/**
 * Copies what a peer's newest manifest names of its index, then the manifest itself, below the peer's own prefix of this
 * bucket (DESIGN §7). The manifest comes last, so that a copy never points to what is not there; it removes nothing: that
 * is `sweepCopies`' part (protocol V12). An object that is gone means starting again from the peer's newest. Any number
 * of followers may run side by side, and each may stop anywhere.
 *
 * Throws kind `unavailable` when the peer shows no manifest at all: an empty listing is no empty region; kind `corrupt`
 * when its number went back, or another manifest has the number that was copied: then nothing that the copy says of it
 * can be trusted, and a person must look.
 */
export async function followIndex(
  tenant: string,
  peer: Peer,
  runtime: Runtime,
  cache: IndexCache,
  options: FollowOptions = {},
): Promise<FollowReport> {
  for (let listings = 0; listings < followListingsMax; listings++) {
    try {
      return await followOnce(tenant, peer, runtime, cache, options.objectsMax ?? followObjectsMax)
    } catch (error) {
      if (!(error instanceof MissingObject)) throw error
    }
  }
  throw new SpanlakeError(
    'unavailable',
    `index of ${peer.region} must hold still for one copy, try again`,
  )
}

async function followOnce(
  tenant: string,
  peer: Peer,
  runtime: Runtime,
  cache: IndexCache,
  objectsMax: number,
): Promise<FollowReport> {
  const index = { tenant, region: peer.region }
  const theirs = { ...runtime, store: readOnly(peer.store) }
  const { manifest } = await newestManifest(index, theirs, cache)
  const copy = (await newestManifest(index, runtime, cache)).manifest
  if (manifest.number === 0) {
    throw new SpanlakeError(
      'unavailable',
      `region ${peer.region} must list a manifest of ${tenant}`,
    )
  }
  if (manifest.number < copy.number || isAnother(manifest, copy)) {
    throw new SpanlakeError(
      'corrupt',
      `manifests of ${peer.region} must not go back, ${tenant} was at ${copy.number}, is at ${manifest.number}`,
    )
  }
  if (manifest.number === copy.number) {
    return { number: copy.number, objects: 0, bytes: 0, more: false }
  }
  const missing = await missingObjects(manifest, theirs, runtime, cache)
  const chosen = missing.slice(0, objectsMax)
  const copied = await mapAtOnce(chosen, storeReadsAtOnce, async (key) => {
    const stored = await peer.store.get(key)
    if (stored === undefined) throw new MissingObject(key)
    await runtime.store.put(key, stored.body, { kind: 'overwrite' })
    return stored.body.length
  })
  const bytes = copied.reduce((sum, each) => sum + each, 0)
  if (chosen.length < missing.length) {
    return { number: copy.number, objects: chosen.length, bytes, more: true }
  }
  const body = encodeManifest(manifest, runtime.codec)
  const key = manifestKey(index, manifest.number)
  await runtime.store.put(key, body, { kind: 'overwrite' })
  const { number } = manifest
  return { number, objects: chosen.length + 1, bytes: bytes + body.length, more: false }
}

function isAnother(manifest: Manifest, copy: Manifest): boolean {
  return manifest.number === copy.number && manifest.nonce !== copy.nonce
}

/** What the peer's manifest names and this bucket does not list, in an order that every run takes. */
async function missingObjects(
  manifest: Manifest,
  theirs: Runtime,
  runtime: Runtime,
  cache: IndexCache,
): Promise<string[]> {
  const named = await namedIndexObjects(manifest, theirs, cache)
  for await (const { key } of listAll(runtime.store, indexPrefix(manifest))) named.delete(key)
  return [...named].sort()
}

/** A follower never writes where it reads. */
function readOnly({ get, list }: Peer['store']): ObjectStore {
  const refuse = async (): Promise<never> => {
    throw new SpanlakeError('internal', 'store of a peer must not be written to')
  }
  return { maxPutBytes: 0, get, list, put: refuse, delete: refuse }
}
