import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { nodeLog } from '../../src/adapters/node/log.ts'
import { remoteMeter } from '../../src/adapters/node/meter.ts'
import { nodeRuntime } from '../../src/adapters/node/runtime.ts'
import { sqliteQueueClient } from '../../src/adapters/node/sqlite-queue.ts'
import { runFlush } from '../../src/flush/run-flush.ts'
import type { Limits } from '../../src/limits.ts'

/** What `serve` hands each thread that works beside the answering one. */
export interface WorkerSetup {
  readonly storeFolder: string
  readonly region: string
  readonly limits: Limits
  readonly logLevel: string
  readonly flushIntervalMs: number
  readonly compactIntervalMs: number
  readonly retentionMs: number
  readonly tokensJson: string | undefined
  readonly queuePort: MessagePort
  readonly meterPort: MessagePort
  readonly appPort: MessagePort | undefined
}

// The thread that presses: it pulls from the queue until it is told to stop, finishes what it holds, and ends.
const setup = workerData as WorkerSetup
const runtime = await nodeRuntime({
  ...setup,
  log: nodeLog(setup.logLevel),
  meter: remoteMeter(setup.meterPort),
})
const stopping = new AbortController()
parentPort?.once('message', () => stopping.abort())
await runFlush(sqliteQueueClient(setup.queuePort), runtime, {
  intervalMs: setup.flushIntervalMs,
  signal: stopping.signal,
})
process.exit(0)
