import { kindOf, messageOf, SpanlakeError } from '../errors.ts'
import type { SpanFile, SpanFileGroup } from '../index/day-list.ts'
import { blocksOf } from '../index/locator-bucket.ts'
import { marksOf } from '../index/locator-marks.ts'
import { type Locator, readLocator } from '../index/locator-records.ts'
import type { Manifest } from '../index/manifest.ts'
import { mergeSummaries } from '../index/merge-summaries.ts'
import { decodeSummaries, type TraceSummary } from '../index/summaries.ts'
import {
  type IndexRef,
  indexObjectKey,
  indexPrefix,
  manifestPrefix,
  parseIndexObjectKey,
  parseManifestKey,
  parseSpanFileKey,
  spanFileKey,
  spanPrefix,
} from '../layout/keys.ts'
import { locatorBytes, storeReadsAtOnce, tailGuessBytes } from '../limits.ts'
import { type ListEntry, listAll } from '../ports/object-store.ts'
import { decodeFooterSuffix } from '../press/file-footer.ts'
import { decodeRowGroup } from '../press/read-spans.ts'
import { decodeSummaryFile } from '../press/read-summary-file.ts'
import type { Runtime } from '../runtime.ts'
import { readReceipts } from '../snapshot/absorbed-envelopes.ts'
import { mapAtOnce } from '../snapshot/map-at-once.ts'
import { MissingObject } from '../snapshot/missing-object.ts'
import { namedObjects } from '../snapshot/named-objects.ts'
import { newestManifest, readManifest } from '../snapshot/newest-manifest.ts'
import { type ReadCache, readCache } from '../snapshot/read-cache.ts'
import { readDayList } from '../snapshot/read-day-list.ts'
import { readLocatorBlocks, readLocatorFiles } from '../snapshot/read-locators.ts'
import { withSnapshot } from '../snapshot/with-snapshot.ts'
import { compareTraceIds, hexOf } from '../span/trace-id.ts'
import { sameSummary, summaryOfSpan } from './summary-of-span.ts'
import { withoutKeys } from './without-keys.ts'

export interface FsckReport {
  /** The number of the newest manifest that can be read; 0 when there is none. */
  readonly manifest: number
  readonly spanFiles: number
  /** Rows of span files, and of live fresh files. */
  readonly rows: number
  readonly freshFiles: number
  readonly freshRows: number
  /** What does not resolve or does not agree, with keys; empty when all is well. */
  readonly problems: readonly string[]
  /**
   * What no standing manifest names: the sweep removes it once it is old enough. Empty while one of them cannot be read,
   * as nobody knows what that one names.
   */
  readonly unnamed: readonly ListEntry[]
}

export interface FsckOptions {
  /** Decode every row group, not only footers. */
  readonly deep?: boolean
}

/** Looks again when what it looked at moved meanwhile. */
const looks = 3

/**
 * Checks a tenant's bucket: every live pointer resolves, and what parts of the index say of each other agrees. A site
 * at work moves on while it looks, so trouble counts only when it is met on a manifest that is newest before and after.
 * Manifests that cannot be read are problems, and the rest is held to the newest that can.
 */
export async function fsck(
  tenant: string,
  runtime: Runtime,
  options: FsckOptions = {},
): Promise<FsckReport> {
  const index = { tenant, region: runtime.region }
  for (let look = 1; ; look++) {
    const before = await newestKey(index, runtime)
    const report = await lookOnce(index, runtime, readCache(), options)
    if (report.problems.length === 0 || look === looks) return report
    if ((await newestKey(index, runtime)) === before) return report
  }
}

async function newestKey(index: IndexRef, runtime: Runtime): Promise<string | undefined> {
  return (await listManifests(index, runtime)).at(-1)?.key
}

async function listManifests(index: IndexRef, { store }: Runtime): Promise<ListEntry[]> {
  const entries: ListEntry[] = []
  for await (const entry of listAll(store, manifestPrefix(index))) {
    if (parseManifestKey(entry.key)) entries.push(entry)
  }
  return entries
}

async function lookOnce(
  index: IndexRef,
  whole: Runtime,
  cache: ReadCache,
  options: FsckOptions,
): Promise<FsckReport> {
  const problems: string[] = []
  const broken = await brokenManifests(index, whole, cache, problems)
  const runtime = { ...whole, store: withoutKeys(whole.store, broken) }
  const fresh = await checkFresh(index, runtime, cache, options, problems)
  const { manifest, entries } = await newestManifest(index, runtime, cache.index)
  const files = await checkFiles(manifest, runtime, cache, options, problems)
  await checkLocators(manifest, files, runtime, cache, problems)
  await checkReceipts(manifest, runtime, cache, problems)
  return {
    manifest: manifest.number,
    spanFiles: files.length,
    rows: files.reduce((sum, { rows }) => sum + rows, 0),
    ...fresh,
    problems,
    unnamed: broken.size > 0 ? [] : await listUnnamed(index, entries, runtime, cache, problems),
  }
}

async function brokenManifests(
  index: IndexRef,
  runtime: Runtime,
  cache: ReadCache,
  problems: string[],
): Promise<Set<string>> {
  const broken = new Set<string>()
  for (const entry of await listManifests(index, runtime)) {
    const problemsBefore = problems.length
    await attempt(problems, () => readManifest(entry, index, runtime, cache.index))
    if (problems.length > problemsBefore) broken.add(entry.key)
  }
  return broken
}

/** Runs a check; what is missing or broken is a problem, and so is what the check itself finds. */
async function attempt<T>(problems: string[], check: () => Promise<T>): Promise<T | undefined> {
  try {
    return await check()
  } catch (error) {
    if (!(error instanceof MissingObject) && kindOf(error) !== 'corrupt') throw error
    problems.push(messageOf(error))
    return undefined
  }
}

async function checkFresh(
  { tenant }: IndexRef,
  runtime: Runtime,
  cache: ReadCache,
  { deep = false }: FsckOptions,
  problems: string[],
): Promise<{ freshFiles: number; freshRows: number }> {
  const { files, broken } = await withSnapshot(tenant, runtime, cache, async (found) => found)
  problems.push(...broken)
  for (const { key, tail } of files) {
    const rows = tail.rowGroups.reduce((sum, group) => sum + group.rows, 0)
    if (rows !== tail.rows) {
      problems.push(`fresh file must have ${tail.rows} rows in its groups, has ${rows}, ${key}`)
    }
    if (!deep) continue
    await attempt(problems, async () => {
      const summaries = [...decodeSummaries(tail.summaries, runtime.codec)]
      await checkRows({ key, groups: tail.rowGroups }, summaries, runtime, problems)
    })
  }
  return {
    freshFiles: files.length,
    freshRows: files.reduce((sum, { tail }) => sum + tail.rows, 0),
  }
}

async function checkFiles(
  { tenant, region, days }: Manifest,
  runtime: Runtime,
  cache: ReadCache,
  { deep = false }: FsckOptions,
  problems: string[],
): Promise<SpanFile[]> {
  const files: SpanFile[] = []
  for (const day of days) {
    const list = await attempt(problems, () =>
      readDayList({ tenant, region }, day, runtime, cache.index),
    )
    if (list && list.files.length !== day.files) {
      problems.push(`day list must have ${day.files} files, has ${list.files.length}, ${day.date}`)
    }
    files.push(...(list?.files ?? []))
  }
  await mapAtOnce(files, storeReadsAtOnce, async (file) => {
    await attempt(problems, () => checkFooter(tenant, file, runtime, problems))
    const summaries = await attempt(problems, () =>
      checkSummaries({ tenant, region }, file, runtime, problems),
    )
    if (!deep) return
    const { groups } = file
    const key = spanFileKey({ tenant, ...file })
    await attempt(problems, () => checkRows({ key, groups }, summaries, runtime, problems))
  })
  return files
}

async function checkFooter(
  tenant: string,
  file: SpanFile,
  { store }: Runtime,
  problems: string[],
): Promise<void> {
  const key = spanFileKey({ tenant, ...file })
  let suffix = tailGuessBytes
  for (let reads = 0; reads < 3; reads++) {
    const stored = await store.get(key, { suffix })
    if (stored === undefined) throw new MissingObject(key)
    if (stored.bytes !== file.bytes) {
      problems.push(`span file must have ${file.bytes} bytes, has ${stored.bytes}, ${key}`)
      return
    }
    const footer = decodeFooterSuffix(stored.body, stored.bytes)
    if ('kind' in footer) {
      suffix = footer.suffixBytes
      continue
    }
    if (footer.rows !== file.rows || footer.groups.length !== file.groups.length) {
      problems.push(`span file must have ${file.rows} rows, has ${footer.rows}, ${key}`)
    }
    return
  }
}

async function checkSummaries(
  index: IndexRef,
  file: SpanFile,
  { store, codec }: Runtime,
  problems: string[],
): Promise<TraceSummary[]> {
  const key = indexObjectKey({ ...index, ...file, kind: 'summaries' })
  const stored = await store.get(key)
  if (stored === undefined) throw new MissingObject(key)
  const summaries = decoded(key, () => decodeSummaryFile(stored.body, codec))
  const spans = summaries.reduce((sum, summary) => sum + summary.spans, 0)
  if (spans !== file.rows || summaries.length !== file.traces) {
    problems.push(`summaries must count ${file.rows} spans, count ${spans}, ${key}`)
  }
  return summaries
}

/** A span file or a fresh file. */
interface CheckedFile {
  readonly key: string
  readonly groups: readonly Pick<
    SpanFileGroup,
    'offset' | 'bytes' | 'rows' | 'minTraceId' | 'maxTraceId'
  >[]
}

/** Decodes every row group, and holds the summaries to what the rows say of each trace. */
async function checkRows(
  { key, groups }: CheckedFile,
  summaries: readonly TraceSummary[] | undefined,
  { store, codec }: Runtime,
  problems: string[],
): Promise<void> {
  const traces = new Map<string, TraceSummary>()
  for (const group of groups) {
    const stored = await store.get(key, { offset: group.offset, length: group.bytes })
    if (stored === undefined) throw new MissingObject(key)
    const rows = decoded(`${key} ${group.offset}`, () =>
      decodeRowGroup(stored.body, group, { from: 0, to: group.rows }, codec),
    )
    const isOutside = rows.some(
      ({ span: { traceId } }) =>
        compareTraceIds(traceId, group.minTraceId) < 0 ||
        compareTraceIds(traceId, group.maxTraceId) > 0,
    )
    if (isOutside) problems.push(`row group must hold the trace ids stated, ${key} ${group.offset}`)
    for (const { span } of rows) {
      const id = hexOf(span.traceId)
      const known = traces.get(id)
      const one = summaryOfSpan(span)
      traces.set(id, known === undefined ? one : mergeSummaries([known, one]))
    }
  }
  if (summaries === undefined) return
  const told = new Set(summaries.map(({ traceId }) => hexOf(traceId))).size
  if (told !== traces.size) {
    problems.push(`summaries must tell of ${traces.size} traces, tell of ${told}, ${key}`)
  }
  const wrong = summaries.find((summary) => {
    const trace = traces.get(hexOf(summary.traceId))
    return trace === undefined || !sameSummary(trace, summary)
  })
  if (wrong) {
    problems.push(`summaries must say of trace ${hexOf(wrong.traceId)} what its rows say, ${key}`)
  }
}

/** What was read there; errors say where. */
function decoded<T>(place: string, decode: () => T): T {
  try {
    return decode()
  } catch (cause) {
    throw new SpanlakeError(kindOf(cause), `${messageOf(cause)}, ${place}`, { cause })
  }
}

/** Each live file's rows must be located once, in groups that it has, and no dead file's but as dropped. */
async function checkLocators(
  manifest: Manifest,
  files: readonly SpanFile[],
  runtime: Runtime,
  cache: ReadCache,
  problems: string[],
): Promise<void> {
  const byName = new Map(files.map((file) => [file.name, file]))
  const located = new Map<string, number>()
  for (const set of manifest.locators) {
    const names = await attempt(problems, () =>
      readLocatorFiles(manifest, set, runtime, cache.index),
    )
    if (names === undefined) continue
    const dropped = new Set(set.dropped)
    for (const [number, { name }] of names.entries()) {
      if (!dropped.has(number) && !byName.has(name)) {
        problems.push(`locators must not point into a file that is not live, ${name}`)
      }
    }
    for (const bucket of set.buckets) {
      await attempt(problems, async () => {
        const range = { from: 0, to: blocksOf(bucket.entries) }
        const records = await readLocatorBlocks(manifest, bucket, range, runtime)
        if (!sameBytes(marksOf(records), bucket.marks)) {
          problems.push(`marks must be of the bucket's own ids, ${bucket.name}`)
        }
        for (let at = 0; at < records.length / locatorBytes; at++) {
          const locator = readLocator(records, at)
          const file = byName.get(names[locator.file]?.name ?? '')
          if (file === undefined || dropped.has(locator.file)) continue
          if (!pointsIntoGroup(locator, file)) {
            problems.push(`locator must point into a row group, ${bucket.name} entry ${at}`)
          }
          located.set(file.name, (located.get(file.name) ?? 0) + locator.rows)
        }
      })
    }
  }
  for (const { name, rows } of files) {
    if (located.get(name) !== rows) {
      problems.push(`locators must find ${rows} rows, find ${located.get(name) ?? 0}, ${name}`)
    }
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

function pointsIntoGroup(
  { traceId, offset, bytes, firstRow, rows }: Locator,
  { groups }: SpanFile,
): boolean {
  const group = groups.find((each) => each.offset === offset)
  if (group === undefined || group.bytes !== bytes || firstRow + rows > group.rows) return false
  return (
    compareTraceIds(traceId, group.minTraceId) >= 0 &&
    compareTraceIds(traceId, group.maxTraceId) <= 0
  )
}

async function checkReceipts(
  manifest: Manifest,
  runtime: Runtime,
  cache: ReadCache,
  problems: string[],
): Promise<void> {
  for (const ref of manifest.receipts) {
    await attempt(problems, () => readReceipts(manifest, ref, runtime, cache.index))
  }
}

async function listUnnamed(
  index: IndexRef,
  entries: readonly ListEntry[],
  runtime: Runtime,
  cache: ReadCache,
  problems: string[],
): Promise<ListEntry[]> {
  const named = new Set<string>()
  for (const entry of entries) {
    const manifest = await readManifest(entry, index, runtime, cache.index)
    if (manifest === undefined) continue
    const isNewest = entry === entries.at(-1)
    // What manifests below the floor name may be gone: they are swept themselves next.
    const found = await attempt(isNewest ? problems : [], () =>
      namedObjects(manifest, runtime, cache.index),
    )
    for (const key of found ?? []) named.add(key)
  }
  const unnamed: ListEntry[] = []
  for (const prefix of [spanPrefix(index.tenant), indexPrefix(index)]) {
    for await (const entry of listAll(runtime.store, prefix)) {
      const { key } = entry
      const isOurs = parseSpanFileKey(key) ?? parseIndexObjectKey(key)
      if (isOurs && !named.has(key) && !parseManifestKey(key)) unnamed.push(entry)
    }
  }
  return unnamed
}
