import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { generateRequests } from '../../functions/node/demo/generate-spans.ts'
import { exportTraces } from '../../src/ingest/export-traces.ts'
import { benchDoor, gzipRequest } from './bench-door.ts'
import { benchRuntime } from './bench-runtime.ts'
import { type Effort, ratesOf } from './measure.ts'
import { decodeToObjects } from './otlp-objects.ts'
import type { Row } from './row.ts'

/** Request → sealed envelope, with a queue that takes everything and does nothing. */
export async function benchDoor512(effort: Effort): Promise<Row[]> {
  const spans = Math.round(102_400 * effort.scale)
  const bodies = generateRequests({ seed: 2, spans, spansPerRequest: 512 }).map((body) =>
    gzipSync(body),
  )
  const seen = { bytes: 0 }
  const sender = {
    maxEnvelopeBytes: 8 * 1024 * 1024,
    async send(sealed: Uint8Array) {
      seen.bytes += sealed.length
    },
  }
  const door = benchDoor(benchRuntime(), sender)
  const ours = async () => {
    for (const body of bodies) {
      const { status } = await exportTraces(gzipRequest(body), door)
      if (status !== 200) throw new Error(`door must answer 200, got ${status}`)
    }
    return spans
  }
  const objects = () => {
    for (const body of bodies) {
      const inflated = gunzipSync(body)
      createHash('sha256').update(inflated).digest()
      seen.bytes += decodeToObjects(inflated).resourceSpans.length
    }
    return spans
  }
  const [value, baseline] = await ratesOf(effort, ours, objects)
  return [
    {
      what: 'door: request → sealed envelope, 512 spans, gzip',
      value: value / 1e3,
      unit: 'k spans/s',
      budget: 1_000,
      better: 'higher',
      baseline: { name: 'gunzip + protobufjs + sha256', value: baseline / 1e3 },
    },
  ]
}
