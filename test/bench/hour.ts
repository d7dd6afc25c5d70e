import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateRequestsLazily } from '../../functions/node/demo/generate-spans.ts'
import { steppedClock } from '../../src/adapters/memory/clock.ts'
import { diskStore } from '../../src/adapters/node/disk-store.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { flushBatch } from '../../src/flush/flush-batch.ts'
import { planBatches } from '../../src/flush/plan-batches.ts'
import { freshPrefix, spanPrefix } from '../../src/layout/keys.ts'
import { tenantDefault } from '../../src/limits.ts'
import { listTraces } from '../../src/lookup/list-traces.ts'
import { lookupTrace } from '../../src/lookup/lookup-trace.ts'
import { encodeTracesData } from '../../src/otlp/encode.ts'
import { listAll, type ObjectStore } from '../../src/ports/object-store.ts'
import type { Runtime } from '../../src/runtime.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { sweep } from '../../src/sweep/sweep.ts'
import { benchRuntime, envelopesOf } from './bench-runtime.ts'
import { type Effort, quantile } from './measure.ts'
import type { Row } from './row.ts'

const beginMs = Date.UTC(2026, 9, 1, 9)
const spansPerFlush = 100
const lookups = 200

/** An hour of a flush a second, on disk, before and after it is compacted: few files, and the same answers. */
export async function benchHour(effort: Effort): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'spanlake-bench-'))
  try {
    const clock = steppedClock(beginMs)
    const store = await diskStore(folder, { owner: true })
    const runtime: Runtime = { ...benchRuntime(), clock, store }
    const flushes = Math.round(3_600 * effort.scale)
    for (let flush = 0; flush < flushes; flush++) {
      const startMs = clock.nowMs()
      const bodies = generateRequestsLazily({
        seed: flush,
        spans: spansPerFlush,
        spansPerRequest: spansPerFlush,
        startMs,
      })
      clock.step(1_000)
      for (const batch of planBatches(envelopesOf([...bodies], startMs), runtime.limits)) {
        await flushBatch(batch, runtime)
      }
    }
    const what = `${flushes} flushes of ${spansPerFlush} spans on disk`
    const before = await answersOf(runtime)
    const rows = [...(await fileRows(`${what}, fresh`, store)), ...before.rows(`${what}, fresh`)]
    clock.step(2 * 3_600_000)
    const startedMs = performance.now()
    const spans = await compactAll(runtime)
    const seconds = (performance.now() - startedMs) / 1_000
    rows.push({
      what: `${what}: compaction, reads and writes and syncs included`,
      value: spans / 1_000 / seconds,
      unit: 'k spans/s',
      better: 'higher',
    })
    // As if an hour had gone by since: the disk's own clock cannot be stepped.
    for (let run = 0; run < 3; run++) {
      await sweep(tenantDefault, runtime, readCache().index, { graceMs: 0 })
    }
    const after = await answersOf(runtime)
    if (after.digest !== before.digest) throw new Error('answers must be as before compaction')
    const named = `${what}, compacted, the same answers`
    return [...rows, ...(await fileRows(named, store)), ...after.rows(named)]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Rows merged. */
async function compactAll(runtime: Runtime): Promise<number> {
  const cache = readCache()
  let rows = 0
  for (;;) {
    const step = await compactStep(tenantDefault, runtime, cache, { now: true })
    if (step.kind === 'nothing') return rows
    if (step.kind === 'merged') rows += step.report.rowsBefore
  }
}

async function fileRows(what: string, store: ObjectStore): Promise<Row[]> {
  let [files, bytes] = [0, 0]
  for (const prefix of [freshPrefix(tenantDefault), spanPrefix(tenantDefault)]) {
    for await (const entry of listAll(store, prefix)) {
      files++
      bytes += entry.bytes
    }
  }
  return [
    { what: `${what}: files with spans`, value: files, unit: 'files', better: 'lower' },
    { what: `${what}: their size`, value: bytes / 1024 ** 2, unit: 'MiB', better: 'lower' },
  ]
}

/** Every trace as the list has it, and every span of some of them; how long those lookups took. */
async function answersOf(
  runtime: Runtime,
): Promise<{ digest: string; rows: (what: string) => Row[] }> {
  const digest = createHash('sha256')
  const ids: Uint8Array[] = []
  const cache = readCache()
  for (let after: string | undefined; ; ) {
    const options = { limit: 1_000, ...(after === undefined ? {} : { after }) }
    const page = await listTraces(tenantDefault, options, runtime, cache)
    for (const { traceId, spans, startNs, endNs, services } of page.traces) {
      ids.push(traceId)
      digest.update(`${hexOf(traceId)} ${spans} ${startNs} ${endNs} ${services.join()}\n`)
    }
    after = page.next
    if (after === undefined) break
  }
  const times: number[] = []
  let gets = 0
  for (let i = 0; i < lookups; i++) {
    const startedMs = performance.now()
    const id = ids[(i * 7919) % ids.length]!
    const answer = await lookupTrace(tenantDefault, id, runtime, cache)
    times.push(performance.now() - startedMs)
    if (!answer.complete || answer.spans.length === 0) throw new Error('lookup must find all')
    gets += answer.cost.gets
    digest.update(encodeTracesData(answer.spans))
  }
  return {
    digest: `${ids.length} ${digest.digest('hex')}`,
    rows: (what) => [
      {
        what: `${what}: trace by id, p50`,
        value: quantile(times, 0.5),
        unit: 'ms',
        better: 'lower',
      },
      {
        what: `${what}: trace by id, p95`,
        value: quantile(times, 0.95),
        unit: 'ms',
        better: 'lower',
      },
      { what: `${what}: GETs of a lookup`, value: gets / lookups, unit: 'GETs', better: 'lower' },
    ],
  }
}
