import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { serialize } from 'node:v8'
import { freshFiles, mergeFiles } from './fresh-files.ts'
import { type Effort, quantile, ratesOf } from './measure.ts'
import { mergeObjects } from './merge-objects.ts'
import type { Row } from './row.ts'

const run = promisify(execFile)

/** 1,000-row fresh files of about 100 columns → a span file; on one thread, from memory into memory. */
export async function benchCompact(effort: Effort): Promise<Row[]> {
  const files = freshFiles(Math.max(4, Math.round(100 * effort.scale)))
  const { files: merged, rowsRead } = mergeFiles(files)
  const ours = () => mergeFiles(files).rowsRead
  const objects = async () => {
    await mergeObjects(files)
    return rowsRead
  }
  const few = { ...effort, runs: Math.min(5, effort.runs) }
  const [value, baseline] = await ratesOf(few, ours, objects)
  const name = 'hyparquet + hyparquet-writer'
  const bytes = (all: readonly { readonly length: number }[]) =>
    all.reduce((sum, { length }) => sum + length, 0)
  return [
    {
      what: `merge of ${files.length} fresh files of 1,000 spans, ${merged[0]?.columns.own.length} columns`,
      value: value / 1e3,
      unit: 'k spans/s',
      budget: 100,
      better: 'higher',
      baseline: { name, value: baseline / 1e3 },
    },
    {
      what: 'bytes per span of what it writes',
      value: bytes(merged.map((file) => file.bytes)) / rowsRead,
      unit: 'B',
      better: 'lower',
      baseline: { name: 'the fresh files', value: bytes(files) / rowsRead },
    },
    {
      what: 'memory of that merge over baseline, young generation of 4 MB',
      value: await peakOf(files, 'columns', few),
      unit: 'MiB',
      budget: 64,
      better: 'lower',
      baseline: { name, value: await peakOf(files, 'objects', few) },
    },
  ]
}

async function peakOf(
  files: readonly Uint8Array[],
  how: 'columns' | 'objects',
  { runs }: Effort,
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'spanlake-bench-'))
  try {
    const path = join(folder, 'files')
    await writeFile(path, serialize(files))
    const script = join(import.meta.dirname, 'compact-memory.ts')
    const peaks: number[] = []
    for (let i = 0; i < Math.min(3, runs); i++) {
      const { stdout } = await run(process.execPath, [
        '--expose-gc',
        '--max-semi-space-size=4',
        script,
        how,
        path,
      ])
      peaks.push(Number(stdout))
    }
    return quantile(peaks, 0.5)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
