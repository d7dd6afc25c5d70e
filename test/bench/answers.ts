import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateRequestsLazily } from '../../functions/node/demo/generate-spans.ts'
import { steppedClock } from '../../src/adapters/memory/clock.ts'
import { diskStore } from '../../src/adapters/node/disk-store.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { flushBatch } from '../../src/flush/flush-batch.ts'
import { planBatches } from '../../src/flush/plan-batches.ts'
import { spanPrefix } from '../../src/layout/keys.ts'
import { tenantDefault } from '../../src/limits.ts'
import type { ReadCost } from '../../src/lookup/read-cost.ts'
import { listAll } from '../../src/ports/object-store.ts'
import type { Runtime } from '../../src/runtime.ts'
import { type ReadCache, readCache } from '../../src/snapshot/read-cache.ts'
import { sweep } from '../../src/sweep/sweep.ts'
import { answerQuestions, type Question } from './answer-questions.ts'
import { benchRuntime, envelopesOf } from './bench-runtime.ts'
import { type Effort, quantile } from './measure.ts'
import { plainDuckdb } from './plain-duckdb.ts'
import type { Row } from './row.ts'

const beginMs = Date.UTC(2026, 9, 1, 9)
const flushes = 360
const spansPerFlush = 27_778

/**
 * Ten million spans of one hour, on disk and compacted: what engineers ask, cold (nothing in our memory; the system's may
 * hold the files) and warm, beside the same question put to the same files as SQL in DuckDB, on one thread, without a planner.
 * Filling takes minutes: a folder named by SPANLAKE_BENCH_FOLDER is filled once, and kept.
 */
export async function benchAnswers(effort: Effort): Promise<Row[]> {
  const kept = process.env.SPANLAKE_BENCH_FOLDER
  const folder = kept ?? (await mkdtemp(join(tmpdir(), 'spanlake-bench-')))
  try {
    const clock = steppedClock(beginMs)
    const store = await diskStore(folder, { owner: true })
    const runtime: Runtime = { ...benchRuntime(), clock, store }
    if ((await bytesUnder(runtime, spanPrefix(tenantDefault))) === 0) {
      await fill(runtime, (ms) => clock.step(ms), effort)
    }
    return await rowsOf(folder, runtime, effort)
  } finally {
    if (kept === undefined) await rm(folder, { recursive: true, force: true })
  }
}

async function rowsOf(folder: string, runtime: Runtime, effort: Effort): Promise<Row[]> {
  await using duckdb = await plainDuckdb(join(folder, spanPrefix(tenantDefault)))
  const hourBytes = await bytesUnder(runtime, spanPrefix(tenantDefault))
  const rows: Row[] = []
  for (const question of answerQuestions(beginMs)) {
    const asked = await askOften(question, runtime, effort)
    const sql = question.sql?.(duckdb.columns)
    const plain = sql === undefined ? undefined : await asOften(effort, () => duckdb.ask(sql))
    rows.push(...rowsFor(question, asked, { plain, hourBytes }))
  }
  return rows
}

interface Asked {
  readonly cold: readonly number[]
  readonly warm: readonly number[]
  readonly coldCost: ReadCost
  readonly warmCost: ReadCost
}

async function askOften(question: Question, runtime: Runtime, effort: Effort): Promise<Asked> {
  const [cold, warm]: [number[], number[]] = [[], []]
  let coldCost: ReadCost | undefined
  let warmCost: ReadCost | undefined
  const coldRuns = Math.max(1, effort.runs >> 1)
  let cache: ReadCache = readCache()
  for (let run = 0; run < coldRuns + 4 * effort.runs; run++) {
    const isCold = run < coldRuns
    if (isCold) cache = readCache()
    const startedMs = performance.now()
    const cost = await question.ask(runtime, cache, run)
    const ms = performance.now() - startedMs
    if (isCold) cold.push(ms)
    else warm.push(ms)
    if (isCold) coldCost ??= cost
    else warmCost = cost
  }
  if (coldCost === undefined || warmCost === undefined) throw new Error('bench must ask')
  return { cold, warm, coldCost, warmCost }
}

async function asOften({ runs }: Effort, ask: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < Math.max(1, runs >> 1); run++) {
    const startedMs = performance.now()
    await ask()
    times.push(performance.now() - startedMs)
  }
  return quantile(times, 0.5)
}

function rowsFor(
  { what, budgetMs, budgetShare }: Question,
  { cold, warm, coldCost, warmCost }: Asked,
  { plain, hourBytes }: { readonly plain: number | undefined; readonly hourBytes: number },
): Row[] {
  const ms = { unit: 'ms', better: 'lower' } as const
  const baseline = plain === undefined ? {} : { baseline: { name: 'plain DuckDB', value: plain } }
  return [
    { what: `${what}: warm p50`, value: quantile(warm, 0.5), ...ms, ...baseline },
    { what: `${what}: warm p95`, value: quantile(warm, 0.95), ...ms, ...budget(budgetMs) },
    { what: `${what}: cold p50`, value: quantile(cold, 0.5), ...ms },
    {
      what: `${what}: read warm, in ${warmCost.gets} GETs`,
      value: warmCost.bytesRead / 1_024,
      unit: 'KiB',
      better: 'lower',
    },
    {
      what: `${what}: read cold, in ${coldCost.gets} GETs`,
      value: (100 * coldCost.bytesRead) / hourBytes,
      unit: '% of the hour',
      better: 'lower',
      ...budget(budgetShare),
    },
  ]
}

function budget(value: number | undefined) {
  return value === undefined ? {} : { budget: value }
}

async function bytesUnder({ store }: Runtime, prefix: string): Promise<number> {
  let bytes = 0
  for await (const entry of listAll(store, prefix)) bytes += entry.bytes
  return bytes
}

async function fill(
  runtime: Runtime,
  step: (ms: number) => void,
  { scale }: Effort,
): Promise<void> {
  // A smaller hour is an hour all the same.
  const perFlush = Math.ceil(spansPerFlush * scale ** 2)
  for (let seed = 0; seed < flushes; seed++) {
    const startMs = runtime.clock.nowMs()
    // About 22 spans a trace: the flushes' traces lie side by side in time.
    const msPerTrace = (10_000 * 22) / perFlush
    const bodies = generateRequestsLazily({
      seed,
      spans: perFlush,
      spansPerRequest: 512,
      startMs,
      msPerTrace,
    })
    step(10_000)
    for (const batch of planBatches(envelopesOf([...bodies], startMs), runtime.limits)) {
      await flushBatch(batch, runtime)
    }
  }
  step(2 * 3_600_000)
  for (;;) {
    const { kind } = await compactStep(tenantDefault, runtime, readCache(), { now: true })
    if (kind === 'nothing') break
  }
  // As if an hour had gone by since: DuckDB's glob must not meet files that others replaced.
  for (let run = 0; run < 3; run++) {
    await sweep(tenantDefault, runtime, readCache().index, { graceMs: 0 })
  }
}
