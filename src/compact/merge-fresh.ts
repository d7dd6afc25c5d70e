import type { EnvelopeSpans } from '../index/envelope-spans.ts'
import type { Manifest } from '../index/manifest.ts'
import { coverageOf, ordinalsOf, sameOrdinals } from '../index/ordinals.ts'
import { decodeSummaries } from '../index/summaries.ts'
import { freshPrefix } from '../layout/keys.ts'
import { spanFileBytesMax } from '../limits.ts'
import { type ListEntry, listAll } from '../ports/object-store.ts'
import { type MergeInput, mergeSpans } from '../press/merge-spans.ts'
import type { Runtime } from '../runtime.ts'
import { type AbsorbedEnvelopes, absorbedEnvelopes } from '../snapshot/absorbed-envelopes.ts'
import { type Changed, commitManifest } from '../snapshot/commit-manifest.ts'
import { MissingObject } from '../snapshot/missing-object.ts'
import type { ReadCache } from '../snapshot/read-cache.ts'
import { readDayList } from '../snapshot/read-day-list.ts'
import { absorbedBy } from '../snapshot/with-snapshot.ts'
import { hexOf } from '../span/trace-id.ts'
import { absorbedRows } from './absorbed-rows.ts'
import { changeDays } from './change-days.ts'
import { type FreshInput, readFreshInputs } from './fresh-inputs.ts'
import { type HourPartitions, hourNumber, hourPartitions } from './hour-partitions.ts'
import type { MergeReport } from './merge-report.ts'
import { type PutMerged, putMerged } from './put-merged.ts'
import { putReceipts, sortReceipts } from './put-receipts.ts'
import { type MergeSource, runMerge } from './run-merge.ts'

export interface FreshFiles {
  /** Those to absorb, the first to be taken first. */
  readonly chosen: readonly ListEntry[]
  /** All that were live when they were listed, and when that began. */
  readonly live: readonly ListEntry[]
  readonly listedMs: number
}

/**
 * Absorbs fresh files, as many of those chosen as fit: merges what they hold into span files, one an hour of starts, and
 * commits those with their index and the receipts of their envelopes. Rows that the compacted files hold already, by an
 * earlier delivery of their envelope, are left out. Undefined when another compactor was faster or the inputs are gone:
 * nothing is lost, as what no manifest names is swept.
 */
export async function mergeFresh(
  base: Manifest,
  { chosen, live, listedMs }: FreshFiles,
  runtime: Runtime,
  cache: ReadCache,
): Promise<MergeReport | undefined> {
  const inputs = await readFreshInputs(base.tenant, chosen, runtime, cache)
  if (inputs.length === 0) return undefined
  const envelopes = inputs.flatMap(({ tail }) => tail.contents.envelopes)
  const absorbed = await absorbedEnvelopes(base, envelopes, runtime, cache.index)
  const hours = hoursOf(inputs, runtime)
  // What the commit will read: were a part of it missing, nobody should find that out behind a merge.
  for (const day of base.days) {
    if (hours.hours.some(({ date }) => date === day.date)) {
      await readDayList(base, day, runtime, cache.index)
    }
  }
  const mergeInputs = await Promise.all(
    inputs.map((input) => mergeInputOf(input, base, absorbed, runtime, cache)),
  )
  const merge = mergeSpans(mergeInputs, {
    codec: runtime.codec,
    partitions: hours.hours.length,
    partitionOf: hours.partitionOf,
    fileBytesMax: spanFileBytesMax,
    hashSeed: new DataView(runtime.random.bytes(4).slice().buffer).getInt32(0),
  })
  const source: MergeSource = {
    inputs: mergeInputs,
    keyOf: (input) => (inputs[input] as FreshInput).key,
    read: ({ input, offset, length }) =>
      readRange(inputs[input] as FreshInput, offset, length, runtime),
  }
  const result = await runMerge(merge, source, runtime.codec)
  const contents = inputs.map(({ tail }) => tail.contents)
  const put = await putMerged(
    result.files,
    {
      hours: hours.hours,
      receivedFromMs: Math.min(...contents.map(({ receivedFromMs }) => receivedFromMs)),
      receivedToMs: Math.max(...contents.map(({ receivedToMs }) => receivedToMs)),
    },
    base,
    runtime,
  )
  const fresh: AbsorbedFresh = {
    inputs,
    envelopes,
    absorbed,
    put,
    receipts: await putReceipts(
      envelopes.filter((spans) => isLive(spans, base) && !isCovered(spans, absorbed)),
      base,
      runtime,
    ),
    asOfMs: Math.floor(
      leftOf(live, inputs).reduce((least, { modifiedMs }) => Math.min(least, modifiedMs), listedMs),
    ),
  }
  const committed = await commitManifest(base, runtime, cache.index, (on, attempt) =>
    absorb(on, attempt, fresh, base, runtime, cache),
  )
  if (committed === undefined) return undefined
  const rowsBefore = inputs.reduce((sum, { tail }) => sum + tail.rows, 0)
  return {
    kind: 'fresh',
    filesBefore: inputs.length,
    filesAfter: put.files.length,
    rowsBefore,
    rowsAfter: put.files.reduce((sum, { rows }) => sum + rows, 0),
    bytesRead: inputs.reduce((sum, { bytes }) => sum + bytes, 0),
    bytesWritten: put.bytes,
    indexBytesWritten: put.indexBytes,
  }
}

/** What waits on: not chosen, not fitting, or broken. */
function leftOf(live: readonly ListEntry[], inputs: readonly FreshInput[]): ListEntry[] {
  const keys = new Set(inputs.map(({ key }) => key))
  return live.filter(({ key }) => !keys.has(key))
}

interface AbsorbedFresh {
  readonly inputs: readonly FreshInput[]
  readonly envelopes: readonly EnvelopeSpans[]
  /** What the base's receipts said of them. */
  readonly absorbed: AbsorbedEnvelopes
  readonly put: PutMerged
  readonly receipts: Awaited<ReturnType<typeof putReceipts>>
  readonly asOfMs: number
}

/** The change that absorbs the inputs; undefined when one of them is no longer live, or another wrote what we did. */
async function absorb(
  on: Manifest,
  attempt: number,
  { inputs, envelopes, absorbed, put, receipts, asOfMs }: AbsorbedFresh,
  base: Manifest,
  runtime: Runtime,
  cache: ReadCache,
): Promise<Changed | undefined> {
  if (attempt > 0) {
    if (!(await areLive(inputs, on, runtime))) return undefined
    const now = await absorbedEnvelopes(on, envelopes, runtime, cache.index)
    if (envelopes.some((spans) => isWrittenByAnother(spans, absorbed, now))) return undefined
  }
  const days = await changeDays(
    on,
    { added: put.files, removed: [] },
    base.number,
    runtime,
    cache.index,
  )
  if (days === undefined) return undefined
  const locators = put.locators ? [{ ...put.locators, since: on.number + 1 }] : []
  return {
    ...on,
    asOfMs: Math.max(on.asOfMs, asOfMs),
    days,
    locators: [...on.locators, ...locators],
    receipts: sortReceipts([...on.receipts, ...receipts]),
    absorbed: [...new Set([...on.absorbed, ...inputs.map(({ key }) => key)])].sort(),
  }
}

/** Whether each input is listed still and not absorbed (protocol V5). */
async function areLive(
  inputs: readonly FreshInput[],
  on: Manifest,
  { store }: Pick<Runtime, 'store'>,
): Promise<boolean> {
  const absorbed = absorbedBy(on)
  if (inputs.some(({ key }) => absorbed.has(key))) return false
  const listed = new Set<string>()
  for await (const { key } of listAll(store, freshPrefix(on.tenant))) listed.add(key)
  return inputs.every(({ key }) => listed.has(key))
}

/** Whether the receipts have grown by spans that this merge wrote too: they would be counted twice (protocol V4). */
function isWrittenByAnother(
  spans: EnvelopeSpans,
  before: AbsorbedEnvelopes,
  now: AbsorbedEnvelopes,
): boolean {
  const id = hexOf(spans.id)
  const [old, current] = [before.get(id) ?? [], now.get(id) ?? []]
  return !sameOrdinals(old, current) && !isCovered(spans, before)
}

function isCovered(spans: EnvelopeSpans, absorbed: AbsorbedEnvelopes): boolean {
  return coverageOf(ordinalsOf(spans), absorbed.get(hexOf(spans.id)) ?? []) === 'all'
}

function isLive({ receivedMs }: EnvelopeSpans, { expiredMs }: Manifest): boolean {
  return receivedMs >= expiredMs
}

/** By hour of the traces' first starts, as the files' summaries tell them. */
function hoursOf(inputs: readonly FreshInput[], { codec }: Pick<Runtime, 'codec'>): HourPartitions {
  const rowsOfHour = new Map<number, number>()
  const add = (startNs: bigint, rows: number) => {
    const hour = hourNumber(startNs)
    rowsOfHour.set(hour, (rowsOfHour.get(hour) ?? 0) + rows)
  }
  for (const { tail } of inputs) {
    if (hourNumber(tail.startMinNs) === hourNumber(tail.startMaxNs)) add(tail.startMinNs, tail.rows)
    else
      for (const { startNs, spans } of decodeSummaries(tail.summaries, codec)) add(startNs, spans)
  }
  return hourPartitions(
    rowsOfHour,
    Math.max(...inputs.map(({ tail }) => tail.contents.receivedToMs)),
  )
}

async function mergeInputOf(
  input: FreshInput,
  base: Manifest,
  absorbed: AbsorbedEnvelopes,
  runtime: Runtime,
  cache: ReadCache,
): Promise<MergeInput> {
  const { tail, columns } = input
  const dropEnvelopes = new Set<number>()
  const partly = new Set<number>()
  for (const [place, spans] of tail.contents.envelopes.entries()) {
    const coverage = coverageOf(ordinalsOf(spans), absorbed.get(hexOf(spans.id)) ?? [])
    if (coverage === 'all' || !isLive(spans, base)) dropEnvelopes.add(place)
    else if (coverage === 'some') partly.add(place)
  }
  const dropRows =
    partly.size === 0 ? undefined : await absorbedRows(input, partly, base, runtime, cache)
  return {
    groups: tail.rowGroups,
    columns,
    dropEnvelopes,
    ...(dropRows && { dropRows }),
  }
}

async function readRange(
  { key, body }: FreshInput,
  offset: number,
  length: number,
  { store }: Pick<Runtime, 'store'>,
): Promise<Uint8Array> {
  if (body) return body.subarray(offset, offset + length)
  const stored = await store.get(key, { offset, length })
  if (stored === undefined) throw new MissingObject(key)
  return stored.body
}
