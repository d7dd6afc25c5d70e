import type { Manifest } from '../index/manifest.ts'
import type { Runtime } from '../runtime.ts'
import type { IndexCache } from '../snapshot/index-cache.ts'
import { MissingObject } from '../snapshot/missing-object.ts'
import { namedObjects } from '../snapshot/named-objects.ts'

/** What these manifests name together; undefined when a part of the index is gone: another sweep has moved the floor on meanwhile. */
export async function namedByAny(
  manifests: readonly Manifest[],
  runtime: Runtime,
  cache: IndexCache,
): Promise<ReadonlySet<string> | undefined> {
  const named = new Set<string>()
  try {
    for (const manifest of manifests) {
      for (const key of await namedObjects(manifest, runtime, cache)) named.add(key)
    }
  } catch (error) {
    if (!(error instanceof MissingObject)) throw error
    return undefined
  }
  return named
}
