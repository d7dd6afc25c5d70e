import { messageOf, SpanlakeError } from '../errors.ts'
import type { Manifest } from '../index/manifest.ts'
import { parseFreshFileKey, parseSpanFileKey, spanFileKey } from '../layout/keys.ts'
import { hourOverMs } from '../limits.ts'
import type { ListEntry } from '../ports/object-store.ts'
import type { Runtime } from '../runtime.ts'
import { MissingObject } from '../snapshot/missing-object.ts'
import { newestManifest } from '../snapshot/newest-manifest.ts'
import type { ReadCache } from '../snapshot/read-cache.ts'
import { readDayList } from '../snapshot/read-day-list.ts'
import { endOfHourMs, listLive } from '../snapshot/with-snapshot.ts'
import { foldLocators } from './fold-locators.ts'
import { foldReceipts } from './fold-receipts.ts'
import { mergeFresh } from './merge-fresh.ts'
import type { MergeReport } from './merge-report.ts'
import { mergeSpanFiles } from './merge-span-files.ts'
import { planFresh } from './plan-fresh.ts'
import { planSpans, type SpanMerge } from './plan-spans.ts'
import { BrokenInputs } from './run-merge.ts'

export interface CompactOptions {
  /** Merge what fresh files there are, however few and young. */
  readonly now?: boolean
  /** Told what waits before anything is done about it. */
  readonly onBacklog?: (backlog: Backlog) => void
}

/** What waits for compaction, and what it has made, as the step found them. */
export interface Backlog {
  readonly freshFiles: number
  readonly freshBytes: number
  /** When the oldest of them was written, by the store's time; undefined when there is none. */
  readonly oldestMs: number | undefined
  readonly spanFiles: number
  readonly spanFileBytes: number
}

/** What one step of compaction found to do. */
export type CompactStep =
  /** One merge, committed. */
  | { readonly kind: 'merged'; readonly report: MergeReport }
  /** Parts of the index were joined. */
  | { readonly kind: 'joined' }
  /** Files that cannot be read stood in the way: from now on they are left out. */
  | { readonly kind: 'left-out' }
  /** Another was faster: what this step made is named by nobody. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'nothing' }

/**
 * The one piece of work that a tenant's files are worth most: fresh files first, since every lookup asks each of them,
 * then small span files, then the index. Any number of compactors may run side by side, here and elsewhere; of two that
 * do the same, one commits.
 */
export async function compactStep(
  tenant: string,
  runtime: Runtime,
  cache: ReadCache,
  options: CompactOptions = {},
): Promise<CompactStep> {
  const listedMs = runtime.clock.nowMs()
  const { manifest, fresh } = await listLive(tenant, runtime, cache)
  options.onBacklog?.(backlogOf(manifest, fresh))
  try {
    return await stepOn(manifest, fresh, listedMs, runtime, cache, options)
  } catch (error) {
    if (error instanceof BrokenInputs) {
      return leaveOut(error.keys, messageOf(error.cause), manifest, runtime, cache)
    }
    if (!(error instanceof MissingObject)) throw error
    return await afterMissing(error, manifest, runtime, cache)
  }
}

async function stepOn(
  manifest: Manifest,
  fresh: readonly ListEntry[],
  listedMs: number,
  runtime: Runtime,
  cache: ReadCache,
  { now = false }: CompactOptions,
): Promise<CompactStep> {
  const readable = fresh.filter(({ key }) => !cache.broken.has(key))
  const chosen = planFresh(readable, listedMs, now)
  if (chosen.length > 0) {
    const report = await mergeFresh(manifest, { chosen, live: fresh, listedMs }, runtime, cache)
    if (report) return { kind: 'merged', report }
    const isBroken = chosen.some(({ key }) => cache.broken.has(key))
    return { kind: isBroken ? 'left-out' : 'lost' }
  }
  const merge = await firstSpanMerge(manifest, runtime, cache)
  if (merge) {
    const report = await mergeSpanFiles(manifest, merge, runtime, cache)
    return report ? { kind: 'merged', report } : { kind: 'lost' }
  }
  const joined =
    (await foldLocators(manifest, runtime, cache)) || (await foldReceipts(manifest, runtime, cache))
  return { kind: joined ? 'joined' : 'nothing' }
}

/**
 * What was listed is gone: nearly always because somebody else merged it, and the sweep came by. But what the manifest
 * names that is newest still is gone for good: a span file is left out, and a part of the index stops the work that needs
 * it, loudly. Throws kind `corrupt`.
 */
async function afterMissing(
  { key, message }: MissingObject,
  { tenant, region, number }: Manifest,
  runtime: Runtime,
  cache: ReadCache,
): Promise<CompactStep> {
  const { manifest } = await newestManifest({ tenant, region }, runtime, cache.index)
  if (manifest.number !== number || parseFreshFileKey(key)) return { kind: 'lost' }
  if (parseSpanFileKey(key) && !cache.broken.has(key)) {
    return leaveOut([key], message, manifest, runtime, cache)
  }
  throw new SpanlakeError('corrupt', `index must name what is there, missing ${key}`)
}

function leaveOut(
  keys: readonly string[],
  error: string,
  { tenant }: Manifest,
  { log }: Runtime,
  { broken }: ReadCache,
): CompactStep {
  for (const key of keys) {
    broken.add(key)
    log.error('file is left out of compaction', { tenant, key, error })
  }
  return { kind: 'left-out' }
}

function backlogOf({ days }: Manifest, fresh: readonly ListEntry[]): Backlog {
  return {
    freshFiles: fresh.length,
    freshBytes: fresh.reduce((sum, { bytes }) => sum + bytes, 0),
    oldestMs: fresh.reduce<number | undefined>(
      (oldest, { modifiedMs }) => Math.min(oldest ?? modifiedMs, modifiedMs),
      undefined,
    ),
    spanFiles: days.reduce((sum, { files }) => sum + files, 0),
    spanFileBytes: days.reduce((sum, { spanFileBytes }) => sum + spanFileBytes, 0),
  }
}

/** The latest days first: that is where lookups and lists look most. */
async function firstSpanMerge(
  { tenant, region, days }: Manifest,
  runtime: Runtime,
  cache: ReadCache,
): Promise<SpanMerge | undefined> {
  for (const day of days.toReversed()) {
    const { files } = await readDayList({ tenant, region }, day, runtime, cache.index)
    const readable = files.filter((file) => !cache.broken.has(spanFileKey({ tenant, ...file })))
    for (const [hour, hourFiles] of Map.groupBy(readable, (file) => file.hour)) {
      const overMs = endOfHourMs({ date: day.date, hour }) + hourOverMs
      const merge = planSpans(hourFiles, runtime.clock.nowMs() >= overMs)
      if (merge) return merge
    }
  }
  return undefined
}
