import { gunzipSync } from 'node:zlib'
import { generateRequests } from '../../functions/node/demo/generate-spans.ts'
import { flushBatch } from '../../src/flush/flush-batch.ts'
import { planBatches } from '../../src/flush/plan-batches.ts'
import { benchRuntime, envelopesOf } from './bench-runtime.ts'
import { type Effort, ratesOf } from './measure.ts'
import { decodeToObjects } from './otlp-objects.ts'
import type { Row } from './row.ts'
import { writeObjects } from './write-objects.ts'

const startMs = 1_790_000_000_000

/** Envelopes → fresh file: inflate, decode, sort, encode, create; on one thread, into memory. */
export async function benchFlush(effort: Effort): Promise<Row[]> {
  const spans = Math.round(46_000 * effort.scale)
  const bodies = generateRequests({ seed: 1, spans, spansPerRequest: 512, startMs })
  const envelopes = envelopesOf(bodies, startMs)
  const ours = async () => {
    const runtime = benchRuntime()
    let flushed = 0
    for (const batch of planBatches(envelopes, runtime.limits)) {
      flushed += (await flushBatch(batch, runtime)).spans
    }
    return flushed
  }
  const objects = () => {
    const inflated = envelopes.map(({ body }) =>
      gunzipSync(body.kind === 'inline' ? body.bytes : new Uint8Array()),
    )
    writeObjects(inflated.map(decodeToObjects))
    return spans
  }
  const [value, baseline] = await ratesOf(
    { ...effort, runs: Math.min(5, effort.runs) },
    ours,
    objects,
  )
  return [
    {
      what: 'envelopes → fresh file, whole flush',
      value: value / 1e3,
      unit: 'k spans/s',
      budget: 170,
      better: 'higher',
      baseline: { name: 'protobufjs + hyparquet-writer', value: baseline / 1e3 },
    },
  ]
}
