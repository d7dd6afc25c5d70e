import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { generateRequests } from '../../functions/node/demo/generate-spans.ts'
import { startSpanlake } from '../helpers/spanlake-process.ts'
import { sendLoad } from './http-load.ts'
import { type Effort, quantile } from './measure.ts'
import type { Row } from './row.ts'

const spansPerSecond = 20_000
const spansPerRequest = 50
const requestsPerSecond = spansPerSecond / spansPerRequest

interface LoadedServer {
  readonly url: string
  kill(): Promise<void>
}

/** How long a client waits for its 200 while 20,000 spans a second are offered, with the press at work and without. */
export async function benchAck(effort: Effort): Promise<Row[]> {
  const seconds = 20 * effort.scale
  const without = await latencies(startDoorOnly, seconds)
  const flushing = await latencies(startFlushing, seconds)
  const name = 'no press running'
  return [0.5, 0.99].map((share) => ({
    what: `ack latency, 20 k spans/s offered, flushing: p${share * 100}`,
    value: quantile(flushing, share),
    unit: 'ms',
    ...(share === 0.99 ? { budget: 50 } : {}),
    better: 'lower',
    baseline: { name, value: quantile(without, share) },
  }))
}

async function latencies(
  start: (folder: string) => Promise<LoadedServer>,
  seconds: number,
): Promise<readonly number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'spanlake-bench-'))
  const server = await start(folder)
  try {
    const requests = requestsPerSecond * seconds
    const spans = Math.min(100_000, requests * spansPerRequest)
    const startMs = Date.now()
    const bodies = generateRequests({
      seed: 4,
      spans,
      spansPerRequest,
      startMs,
      msPerTrace: 1,
    }).map((body) => gzipSync(body))
    const load = { url: server.url, bodies, connections: 64 }
    // Warm: code compiled, connections and caches as in a server that has run for a while.
    await sendLoad({ ...load, requests: 2 * requestsPerSecond, requestsPerSecond })
    const { latenciesMs } = await sendLoad({ ...load, requests, requestsPerSecond })
    const flushed = (await readdir(folder, { recursive: true })).some((file) =>
      file.endsWith('.parquet'),
    )
    if (flushed !== (start === startFlushing)) throw new Error('only one of the two must flush')
    return latenciesMs
  } finally {
    await server.kill()
    await rm(folder, { recursive: true, force: true })
  }
}

async function startFlushing(folder: string): Promise<LoadedServer> {
  const { url, stop } = await startSpanlake(folder, ['--log-level', 'warn'])
  return {
    url,
    async kill() {
      await stop('SIGKILL')
    },
  }
}

async function startDoorOnly(folder: string): Promise<LoadedServer> {
  const script = join(import.meta.dirname, 'door-server.ts')
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [url] = await once(child.stdout, 'data')
  return {
    url: String(url).trim(),
    async kill() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
