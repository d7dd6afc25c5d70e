import { lockDataDirectory } from '../../src/adapters/node/data-directory.ts'
import { nodeLog } from '../../src/adapters/node/log.ts'
import { nodeRuntime } from '../../src/adapters/node/runtime.ts'
import { openSqliteQueue, type SqliteQueue } from '../../src/adapters/node/sqlite-queue.ts'
import { runFlush } from '../../src/flush/run-flush.ts'
import { openAccess } from '../../src/ingest/access.ts'
import { type Door, exportTraces } from '../../src/ingest/export-traces.ts'
import { gatherEnvelopes } from '../../src/ingest/gather-envelopes.ts'
import { rateLimit } from '../../src/ingest/rate-limit.ts'
import { defaultLimits } from '../../src/limits.ts'
import { silentMeter } from '../../src/ports/meter.ts'
import type { Runtime } from '../../src/runtime.ts'
import { queueFile, storeFolder } from './data-folders.ts'
import { keepRegion } from './data-region.ts'
import { serverTarget } from './import/server-target.ts'
import { type ImportTarget, importFiles } from './import.ts'

export interface ImportCommandOptions {
  /** A running server; straight into `data` where it is none. */
  readonly to?: string | undefined
  readonly token?: string
  readonly tenant?: string
  readonly data: string
  readonly region?: string
}

/** For tools that open the queue of a stopped server. */
export const queueOptions = { bytesMax: 1024 ** 3, reserveBytes: 256 * 1024 ** 2 } as const

/** Imports files into a running server, or straight into the data directory of one that is stopped. */
export async function importCommand(
  files: readonly string[],
  options: ImportCommandOptions,
): Promise<void> {
  const { to, token, tenant } = options
  const report = to
    ? await importFiles(files, serverTarget({ url: to, token, tenant }))
    : await intoDataDirectory(files, options)
  if (report.refusedSpans > 0) process.exitCode = 1
}

async function intoDataDirectory(files: readonly string[], options: ImportCommandOptions) {
  await using opened = new AsyncDisposableStack()
  opened.adopt(await lockDataDirectory(options.data), (lock) => lock.release())
  const region = await keepRegion(options.data, options.region)
  const queue = opened.adopt(
    await openSqliteQueue({ path: queueFile(options.data), ...queueOptions }),
    (queue) => queue.close(),
  )
  const runtime = await nodeRuntime({
    storeFolder: storeFolder(options.data),
    region,
    limits: defaultLimits,
    log: nodeLog('warn'),
    meter: silentMeter,
    owner: true,
  })
  const stopping = new AbortController()
  const flushing = runFlush(queue, runtime, { intervalMs: 250, signal: stopping.signal })
  opened.defer(() => {
    stopping.abort()
    return flushing
  })
  const report = await importFiles(files, doorTarget(queue, runtime, options.tenant))
  while ((await queue.depth()).messages > 0) await runtime.clock.sleep(50)
  return report
}

/** The same door that HTTP goes through, so that an import is checked and made durable like any request. */
function doorTarget(
  queue: SqliteQueue,
  runtime: Runtime,
  tenant: string | undefined,
): ImportTarget {
  const door: Door = {
    runtime,
    queue: gatherEnvelopes(queue, runtime),
    access: openAccess(tenant),
    rate: rateLimit(runtime.clock),
    corsOrigins: [],
    inFlight: { bytes: 0 },
  }
  return {
    async send(body, contentType) {
      const headers: Record<string, string> = { 'content-type': contentType }
      const header = (name: string) => headers[name]
      return exportTraces({ method: 'POST', header, body: oneChunk(body) }, door)
    },
  }
}

async function* oneChunk(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body
}
