import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { serialize } from 'node:v8'
import { generateRequests } from '../../functions/node/demo/generate-spans.ts'
import { envelopesOf } from './bench-runtime.ts'
import { type Effort, quantile } from './measure.ts'
import type { Row } from './row.ts'

const run = promisify(execFile)
const startMs = 1_790_000_000_000

/** How far flushing full batches raises a process's peak of resident memory. */
export async function benchMemory(effort: Effort): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'spanlake-bench-'))
  try {
    const file = join(folder, 'envelopes')
    const bodies = generateRequests({ seed: 1, spans: 44_000, spansPerRequest: 512, startMs })
    await writeFile(file, serialize(envelopesOf(bodies, startMs)))
    const name = 'protobufjs + hyparquet-writer'
    const row = async (what: string, times: number): Promise<Row> => ({
      what,
      value: await peakOf(['batches', file, String(times)], effort),
      unit: 'MiB',
      better: 'lower',
      baseline: { name, value: await peakOf(['objects', file, String(times)], effort) },
    })
    return [
      { ...(await row('memory of a flush over baseline, 16 MiB', 1)), budget: 64 },
      await row('the same after ten, with what the allocator keeps', 10),
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function peakOf(words: readonly string[], { runs }: Effort): Promise<number> {
  const script = join(import.meta.dirname, 'flush-memory.ts')
  const peaks: number[] = []
  for (let i = 0; i < Math.min(3, runs); i++) {
    const { stdout } = await run(process.execPath, ['--expose-gc', script, ...words])
    peaks.push(Number(stdout))
  }
  return quantile(peaks, 0.5)
}
