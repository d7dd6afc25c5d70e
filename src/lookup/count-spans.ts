import { findTraceRows } from '../index/summaries.ts'
import type { ReadSpan } from '../press/read-spans.ts'
import type { Runtime } from '../runtime.ts'
import type { FreshFile } from '../snapshot/with-snapshot.ts'
import { hexOf } from '../span/trace-id.ts'
import { countOnce, type EnvelopeCount } from './count-once.ts'
import { identityOf } from './dedupe-spans.ts'
import type { FoundTrace } from './newest-traces.ts'
import type { OpenSummaries } from './open-summaries.ts'
import { readRows } from './read-rows.ts'

/** OTLP's STATUS_CODE_ERROR. */
const statusError = 2

/**
 * Spans and errors of a trace, each row counted in the first file that holds it (DESIGN §4). Files that share no
 * envelope are counted by their summaries; rows are read only of files that share some and not all.
 */
export async function countSpans(
  { files, summary: { traceId } }: FoundTrace,
  summaries: OpenSummaries,
  runtime: Pick<Runtime, 'store' | 'codec'>,
): Promise<{ spans: number; errors: number }> {
  const countsOf = countOnce(files)
  let spans = 0
  let errors = 0
  for (const [at, file] of files.entries()) {
    const counts = countsOf[at] as EnvelopeCount[]
    if (counts.every(({ kind }) => kind === 'none')) continue
    if (counts.every(({ kind }) => kind === 'all')) {
      const part = summaries.one(file, traceId)
      spans += part?.spans ?? 0
      errors += part?.errors ?? 0
      continue
    }
    for (const { span } of await newRows(file, counts, traceId, runtime)) {
      spans++
      if (span.statusCode === statusError) errors++
    }
  }
  return { spans, errors }
}

async function newRows(
  file: FreshFile,
  counts: readonly EnvelopeCount[],
  traceId: Uint8Array,
  runtime: Pick<Runtime, 'store' | 'codec'>,
): Promise<ReadSpan[]> {
  const rows = await rowsOf(file, traceId, runtime)
  const known = new Map<number, Set<string>>()
  for (const place of new Set(rows.map(({ envelope }) => envelope))) {
    const count = counts[place]
    if (count?.kind !== 'some') continue
    const id = hexOf(file.tail.contents.envelopes[place]!.id)
    const names = new Set<string>()
    for (const earlier of count.earlier) {
      for (const { span, envelope } of await rowsOf(earlier, traceId, runtime)) {
        if (hexOf(earlier.tail.contents.envelopes[envelope]!.id) === id) names.add(identityOf(span))
      }
    }
    known.set(place, names)
  }
  return rows.filter(({ span, envelope }) => {
    if (counts[envelope]?.kind === 'none') return false
    return !known.get(envelope)?.has(identityOf(span))
  })
}

async function rowsOf(
  file: FreshFile,
  traceId: Uint8Array,
  runtime: Pick<Runtime, 'store' | 'codec'>,
): Promise<ReadSpan[]> {
  const rows = findTraceRows(file.tail.summaries, traceId, runtime.codec)
  return rows ? readRows(file, rows, runtime) : []
}
