import type { SpanFile } from '../index/day-list.ts'
import type { LocatorSet, Manifest } from '../index/manifest.ts'
import type { Runtime } from '../runtime.ts'
import type { IndexCache } from '../snapshot/index-cache.ts'
import { readLocatorFiles } from '../snapshot/read-locators.ts'

/**
 * A manifest's locators without those into files that are no longer live: sets say which of their files are dropped, and
 * a set all of whose files are goes itself. The entries go when sets are merged.
 */
export async function dropFromLocators(
  { tenant, region, locators }: Manifest,
  removed: readonly SpanFile[],
  runtime: Pick<Runtime, 'store' | 'codec'>,
  cache: IndexCache,
): Promise<readonly LocatorSet[]> {
  if (removed.length === 0) return locators
  const names = new Set(removed.map(({ name }) => name))
  const kept: LocatorSet[] = []
  for (const set of locators) {
    const files = await readLocatorFiles({ tenant, region }, set, runtime, cache)
    const dropped = new Set(set.dropped)
    for (const [number, { name }] of files.entries()) if (names.has(name)) dropped.add(number)
    if (dropped.size === set.files) continue
    kept.push({ ...set, dropped: [...dropped].sort((a, b) => a - b) })
  }
  return kept
}
