import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { generateRequests } from '../../functions/node/demo/generate-spans.ts'
import { openSqliteQueue } from '../../src/adapters/node/sqlite-queue.ts'
import { exportTraces } from '../../src/ingest/export-traces.ts'
import { gatherEnvelopes } from '../../src/ingest/gather-envelopes.ts'
import { startSpanlake } from '../helpers/spanlake-process.ts'
import { benchDoor, gzipRequest } from './bench-door.ts'
import { benchRuntime } from './bench-runtime.ts'
import { sendLoad } from './http-load.ts'
import { type Effort, quantile, rateOf } from './measure.ts'
import type { Row } from './row.ts'

const clients = 64

/** The door with its queue on disk: 10-span requests, answered only once a sync has completed. */
export async function benchQueue(effort: Effort): Promise<Row[]> {
  const requests = Math.round(10_000 * effort.scale)
  const runs = { ...effort, runs: Math.min(3, effort.runs) }
  const bodies = generateRequests({ seed: 3, spans: 20_000, spansPerRequest: 10 }).map((body) =>
    gzipSync(body),
  )
  const folder = await mkdtemp(join(tmpdir(), 'spanlake-bench-'))
  try {
    const what = 'door with durable queue, 10-span requests'
    const unit = 'requests/s'
    const baseline = { name: 'a sync each', value: await syncEach(folder, bodies, runs) }
    const inProcess = await doorInProcess(folder, bodies, requests, runs)
    const overHttp = await doorOverHttp(folder, bodies, requests, runs)
    return [
      {
        what: `${what}, in process`,
        value: inProcess,
        unit,
        budget: 4_000,
        better: 'higher',
        baseline,
      },
      {
        what: `${what}, over HTTP`,
        value: overHttp,
        unit,
        budget: 4_000,
        better: 'higher',
        baseline,
      },
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function doorInProcess(
  folder: string,
  bodies: readonly Uint8Array[],
  requests: number,
  effort: Effort,
): Promise<number> {
  const queue = await openSqliteQueue({
    path: join(folder, 'bench.db'),
    bytesMax: 8 * 1024 ** 3,
    reserveBytes: 0,
  })
  const runtime = benchRuntime()
  const door = benchDoor(runtime, gatherEnvelopes(queue, runtime))
  const rate = await rateOf(effort, async () => {
    let next = 0
    const client = async () => {
      while (next < requests) {
        const body = bodies[next++ % bodies.length] as Uint8Array
        const { status } = await exportTraces(gzipRequest(body), door)
        if (status !== 200) throw new Error(`door must answer 200, got ${status}`)
      }
    }
    await Promise.all(Array.from({ length: clients }, client))
    return requests
  })
  await queue.close()
  return rate
}

/** A real server in its own process; the load comes from this one. */
async function doorOverHttp(
  folder: string,
  bodies: readonly Uint8Array[],
  requests: number,
  effort: Effort,
): Promise<number> {
  const flags = ['--flush-interval', '600s', '--log-level', 'warn']
  const server = await startSpanlake(join(folder, 'data'), flags)
  const rates: number[] = []
  for (let run = 0; run <= effort.runs; run++) {
    const load = { url: server.url, bodies, requests, connections: clients }
    const { seconds } = await sendLoad(load)
    if (run > 0 || effort.runs === 1) rates.push(requests / seconds)
  }
  await server.stop('SIGKILL') // what it holds is not worth flushing
  return quantile(rates, 0.5)
}

/** The baseline: what this disk does when every request is written and synced by itself. */
async function syncEach(
  folder: string,
  bodies: readonly Uint8Array[],
  effort: Effort,
): Promise<number> {
  const file = openSync(join(folder, 'synced'), 'a')
  const rate = await rateOf(effort, () => {
    for (const body of bodies.slice(0, 300)) {
      writeSync(file, body)
      fdatasyncSync(file)
    }
    return 300
  })
  closeSync(file)
  return rate
}
