import type { Manifest } from '../index/manifest.ts'
import { indexObjectKey, spanFileKey } from '../layout/keys.ts'
import type { Runtime } from '../runtime.ts'
import type { IndexCache } from './index-cache.ts'
import { readDayList } from './read-day-list.ts'

type NameReader = Pick<Runtime, 'store' | 'codec'>

/** Keys of every object that a manifest names, itself or through its day lists. */
export async function namedObjects(
  manifest: Manifest,
  runtime: NameReader,
  cache: IndexCache,
): Promise<Set<string>> {
  const { tenant, region, days } = manifest
  const named = await namedIndexObjects(manifest, runtime, cache)
  for (const day of days) {
    const { files } = await readDayList({ tenant, region }, day, runtime, cache)
    for (const file of files) named.add(spanFileKey({ tenant, ...file }))
  }
  return named
}

/** The same without the span files: what other regions copy. */
export async function namedIndexObjects(
  manifest: Manifest,
  runtime: NameReader,
  cache: IndexCache,
): Promise<Set<string>> {
  const { tenant, region } = manifest
  const index = { tenant, region }
  const named = new Set<string>()
  for (const { date, name } of manifest.days) {
    named.add(indexObjectKey({ ...index, kind: 'day', date, name }))
    const { files } = await readDayList(index, { date, name }, runtime, cache)
    for (const { hour, name: file } of files) {
      named.add(indexObjectKey({ ...index, kind: 'summaries', date, hour, name: file }))
    }
  }
  for (const { buckets } of manifest.locators) {
    for (const { name } of buckets) named.add(indexObjectKey({ ...index, kind: 'locators', name }))
  }
  for (const { date, hour, name } of manifest.receipts) {
    named.add(indexObjectKey({ ...index, kind: 'receipts', date, hour, name }))
  }
  return named
}
