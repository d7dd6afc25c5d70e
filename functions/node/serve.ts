import { availableParallelism } from 'node:os'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { type App, remoteApp } from '../../src/adapters/node/app-thread.ts'
import { lockDataDirectory } from '../../src/adapters/node/data-directory.ts'
import { nodeLog } from '../../src/adapters/node/log.ts'
import { type NodeMeter, nodeMeter } from '../../src/adapters/node/meter.ts'
import { nodeRuntime } from '../../src/adapters/node/runtime.ts'
import { openSqliteQueue, type SqliteQueue } from '../../src/adapters/node/sqlite-queue.ts'
import { isLoopback, type ListenAddress } from '../../src/config.ts'
import { SpanlakeError } from '../../src/errors.ts'
import { type Door, type DoorRequest, exportTraces } from '../../src/ingest/export-traces.ts'
import { gatherEnvelopes } from '../../src/ingest/gather-envelopes.ts'
import { rateLimit } from '../../src/ingest/rate-limit.ts'
import {
  defaultLimits,
  flushWorkersMax,
  type Limits,
  stopWaitMs,
  tenantDefault,
} from '../../src/limits.ts'
import type { Log } from '../../src/ports/log.ts'
import type { Runtime } from '../../src/runtime.ts'
import { accessOf, readTokens } from './access-file.ts'
import { queueFile, storeFolder } from './data-folders.ts'
import { keepRegion } from './data-region.ts'
import type { WorkerSetup } from './flush-worker.ts'
import { type Listening, listenOn, type Ports } from './listen.ts'
import { operationsApp } from './operations-app.ts'

export interface ServeOptions extends Ports {
  readonly data: string
  /** Default: the one that the data directory is of. */
  readonly region?: string
  /** Milliseconds. */
  readonly flushInterval: number
  readonly compactInterval: number
  /** Unless the tenant has its own. */
  readonly retention: number
  readonly tokens?: string
  readonly corsOrigin: readonly string[]
  /** Bytes. */
  readonly maxRequestSize: number
  readonly maxQueueSize: number
  readonly diskReserve: number
  readonly flushWorkers?: number
  readonly logLevel: string
}

/** Options whose defaults are found. */
interface Settings extends ServeOptions {
  readonly region: string
}

export interface Served extends Listening {
  /** Stops taking requests, finishes those under way and, within `stopWaitMs`, the flush in hand; closes the queue. */
  close(): Promise<void>
}

/** Runs everything in this process: the door here; queue, press, compaction and lookups in threads of their own. */
export async function serve(given: ServeOptions): Promise<Served> {
  const log = nodeLog(given.logLevel)
  const tokensJson = given.tokens ? await readTokens(given.tokens) : undefined
  refuseOpenDoor(given.listen, tokensJson)
  // Stopped last to first, be it by `close` or because a later step of the start fails.
  await using started = new AsyncDisposableStack()
  started.adopt(await lockDataDirectory(given.data), (lock) => lock.release())
  const options = { ...given, region: await keepRegion(given.data, given.region) }
  const meter = nodeMeter()
  const limits = limitsOf(options)
  const queueOptions = {
    path: queueFile(options.data),
    bytesMax: options.maxQueueSize,
    reserveBytes: options.diskReserve,
  }
  const queue = started.adopt(await openSqliteQueue(queueOptions), (queue) => queue.close())
  const runtime = await nodeRuntime({
    storeFolder: storeFolder(options.data),
    region: options.region,
    limits,
    log,
    meter,
    owner: true,
  })
  const exportTraces = doorOf(options, runtime, queue, tokensJson)
  const threads = started.adopt(
    threadsOf(options, { tokensJson, limits, queue, meter, log }),
    (threads) => threads.close(),
  )
  threads.start()
  const app = operationsApp({ meter, queue, runtime, app: threads.app })
  const listening = started.adopt(
    await listenOn(options, { limits, exportTraces, app }),
    (listening) => listening.close(),
  )
  logStart(log, listening, options, tokensJson)
  const running = started.move()
  return {
    ...listening,
    async close() {
      await running.disposeAsync()
      log.info('stopped')
    },
  }
}

function doorOf(
  options: ServeOptions,
  runtime: Runtime,
  queue: SqliteQueue,
  tokensJson: string | undefined,
) {
  const door: Door = {
    runtime,
    queue: gatherEnvelopes(queue, runtime),
    access: accessOf(tokensJson, runtime),
    rate: rateLimit(runtime.clock),
    corsOrigins: options.corsOrigin,
    inFlight: { bytes: 0 },
  }
  return (request: DoorRequest) => exportTraces(request, door)
}

interface ThreadContext {
  readonly tokensJson: string | undefined
  readonly limits: Limits
  readonly queue: SqliteQueue
  readonly meter: NodeMeter
  readonly log: Log
}

interface Threads {
  readonly app: App
  start(): void
  /** Lets those that flush finish what they have in hand; the others may end at any moment. */
  close(): Promise<void>
}

const flushFile = './flush-worker.ts'

function threadsOf(options: Settings, context: ThreadContext): Threads {
  const cores = availableParallelism()
  const flushWorkers = options.flushWorkers ?? Math.min(flushWorkersMax, Math.max(1, cores - 1))
  const running = new Map<Worker, string>()
  let closing = false
  let current: App | undefined

  // A thread that dies (out of memory, a bug) is started anew: its messages come again by their visibility timeout,
  // and the poison rules see to it that the same envelope does not kill it for ever.
  const startThread = (file: string, appPort: () => MessagePort | undefined): void => {
    const worker = startWorker(file, options, context, appPort())
    running.set(worker, file)
    worker.on('error', (error) =>
      context.log.error('thread failed', { file, error: String(error) }),
    )
    worker.on('exit', (code) => {
      running.delete(worker)
      if (closing) return
      context.log.error('thread ended, starting it again', { file, code })
      setTimeout(() => closing || startThread(file, appPort), 1_000)
    })
  }
  return {
    app: { fetch: (request) => (current as App).fetch(request) },
    start() {
      for (let i = 0; i < flushWorkers; i++) startThread(flushFile, () => undefined)
      startThread('./compaction-worker.ts', () => undefined)
      startThread('./query-worker.ts', () => {
        const { port1, port2 } = new MessageChannel()
        current = remoteApp(port1)
        return port2
      })
    },
    async close() {
      closing = true
      const ending = [...running].map(([worker, file]) =>
        file === flushFile ? finishFlush(worker, context.log) : worker.terminate(),
      )
      await Promise.all(ending)
    },
  }
}

function startWorker(
  file: string,
  options: Settings,
  { tokensJson, limits, queue, meter }: ThreadContext,
  appPort: MessagePort | undefined,
): Worker {
  const queuePort = queue.connect()
  const meterPort = meter.connect()
  const setup: WorkerSetup = {
    storeFolder: storeFolder(options.data),
    region: options.region,
    limits,
    logLevel: options.logLevel,
    flushIntervalMs: options.flushInterval,
    compactIntervalMs: options.compactInterval,
    retentionMs: options.retention,
    tokensJson,
    queuePort,
    meterPort,
    appPort,
  }
  const transferList = appPort ? [queuePort, meterPort, appPort] : [queuePort, meterPort]
  return new Worker(new URL(file, import.meta.url), { workerData: setup, transferList })
}

/** A thread in a long synchronous step hears nothing. What it has not acknowledged comes again at the next start. */
function finishFlush(worker: Worker, log: Log): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      log.warn('flush thread does not stop, ending it', { waitedMs: stopWaitMs })
      void worker.terminate()
    }, stopWaitMs)
    worker.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    worker.postMessage('stop')
  })
}

/** Without tokens anyone who reaches the port may write and read. */
function refuseOpenDoor(listen: ListenAddress, tokensJson: string | undefined): void {
  if (tokensJson !== undefined || isLoopback(listen.host)) return
  throw new SpanlakeError(
    'invalid',
    `listen address must be loopback while no tokens are configured (--tokens FILE), got ${listen.host}`,
  )
}

function limitsOf({ maxRequestSize }: ServeOptions): Limits {
  return {
    ...defaultLimits,
    requestBytesMax: maxRequestSize,
    requestDecompressedBytesMax: maxRequestSize,
  }
}

function logStart(
  log: Log,
  { close: _, ...urls }: Listening,
  options: Settings,
  tokensJson?: string,
): void {
  const { region, data } = options
  log.info('serving', { ...urls, region, data })
  if (tokensJson === undefined) {
    log.warn('no tokens configured: one tenant, open to everyone on this machine', {
      tenant: tenantDefault,
    })
  }
}
