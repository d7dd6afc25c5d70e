import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { serialize } from 'node:v8'
import {
  type FileInput,
  fittingFiles,
  freshFiles,
  freshInput,
  mergeFiles,
  spanFiles,
} from './fresh-files.ts'
import { type Effort, quantile, ratesOf } from './measure.ts'
import { mergeObjects } from './merge-objects.ts'
import type { Row } from './row.ts'

const run = promisify(execFile)

/** A span file of so many comes to a sixth of what one merge reads: as many inputs, and as much output, as may be. */
const spanFileFiles = 38

/** 1,000-row fresh files of about 100 columns → a span file; on one thread, from memory into memory. */
export async function benchCompact(effort: Effort): Promise<Row[]> {
  const files = freshFiles(Math.max(4, Math.round(100 * effort.scale)))
  const inputs = files.map(freshInput)
  const { files: merged, rowsRead } = mergeFiles(inputs)
  const ours = () => mergeFiles(inputs).rowsRead
  const objects = async () => {
    await mergeObjects(files)
    return rowsRead
  }
  const few = { ...effort, runs: Math.min(5, effort.runs) }
  const [value, baseline] = await ratesOf(few, ours, objects)
  const name = 'hyparquet + hyparquet-writer'
  const bytes = (all: readonly { readonly length: number }[]) =>
    all.reduce((sum, { length }) => sum + length, 0)
  const rows: Row[] = [
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
  ]
  const fresh = fittingFiles(inputs)
  const spans = fittingFiles(spanFiles(8, Math.max(1, Math.round(spanFileFiles * effort.scale))))
  for (const [kind, most] of [
    [`${fresh.length} such files`, fresh],
    [
      `${spans.length} span files of ${Math.round(bodyBytes(spans) / spans.length / 1024)} KiB`,
      spans,
    ],
  ] as const) {
    rows.push({
      what: `memory of a merge of ${kind}, as many as it takes, over baseline, young generation of 4 MB`,
      value: await peakOf(most, 'columns', few),
      unit: 'MiB',
      budget: 64,
      better: 'lower',
      baseline: { name, value: await peakOf(most, 'objects', few) },
    })
  }
  return rows
}

function bodyBytes(inputs: readonly FileInput[]): number {
  return inputs.reduce((sum, { body }) => sum + body.length, 0)
}

async function peakOf(
  inputs: readonly FileInput[],
  how: 'columns' | 'objects',
  { runs }: Effort,
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'spanlake-bench-'))
  try {
    const path = join(folder, 'files')
    await writeFile(path, serialize(inputs))
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
