import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { generateRequests } from '../../functions/node/demo/generate-spans.ts'
import { diskStore } from '../../src/adapters/node/disk-store.ts'
import { flushBatch } from '../../src/flush/flush-batch.ts'
import { planBatches } from '../../src/flush/plan-batches.ts'
import { freshPrefix } from '../../src/layout/keys.ts'
import { tenantDefault } from '../../src/limits.ts'
import { lookupTrace } from '../../src/lookup/lookup-trace.ts'
import { decodeRequest } from '../../src/otlp/decode.ts'
import { listAll } from '../../src/ports/object-store.ts'
import type { Runtime } from '../../src/runtime.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { SpanBatchBuilder } from '../../src/span/span-batch-builder.ts'
import { benchRuntime, envelopesOf } from './bench-runtime.ts'
import { type Effort, quantile } from './measure.ts'
import type { Row } from './row.ts'

const startMs = 1_790_000_000_000
const spansPerFile = 2_000

/** A trace by its id among many fresh files on disk, their tails known from an earlier lookup. */
export async function benchLookup(effort: Effort): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'spanlake-bench-'))
  try {
    const runtime: Runtime = { ...benchRuntime(), store: await diskStore(folder, { owner: true }) }
    const files = Math.round(200 * effort.scale)
    const ids = await fillStore(runtime, files)
    return await lookupRows(runtime, files, ids, Math.round(300 * effort.scale))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Writes the files; returns trace ids that are in them. */
async function fillStore(runtime: Runtime, files: number): Promise<Uint8Array[]> {
  const ids: Uint8Array[] = []
  for (let file = 0; file < files; file++) {
    const bodies = generateRequests({
      seed: file,
      spans: spansPerFile,
      spansPerRequest: 512,
      startMs,
    })
    for (const batch of planBatches(envelopesOf(bodies, startMs), runtime.limits)) {
      await flushBatch(batch, runtime)
    }
    const builder = new SpanBatchBuilder()
    decodeRequest(bodies[0] as Uint8Array, builder, { envelope: 0 })
    const { traceIds } = builder.finish()
    for (const row of [0, 100, 200, 300]) ids.push(traceIds.slice(row * 16, row * 16 + 16))
  }
  return ids
}

async function lookupRows(
  runtime: Runtime,
  files: number,
  ids: readonly Uint8Array[],
  lookups: number,
): Promise<Row[]> {
  const cache = readCache()
  const name = `trace by id, ${files} fresh files of ${spansPerFile} spans`
  const coldMs = await timeOf(() => lookupTrace(tenantDefault, ids[0]!, runtime, cache))
  const times: number[] = []
  let gets = 0
  let bytes = 0
  for (let i = 0; i < lookups; i++) {
    const id = ids[(i * 7919) % ids.length]!
    const startedMs = performance.now()
    const answer = await lookupTrace(tenantDefault, id, runtime, cache)
    times.push(performance.now() - startedMs)
    if (answer.spans.length === 0) throw new Error('lookup must find its trace')
    gets += answer.cost.gets
    bytes += answer.cost.bytesRead
  }
  const baseline = {
    name: 'hyparquet, one file, told which',
    value: await readWithHyparquet(runtime),
  }
  return [
    { what: `${name}: p50`, value: quantile(times, 0.5), unit: 'ms', better: 'lower', baseline },
    { what: `${name}: p95`, value: quantile(times, 0.95), unit: 'ms', budget: 25, better: 'lower' },
    { what: `${name}: first`, value: coldMs, unit: 'ms', better: 'lower' },
    { what: `${name}: reads`, value: gets / lookups, unit: 'GETs', better: 'lower' },
    { what: `${name}: read`, value: bytes / lookups / 1024, unit: 'KiB', better: 'lower' },
  ]
}

/** What it takes to read all rows of one file and pick a trace's: the median of a few. */
async function readWithHyparquet({ store }: Runtime): Promise<number> {
  const times: number[] = []
  for await (const { key } of listAll(store, freshPrefix(tenantDefault))) {
    if (times.length === 5) break
    const file = (await store.get(key))?.body.slice().buffer as ArrayBuffer
    times.push(await timeOf(() => parquetReadObjects({ file, compressors, utf8: false })))
  }
  return quantile(times, 0.5)
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await work()
  return performance.now() - startedMs
}
