import { workerData } from 'node:worker_threads'
import { nodeLog } from '../../src/adapters/node/log.ts'
import { remoteMeter } from '../../src/adapters/node/meter.ts'
import { nodeRuntime } from '../../src/adapters/node/runtime.ts'
import { runCompaction } from '../../src/compact/run-compaction.ts'
import { parseTokens } from '../../src/ingest/parse-tokens.ts'
import { compactionShare } from '../../src/limits.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { WorkerSetup } from './flush-worker.ts'

// The thread that compacts. A merge that is cut off leaves objects that nobody names, so it may end at any moment.
const setup = workerData as WorkerSetup
const runtime = await nodeRuntime({
  ...setup,
  log: nodeLog(setup.logLevel),
  meter: remoteMeter(setup.meterPort),
})
const tenants = setup.tokensJson ? parseTokens(setup.tokensJson).tenants : new Map()
await runCompaction(runtime, readCache(), {
  intervalMs: setup.compactIntervalMs,
  share: compactionShare,
  retentionMsOf: (tenant) => tenants.get(tenant)?.retentionMs ?? setup.retentionMs,
  signal: new AbortController().signal,
})
