import { generateRequests } from '../../functions/node/demo/generate-spans.ts'
import { decodeRequest } from '../../src/otlp/decode.ts'
import { SpanBatchBuilder } from '../../src/span/span-batch-builder.ts'
import { type Effort, ratesOf } from './measure.ts'
import { decodeToObjects } from './otlp-objects.ts'
import type { Row } from './row.ts'

/** protobuf → SpanBatch, batches as large as a flush makes them. */
export async function benchDecode(effort: Effort): Promise<Row[]> {
  const spans = Math.round(46_000 * effort.scale)
  const bodies = generateRequests({ seed: 1, spans, spansPerRequest: 512 })
  let kept: unknown
  const ours = () => {
    const builder = new SpanBatchBuilder(1)
    for (const [envelope, body] of bodies.entries()) decodeRequest(body, builder, { envelope })
    return builder.finish().rows
  }
  const objects = () => {
    kept = bodies.map(decodeToObjects)
    return spans
  }
  const [value, baseline] = await ratesOf(effort, ours, objects)
  if (kept === undefined) throw new Error('baseline must have run')
  return [
    {
      what: 'protobuf → SpanBatch',
      value: value / 1e3,
      unit: 'k spans/s',
      budget: 600,
      better: 'higher',
      baseline: { name: 'protobufjs objects', value: baseline / 1e3 },
    },
  ]
}
