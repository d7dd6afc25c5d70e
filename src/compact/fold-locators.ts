import { blockBytesRange } from '../index/locator-bucket.ts'
import type { LocatorBucketRef, LocatorSet, Manifest } from '../index/manifest.ts'
import { filesOf, type LocatorsToMerge, mergeLocators } from '../index/merge-locators.ts'
import { indexObjectKey, objectName } from '../layout/keys.ts'
import { locatorMergeEntriesMax } from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import { commitManifest } from '../snapshot/commit-manifest.ts'
import { MissingObject } from '../snapshot/missing-object.ts'
import type { ReadCache } from '../snapshot/read-cache.ts'
import { readLocatorFiles } from '../snapshot/read-locators.ts'

/**
 * Joins the newest sets of locators into one where the next older is no larger than twice all of them: so there are
 * about as many sets as the logarithm of what they hold, and each locator is rewritten that often. Whether it committed.
 */
export async function foldLocators(
  base: Manifest,
  runtime: Runtime,
  cache: ReadCache,
): Promise<boolean> {
  const chosen = planLocators(base.locators)
  if (chosen.length < 2) return false
  const { tenant, region } = base
  const inputs: LocatorsToMerge[] = []
  for (const set of chosen) {
    inputs.push({ set, files: await readLocatorFiles(base, set, runtime, cache.index) })
  }
  const merge = mergeLocators(inputs, runtime.codec)
  const buckets: LocatorBucketRef[] = []
  let step = merge.next()
  while (!step.done) {
    if (step.value.kind === 'read') {
      const { set, bucket, range } = step.value
      const { name, entries } = chosen[set]!.buckets[bucket]!
      const key = indexObjectKey({ tenant, region, kind: 'locators', name })
      const stored = await runtime.store.get(key, blockBytesRange(range, entries))
      if (stored === undefined) throw new MissingObject(key)
      step = merge.next(stored.body)
      continue
    }
    const { bytes, entries, marks } = step.value.bucket
    const name = objectName(base.number, runtime.random.bytes(8))
    const key = indexObjectKey({ tenant, region, kind: 'locators', name })
    await runtime.store.put(key, bytes, { kind: 'overwrite' })
    buckets.push({ name, bytes: bytes.length, entries, marks })
    step = merge.next()
  }
  const files = filesOf(inputs)
  const committed = await commitManifest(base, runtime, cache.index, async (on) => {
    const places = inputs.map(({ set }) => on.locators.findIndex((other) => isSame(other, set)))
    if (places.includes(-1)) return undefined
    // Files that were dropped since: the merged set has their locators still.
    const gone = new Set<string>()
    for (const [i, { set, files: listed }] of inputs.entries()) {
      const before = new Set(set.dropped)
      for (const number of on.locators[places[i]!]!.dropped) {
        if (!before.has(number)) gone.add(listed[number]!.name)
      }
    }
    const dropped = files.flatMap(({ name }, number) => (gone.has(name) ? [number] : []))
    const merged = { since: on.number + 1, buckets, dropped, files: files.length }
    const kept = on.locators.filter((_, i) => !places.includes(i))
    return { ...on, locators: dropped.length < files.length ? [...kept, merged] : kept }
  })
  return committed !== undefined
}

function isSame(a: LocatorSet, b: LocatorSet): boolean {
  return a.buckets[0]?.name === b.buckets[0]?.name
}

/** The newest sets that are to be one; fewer than two when they are few enough as they are. */
export function planLocators(sets: readonly LocatorSet[]): readonly LocatorSet[] {
  const sizes = sets.map(({ buckets }) => buckets.reduce((sum, { entries }) => sum + entries, 0))
  let sum = 0
  let from = sets.length
  for (let i = sets.length - 1; i >= 0; i--) {
    const size = sizes[i] as number
    if (sum + size > locatorMergeEntriesMax || (i < sets.length - 1 && size > 2 * sum)) break
    sum += size
    from = i
  }
  return sets.slice(from)
}
