import { readFileSync } from 'node:fs'
import { deserialize } from 'node:v8'
import { gunzipSync } from 'node:zlib'
import type { Envelope } from '../../src/envelope/envelope.ts'
import { flushBatch } from '../../src/flush/flush-batch.ts'
import { planBatches } from '../../src/flush/plan-batches.ts'
import { benchRuntime } from './bench-runtime.ts'
import { decodeToObjects } from './otlp-objects.ts'
import { peakMemory } from './peak-memory.ts'
import { writeObjects } from './write-objects.ts'

// Run by memory.ts as a process of its own, which has held nothing but these envelopes: prints by how many MiB flushing
// them, as often as told, raised its peak.
const [how, file, times] = process.argv.slice(2)
const envelopes = deserialize(readFileSync(file as string)) as Envelope[]
const runtime = benchRuntime()
const batches = planBatches(envelopes, runtime.limits)
global.gc?.()
const beforeBytes = process.memoryUsage.rss()
for (let flush = 0; flush < Number(times); flush++) {
  if (how === 'objects') writeObjects(envelopes.map(inflate).map(decodeToObjects))
  else for (const batch of batches) await flushBatch(batch, benchRuntime())
}
const peakBytes = peakMemory()
process.stdout.write(`${(peakBytes - beforeBytes) / 1024 ** 2}\n`)

function inflate({ body }: Envelope): Uint8Array {
  return gunzipSync(body.kind === 'inline' ? body.bytes : new Uint8Array())
}
