import type { Manifest } from '../index/manifest.ts'
import {
  baseOf,
  type IndexRef,
  indexPrefix,
  parseIndexObjectKey,
  parseManifestKey,
} from '../layout/keys.ts'
import { sweepDeletesMax } from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import type { IndexCache } from '../snapshot/index-cache.ts'
import { newestManifest, readManifest } from '../snapshot/newest-manifest.ts'
import { namedByAny } from './named-by-any.ts'
import { removerOf } from './remover.ts'

export interface CopiesReport {
  /** Of the newest copied manifest. */
  readonly floor: number
  readonly indexObjects: number
  readonly manifests: number
  /** It stopped at its bound; another run goes on. */
  readonly more: boolean
}

/**
 * Removes what no copied manifest of another region needs any more, by the same rule as `sweep` (protocol V12): an object
 * begun before the newest copy's floor that no copy from the floor on names. What a follower has copied for a manifest that
 * is still to come was begun at that floor or later, or is named by the newest copy too. Copied numbers need not follow
 * each other.
 */
export async function sweepCopies(
  index: IndexRef,
  runtime: Runtime,
  cache: IndexCache,
  options: { readonly deletesMax?: number } = {},
): Promise<CopiesReport> {
  const { manifest: newest, entries } = await newestManifest(index, runtime, cache)
  const { floor } = newest
  const remover = removerOf(runtime, options.deletesMax ?? sweepDeletesMax)
  const standing: Manifest[] = []
  for (const entry of entries) {
    const number = parseManifestKey(entry.key)?.number ?? 0
    if (number < floor || number > newest.number) continue
    const manifest = await readManifest(entry, index, runtime, cache)
    if (manifest) standing.push(manifest)
  }
  const named = floor > 0 && (await namedByAny(standing, runtime, cache))
  if (!named) return { floor, indexObjects: 0, manifests: 0, more: false }
  const indexObjects = await remover.remove(indexPrefix(index), ({ key }) => {
    const name = parseIndexObjectKey(key)?.name
    return name !== undefined && baseOf(name) < floor && !named.has(key)
  })
  const manifests = await remover.removeInOrder(
    entries.filter(({ key }) => (parseManifestKey(key)?.number ?? floor) < floor),
  )
  return { floor, indexObjects, manifests, more: remover.isFull() }
}
