import { generateRequestsLazily } from '../../functions/node/demo/generate-spans.ts'
import { type SteppedClock, steppedClock } from '../../src/adapters/memory/clock.ts'
import { memoryStore } from '../../src/adapters/memory/store.ts'
import { compactStep } from '../../src/compact/compact.ts'
import type { MergeReport } from '../../src/compact/merge-report.ts'
import { flushBatch } from '../../src/flush/flush-batch.ts'
import { planBatches } from '../../src/flush/plan-batches.ts'
import { parseFreshFileKey } from '../../src/layout/keys.ts'
import { tenantDefault } from '../../src/limits.ts'
import { listTraces } from '../../src/lookup/list-traces.ts'
import { lookupTrace } from '../../src/lookup/lookup-trace.ts'
import { decodeRequest } from '../../src/otlp/decode.ts'
import { listAll, type ObjectStore } from '../../src/ports/object-store.ts'
import type { Runtime } from '../../src/runtime.ts'
import { newestManifest } from '../../src/snapshot/newest-manifest.ts'
import { type ReadCache, readCache } from '../../src/snapshot/read-cache.ts'
import { SpanBatchBuilder } from '../../src/span/span-batch-builder.ts'
import { sweep } from '../../src/sweep/sweep.ts'
import { benchRuntime, envelopesOf } from './bench-runtime.ts'
import { type Effort, quantile } from './measure.ts'
import type { Row } from './row.ts'

const beginMs = Date.UTC(2026, 9, 1)
const minuteMs = 60_000
const flushEveryMs = 15 * minuteMs
const flushesADay = 96
const spansPerFlush = 500
/** Of an object store's GET and LIST, as a round trip. */
const storeMs = 30

/** Thirty days on a simulated clock: what is kept, what it took to get there, and what reading it asks. */
export async function benchMonth(effort: Effort): Promise<Row[]> {
  const days = Math.max(2, Math.round(30 * effort.scale))
  const month = await liveThrough(days * flushesADay)
  return [
    ...(await keptRows(month, days)),
    // Thousands of files are asked each time: few runs tell.
    ...(await readRows(month, 'before compaction', month.fresh, { ...effort, runs: 2 })),
    ...(await readRows(month, 'compacted', month.compacted, effort)),
  ]
}

interface Month {
  readonly clock: SteppedClock
  readonly compacted: Runtime
  /** The same flushes, never compacted. */
  readonly fresh: Runtime
  readonly ids: readonly Uint8Array[]
  readonly spans: number
  readonly flushedBytes: number
  readonly reports: readonly MergeReport[]
  /** Of real time, in merges. */
  readonly mergeMs: number
  /** The most that any manifest had. */
  readonly locatorSets: number
}

async function liveThrough(flushes: number): Promise<Month> {
  const clock = steppedClock(beginMs)
  const compacted: Runtime = { ...benchRuntime(), clock, store: memoryStore({ clock }) }
  const fresh: Runtime = { ...compacted, store: memoryStore({ clock }) }
  const cache = readCache()
  const reports: MergeReport[] = []
  const ids: Uint8Array[] = []
  let [spans, mergeMs, locatorSets] = [0, 0, 0]
  for (let flush = 0; flush < flushes; flush++) {
    const bodies = [
      ...generateRequestsLazily({
        seed: flush,
        spans: spansPerFlush,
        spansPerRequest: spansPerFlush,
        startMs: clock.nowMs(),
      }),
    ]
    clock.step(flushEveryMs)
    for (const batch of planBatches(envelopesOf(bodies, clock.nowMs()), compacted.limits)) {
      await flushBatch(batch, compacted)
      await flushBatch(batch, fresh)
    }
    spans += spansPerFlush
    ids.push(firstTraceId(bodies[0] as Uint8Array))
    const startedMs = performance.now()
    reports.push(...(await compactAll(compacted, cache)))
    mergeMs += performance.now() - startedMs
    if (flush % 4 === 3) {
      await sweep(tenantDefault, compacted, cache.index)
      locatorSets = Math.max(locatorSets, await locatorSetsOf(compacted, cache))
    }
  }
  clock.step(3 * 60 * minuteMs)
  reports.push(...(await compactAll(compacted, cache)))
  // The floor rises behind what was last written, an hour later.
  clock.step(2 * 60 * minuteMs)
  while ((await sweep(tenantDefault, compacted, cache.index)).more);
  const flushedBytes = (await keptBytes(fresh.store)).get('fresh')?.bytes ?? 0
  return { clock, compacted, fresh, ids, spans, flushedBytes, reports, mergeMs, locatorSets }
}

function firstTraceId(body: Uint8Array): Uint8Array {
  const builder = new SpanBatchBuilder()
  decodeRequest(body, builder, { envelope: 0 })
  return builder.finish().traceIds.slice(0, 16)
}

async function compactAll(runtime: Runtime, cache: ReadCache): Promise<MergeReport[]> {
  const reports: MergeReport[] = []
  for (;;) {
    const step = await compactStep(tenantDefault, runtime, cache)
    if (step.kind === 'nothing') return reports
    if (step.kind === 'merged') reports.push(step.report)
  }
}

async function locatorSetsOf(runtime: Runtime, cache: ReadCache): Promise<number> {
  const index = { tenant: tenantDefault, region: runtime.region }
  return (await newestManifest(index, runtime, cache.index)).manifest.locators.length
}

async function keptRows(month: Month, days: number): Promise<Row[]> {
  const { reports, compacted, spans, flushedBytes } = month
  const kept = await keptBytes(compacted.store)
  const traces = await tracesOf(month)
  const sum = (of: (report: MergeReport) => number) =>
    reports.reduce((total, report) => total + of(report), 0)
  const flushes = `${days} days of ${days * flushesADay} flushes of ${spansPerFlush} spans`
  const indexKinds = ['days', 'locators', 'traces', 'receipts']
  const newest = await newestManifestBytes(compacted)
  const indexBytes = indexKinds.reduce((bytes, kind) => bytes + (kept.get(kind)?.bytes ?? 0), 0)
  const lower = { better: 'lower' } as const
  const rows: Row[] = [
    {
      what: `${flushes}: compaction`,
      value: sum(({ rowsBefore }) => rowsBefore) / month.mergeMs,
      unit: 'k spans/s',
      better: 'higher',
    },
    {
      what: `${flushes}: times a span is merged`,
      value: sum(({ rowsBefore }) => rowsBefore) / spans,
      unit: 'merges',
      ...lower,
    },
    {
      what: `${flushes}: write amplification`,
      value: (flushedBytes + sum(({ bytesWritten }) => bytesWritten)) / flushedBytes,
      unit: 'bytes written a byte flushed',
      ...lower,
    },
    {
      what: `${flushes}: index bytes per trace of ${numberOf(spans / traces)} spans`,
      value: (indexBytes + newest) / traces,
      unit: 'B',
      budget: 80,
      ...lower,
    },
    { what: `${flushes}: locator sets, at most`, value: month.locatorSets, unit: '', ...lower },
  ]
  for (const [kind, { objects, bytes }] of kept) {
    rows.push({
      what: `${flushes}: kept, ${kind}, ${numberOf(bytes / spans)} B a span`,
      value: objects,
      unit: 'objects',
      ...lower,
    })
  }
  return rows
}

function numberOf(value: number): number {
  return Number(value.toPrecision(3))
}

/** Objects and their bytes by the folder of their kind, once they are all swept that can be. */
async function keptBytes(
  store: ObjectStore,
): Promise<Map<string, { objects: number; bytes: number }>> {
  const kept = new Map<string, { objects: number; bytes: number }>()
  for await (const { key, bytes } of listAll(store, `${tenantDefault}/`)) {
    const parts = key.split('/')
    const kind = (parts[1] === 'index' ? parts[3] : parts[1]) as string
    const before = kept.get(kind) ?? { objects: 0, bytes: 0 }
    kept.set(kind, { objects: before.objects + 1, bytes: before.bytes + bytes })
  }
  return kept
}

async function newestManifestBytes({ store, region }: Runtime): Promise<number> {
  let newest = 0
  for await (const { bytes } of listAll(store, `${tenantDefault}/index/${region}/manifest/`)) {
    newest = bytes
  }
  return newest
}

async function tracesOf({ compacted }: Month): Promise<number> {
  let traces = 0
  let after: string | undefined
  const cache = readCache()
  do {
    const options = { limit: 1_000, ...(after === undefined ? {} : { after }) }
    const page = await listTraces(tenantDefault, options, compacted, cache)
    traces += page.traces.length
    after = page.next
  } while (after !== undefined)
  return traces
}

/** What a lookup and a list ask of the store: with nothing known, and the second time. */
async function readRows(
  { ids }: Month,
  state: string,
  runtime: Runtime,
  { runs }: Effort,
): Promise<Row[]> {
  const slow = { ...runtime, store: slowStore(runtime.store) }
  const files = await freshFilesOf(runtime.store)
  const named = files > 0 ? `${state}, ${files} fresh files` : state
  const rows: Row[] = []
  const warm = readCache()
  await lookupTrace(tenantDefault, ids[0]!, runtime, warm)
  await listTraces(tenantDefault, { limit: 20 }, runtime, warm)
  const questions = {
    'trace by id': async (i: number, cache: ReadCache) => {
      const id = ids[(i * 7919) % ids.length]!
      const { spans, cost } = await lookupTrace(tenantDefault, id, slow, cache)
      if (spans.length === 0) throw new Error('lookup must find its trace')
      return cost
    },
    'newest 20 traces': async (_: number, cache: ReadCache) => {
      const { traces, cost } = await listTraces(tenantDefault, { limit: 20 }, slow, cache)
      if (traces.length !== 20) throw new Error('list must find 20 traces')
      return cost
    },
  }
  for (const [question, ask] of Object.entries(questions)) {
    for (const [how, cacheOf] of [
      ['cold', readCache],
      ['warm', () => warm],
    ] as const) {
      const [times, gets, bytes]: [number[], number[], number[]] = [[], [], []]
      for (let i = 1; i <= runs; i++) {
        const startedMs = performance.now()
        const cost = await ask(i, cacheOf())
        times.push(performance.now() - startedMs)
        gets.push(cost.gets + cost.lists)
        bytes.push(cost.bytesRead)
      }
      const what = `${named}: ${question}, ${how}, ${storeMs} ms a request`
      rows.push(
        { what, value: quantile(times, 0.5), unit: 'ms', better: 'lower' },
        { what, value: quantile(gets, 0.5), unit: 'GETs and LISTs', better: 'lower' },
        { what, value: quantile(bytes, 0.5) / 1024, unit: 'KiB', better: 'lower' },
      )
    }
  }
  return rows
}

async function freshFilesOf(store: ObjectStore): Promise<number> {
  let files = 0
  for await (const { key } of listAll(store, `${tenantDefault}/`)) {
    if (parseFreshFileKey(key) !== undefined) files++
  }
  return files
}

/** Each request takes as long as one to a cloud's object store. */
function slowStore(store: ObjectStore): ObjectStore {
  const wait = () => new Promise((resolve) => setTimeout(resolve, storeMs))
  return {
    ...store,
    async get(key, range) {
      await wait()
      return store.get(key, range)
    },
    async list(prefix, after) {
      await wait()
      return store.list(prefix, after)
    },
  }
}
