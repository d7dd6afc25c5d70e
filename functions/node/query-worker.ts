import { dirname } from 'node:path'
import { workerData } from 'node:worker_threads'
import { dependencyReaders } from '../../query/api/jaeger/dependency-readers.ts'
import { listReaders } from '../../query/api/jaeger/list-readers.ts'
import { searchReaders } from '../../query/api/jaeger/search-readers.ts'
import { createApp } from '../../query/app.ts'
import { sqlPool } from '../../query/engine/sql-pool.ts'
import { serveApp } from '../../src/adapters/node/app-thread.ts'
import { nodeLog } from '../../src/adapters/node/log.ts'
import { remoteMeter } from '../../src/adapters/node/meter.ts'
import { nodeRuntime } from '../../src/adapters/node/runtime.ts'
import { sqliteQueueClient } from '../../src/adapters/node/sqlite-queue.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { accessOf } from './access-file.ts'
import { sqlFolder } from './data-folders.ts'
import type { WorkerSetup } from './flush-worker.ts'

// The thread that answers lookups, so that decoding Parquet never delays an acknowledgement.
const setup = workerData as WorkerSetup
if (!setup.appPort) throw new Error('query thread must be given a port')
const log = nodeLog(setup.logLevel)
const runtime = await nodeRuntime({
  ...setup,
  log,
  meter: remoteMeter(setup.meterPort),
})
const queue = sqliteQueueClient(setup.queuePort)
const access = accessOf(setup.tokensJson, runtime)
const cache = readCache()
const jaeger = {
  ...searchReaders(runtime, cache),
  ...listReaders(runtime, cache),
  ...dependencyReaders(runtime, cache),
}
const sql = sqlPool({ folder: sqlFolder(dirname(setup.storeFolder)), log })
serveApp(setup.appPort, createApp({ runtime, queue, access, cache, jaeger, sql }))
