import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startHttpServer } from '../../src/adapters/node/http-server.ts'
import { openSqliteQueue } from '../../src/adapters/node/sqlite-queue.ts'
import { exportTraces } from '../../src/ingest/export-traces.ts'
import { gatherEnvelopes } from '../../src/ingest/gather-envelopes.ts'
import { defaultLimits } from '../../src/limits.ts'
import { benchDoor } from './bench-door.ts'
import { benchRuntime } from './bench-runtime.ts'

// The baseline of ack latency: the same door and queue with nobody behind them.
const folder = process.argv[2] as string
await mkdir(folder, { recursive: true })
const queue = await openSqliteQueue({
  path: join(folder, 'queue.db'),
  bytesMax: 8 * 1024 ** 3,
  reserveBytes: 0,
})
const runtime = benchRuntime()
const door = benchDoor(runtime, gatherEnvelopes(queue, runtime))
const server = await startHttpServer({
  listen: { host: '127.0.0.1', port: 0 },
  limits: defaultLimits,
  exportTraces: (request) => exportTraces(request, door),
  app: { fetch: async () => new Response(undefined, { status: 404 }) },
})
process.stdout.write(`${server.url}\n`)
