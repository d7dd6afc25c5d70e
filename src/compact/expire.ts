import type { SpanFile } from '../index/day-list.ts'
import type { Manifest } from '../index/manifest.ts'
import { freshPrefix, parseFreshFileKey } from '../layout/keys.ts'
import { listAll } from '../ports/object-store.ts'
import type { Runtime } from '../runtime.ts'
import { type Changed, commitManifest } from '../snapshot/commit-manifest.ts'
import { newestManifest } from '../snapshot/newest-manifest.ts'
import type { ReadCache } from '../snapshot/read-cache.ts'
import { readDayList } from '../snapshot/read-day-list.ts'
import { storeTime } from '../snapshot/store-time.ts'
import { endOfHourMs } from '../snapshot/with-snapshot.ts'
import { changeDays } from './change-days.ts'
import { dropFromLocators } from './drop-from-locators.ts'

export interface ExpireReport {
  /** Spans received before this are gone. */
  readonly expiredMs: number
  readonly spanFiles: number
  readonly freshFiles: number
}

const hourMs = 3_600_000

/**
 * Raises `expired` to `retentionMs` before now, in whole hours of receipt: fresh files, receipts and span files whose
 * newest receipt lies before it are no longer named. It only ever rises (protocol V9). By the store's time or ours,
 * whichever is less: a worker whose clock runs ahead must not expire anything early. Undefined when nothing changed.
 */
export async function expire(
  tenant: string,
  retentionMs: number,
  runtime: Runtime,
  cache: ReadCache,
): Promise<ExpireReport | undefined> {
  const index = { tenant, region: runtime.region }
  const nowMs = Math.min(await storeTime(index, runtime), runtime.clock.nowMs())
  const expiredMs = Math.floor((nowMs - retentionMs) / hourMs) * hourMs
  const fresh: string[] = []
  for await (const { key } of listAll(runtime.store, freshPrefix(tenant))) {
    const ref = parseFreshFileKey(key)
    if (ref && endOfHourMs(ref) <= expiredMs) fresh.push(key)
  }
  const { manifest: base } = await newestManifest(index, runtime, cache.index)
  if (expiredMs <= base.expiredMs || (base.number === 0 && fresh.length === 0)) return undefined
  let report: ExpireReport | undefined
  const committed = await commitManifest(base, runtime, cache.index, async (on) => {
    if (expiredMs <= on.expiredMs) return undefined
    const removed = await expiredFiles(on, expiredMs, runtime, cache)
    report = { expiredMs, spanFiles: removed.length, freshFiles: fresh.length }
    return withoutExpired(on, { expiredMs, removed, fresh }, base, runtime, cache)
  })
  return committed && report
}

async function expiredFiles(
  { tenant, region, days }: Manifest,
  expiredMs: number,
  runtime: Runtime,
  cache: ReadCache,
): Promise<SpanFile[]> {
  const expired: SpanFile[] = []
  for (const day of days) {
    if (day.receivedToMinMs >= expiredMs) continue
    const { files } = await readDayList({ tenant, region }, day, runtime, cache.index)
    expired.push(...files.filter(({ receivedToMs }) => receivedToMs < expiredMs))
  }
  return expired
}

async function withoutExpired(
  on: Manifest,
  {
    expiredMs,
    removed,
    fresh,
  }: { expiredMs: number; removed: readonly SpanFile[]; fresh: readonly string[] },
  base: Manifest,
  runtime: Runtime,
  cache: ReadCache,
): Promise<Changed | undefined> {
  const days = await changeDays(on, { added: [], removed }, base.number, runtime, cache.index)
  if (days === undefined) return undefined
  return {
    ...on,
    expiredMs,
    days,
    locators: await dropFromLocators(on, removed, runtime, cache.index),
    // Receipts stay as long as spans of theirs may: by hour of receipt, as `expired` itself.
    receipts: on.receipts.filter((ref) => endOfHourMs(ref) > expiredMs),
    absorbed: [...new Set([...on.absorbed, ...fresh])].sort(),
  }
}
