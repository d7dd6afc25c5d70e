import { mkdtemp, rm } from 'node:fs/promises'
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

/** How long a client waits for its 200 while 20,000 spans a second are offered, with the press at work and without. */
export async function benchAck(effort: Effort): Promise<Row[]> {
  const seconds = 20 * effort.scale
  const without = await latencies('600s', seconds)
  const flushing = await latencies('1s', seconds)
  const name = 'without flushing'
  return [0.5, 0.99].map((share) => ({
    what: `ack latency, 20 k spans/s offered, flushing: p${share * 100}`,
    value: quantile(flushing, share),
    unit: 'ms',
    ...(share === 0.99 ? { budget: 50 } : {}),
    better: 'lower',
    baseline: { name, value: quantile(without, share) },
  }))
}

async function latencies(flushInterval: string, seconds: number): Promise<readonly number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'spanlake-bench-'))
  const flags = ['--flush-interval', flushInterval, '--log-level', 'warn']
  const server = await startSpanlake(folder, flags)
  try {
    const requestsPerSecond = spansPerSecond / spansPerRequest
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
    await sendLoad({ ...load, requests: requestsPerSecond, requestsPerSecond })
    const { latenciesMs } = await sendLoad({ ...load, requests, requestsPerSecond })
    return latenciesMs
  } finally {
    await server.stop('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
}
