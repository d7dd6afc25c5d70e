import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { generateRequests } from '../../functions/node/demo/generate-spans.ts'
import { flushBatch } from '../../src/flush/flush-batch.ts'
import { planBatches } from '../../src/flush/plan-batches.ts'
import { jsonToProtobuf } from '../../src/otlp/json.ts'
import { benchRuntime, envelopesOf } from './bench-runtime.ts'
import type { Effort } from './measure.ts'
import { decodeToObjects } from './otlp-objects.ts'
import type { Row } from './row.ts'
import { writeObjects } from './write-objects.ts'

const startMs = 1_790_000_000_000
/** Real traces, where there are any: OTLP/JSON, one request a line, gzipped. */
const dataFolder =
  process.env.SPANLAKE_BENCH_DATA ?? join(import.meta.dirname, '../../../shared/data')

const realFiles = [
  { file: 'online-boutique.otlp.jsonl.gz', name: 'Online Boutique', budget: 25 },
  { file: 'train-ticket.otlp.jsonl.gz', name: 'Train Ticket', budget: 26 },
]

/** Bytes a span takes at rest, whole files with all that is in them. */
export async function benchSize(effort: Effort): Promise<Row[]> {
  const spans = Math.round(46_000 * effort.scale)
  const large = generateRequests({ seed: 1, spans, spansPerRequest: 512, startMs })
  const small = generateRequests({ seed: 1, spans: 2_000, spansPerRequest: 512, startMs })
  const rows = [
    await sizeRow('generated, 16 MiB a flush', large, startMs, 45),
    await sizeRow('generated, 2,000 spans a flush', small, startMs),
  ]
  for (const { file, name, budget } of realFiles) {
    const path = join(dataFolder, file)
    if (!existsSync(path)) {
      process.stderr.write(`${name} was not measured: no ${path} (set SPANLAKE_BENCH_DATA)\n`)
      continue
    }
    const lines = gunzipSync(readFileSync(path)).toString('utf8').split('\n').filter(Boolean)
    const bodies = lines.map((line) => jsonToProtobuf(new TextEncoder().encode(line)))
    rows.push(await sizeRow(name, bodies, timeIn(lines[0] ?? ''), budget))
  }
  return rows
}

async function sizeRow(
  name: string,
  bodies: readonly Uint8Array[],
  receivedMs: number,
  budget?: number,
): Promise<Row> {
  const runtime = benchRuntime()
  let spans = 0
  let bytes = 0
  let objectBytes = 0
  for (const batch of planBatches(envelopesOf(bodies, receivedMs), runtime.limits)) {
    const flushed = await flushBatch(batch, runtime)
    spans += flushed.spans
    bytes += flushed.bytes
    // The baseline gets the same spans in one file.
    const ofBatch = batch.parts.map(({ envelope: { body } }) =>
      gunzipSync(body.kind === 'inline' ? body.bytes : new Uint8Array()),
    )
    objectBytes += writeObjects(ofBatch.map(decodeToObjects)).length
  }
  return {
    what: `bytes per span at rest: ${name}`,
    value: bytes / spans,
    unit: 'B',
    ...(budget === undefined ? {} : { budget }),
    better: 'lower',
    baseline: { name: 'hyparquet-writer', value: objectBytes / spans },
  }
}

/** When the spans of a line happened: received then, they are no strays. */
function timeIn(line: string): number {
  return Number(line.match(/"startTimeUnixNano":\s*"(\d+)"/)?.[1] ?? 0) / 1e6
}
