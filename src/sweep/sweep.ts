import type { Manifest } from '../index/manifest.ts'
import {
  baseOf,
  freshPrefix,
  type IndexRef,
  indexPrefix,
  parseIndexObjectKey,
  parseManifestKey,
  parseSpanFileKey,
  parseSpillKey,
  spanPrefix,
  spillPrefix,
} from '../layout/keys.ts'
import { spillKeepMs, sweepDeletesMax, sweepGraceMs } from '../limits.ts'
import { type ListEntry, listAll } from '../ports/object-store.ts'
import type { Runtime } from '../runtime.ts'
import { commitManifest } from '../snapshot/commit-manifest.ts'
import type { IndexCache } from '../snapshot/index-cache.ts'
import { newestManifest, readManifest } from '../snapshot/newest-manifest.ts'
import { storeTime } from '../snapshot/store-time.ts'
import { namedByAny } from './named-by-any.ts'
import { removerOf } from './remover.ts'

export interface SweepReport {
  /** Of the manifest that it acted on. */
  readonly floor: number
  /** Objects removed, by where they lay. */
  readonly spanFiles: number
  readonly indexObjects: number
  readonly freshFiles: number
  readonly manifests: number
  readonly spills: number
  /** It stopped at its bound; another run goes on. */
  readonly more: boolean
}

export interface SweepOptions {
  /** Longer than any query, merge, or copy of one manifest's objects. */
  readonly graceMs?: number
  readonly deletesMax?: number
}

/**
 * Removes what nobody can need any more (DESIGN §4.4): what no manifest from the floor on names and was begun before it,
 * fresh files that both the floor's manifest and the newest call absorbed, then manifests below the floor. It acts on a
 * manifest that a listing showed it as newest, never on one because it wrote it (protocol V11); age alone removes
 * nothing but spills. Each run does a bounded part and may stop anywhere: the next takes stock anew.
 */
export async function sweep(
  tenant: string,
  runtime: Runtime,
  cache: IndexCache,
  options: SweepOptions = {},
): Promise<SweepReport> {
  const index = { tenant, region: runtime.region }
  const storeMs = await storeTime(index, runtime)
  await raiseFloor(index, storeMs - (options.graceMs ?? sweepGraceMs), runtime, cache)
  const remover = removerOf(runtime, options.deletesMax ?? sweepDeletesMax)
  const { manifest: newest, entries } = await newestManifest(index, runtime, cache)
  const standing = await standingManifests(newest, entries, index, runtime, cache)
  const named = standing && (await namedByAny(standing, runtime, cache))
  let [spanFiles, indexObjects, freshFiles, manifests] = [0, 0, 0, 0]
  if (standing && named) {
    const isGarbage = (key: string, name: string | undefined) =>
      name !== undefined && baseOf(name) < newest.floor && !named.has(key)
    spanFiles = await remover.remove(spanPrefix(tenant), ({ key }) =>
      isGarbage(key, parseSpanFileKey(key)?.name),
    )
    indexObjects = await remover.remove(indexPrefix(index), ({ key }) =>
      isGarbage(key, parseIndexObjectKey(key)?.name),
    )
    const [low] = standing as [Manifest]
    const absorbed = new Set(newest.absorbed).intersection(new Set(low.absorbed))
    freshFiles = await remover.remove(freshPrefix(tenant), ({ key }) => absorbed.has(key))
    manifests = await remover.removeInOrder(
      entries.filter(({ key }) => (parseManifestKey(key)?.number ?? newest.floor) < newest.floor),
    )
  }
  // Redelivery ends long before: the queue keeps nothing as long as this.
  const spills = await remover.remove(
    spillPrefix(tenant),
    ({ key, modifiedMs }) => parseSpillKey(key) !== undefined && modifiedMs < storeMs - spillKeepMs,
  )
  const { floor } = newest
  return { floor, spanFiles, indexObjects, freshFiles, manifests, spills, more: remover.isFull() }
}

/**
 * Commits the greatest number that was written before `writtenBeforeMs` as floor, and forgets absorbed files that are
 * gone: those that a listing begun after reading the manifest does not show.
 */
async function raiseFloor(
  index: IndexRef,
  writtenBeforeMs: number,
  runtime: Runtime,
  cache: IndexCache,
): Promise<void> {
  const { manifest, entries } = await newestManifest(index, runtime, cache)
  if (manifest.number === 0) return
  const old = entries.filter(({ modifiedMs }) => modifiedMs < writtenBeforeMs)
  const floor = parseManifestKey(old.at(-1)?.key ?? '')?.number ?? 0
  const here = new Set<string>()
  for await (const { key } of listAll(runtime.store, freshPrefix(index.tenant))) here.add(key)
  const gone = new Set(manifest.absorbed.filter((key) => !here.has(key)))
  await commitManifest(manifest, runtime, cache, async (on) => {
    if (floor <= on.floor && gone.size === 0) return undefined
    return {
      ...on,
      floor: Math.max(on.floor, floor),
      absorbed: on.absorbed.filter((key) => !gone.has(key)),
    }
  })
}

/** The manifests from the floor to the newest, ascending; undefined when one is missing or there is no floor yet. */
async function standingManifests(
  { floor, number }: Manifest,
  entries: readonly ListEntry[],
  index: IndexRef,
  runtime: Runtime,
  cache: IndexCache,
): Promise<Manifest[] | undefined> {
  if (floor === 0) return undefined
  const standing: Manifest[] = []
  for (const entry of entries) {
    const at = parseManifestKey(entry.key)?.number ?? 0
    if (at < floor || at > number) continue
    const manifest = await readManifest(entry, index, runtime, cache)
    if (manifest === undefined || manifest.number !== floor + standing.length) return undefined
    standing.push(manifest)
  }
  return standing.length === number - floor + 1 ? standing : undefined
}
