import { findTraceRows } from '../index/summaries.ts'
import type { ReadSpan } from '../press/read-spans.ts'
import type { Runtime } from '../runtime.ts'
import type { AbsorbedEnvelopes } from '../snapshot/absorbed-envelopes.ts'
import type { FreshFile } from '../snapshot/with-snapshot.ts'
import type { Span } from '../span/span.ts'
import { hexOf } from '../span/trace-id.ts'
import { countOnce, type EnvelopeCount } from './count-once.ts'
import { identityOf } from './dedupe-spans.ts'
import type { FoundTrace } from './newest-traces.ts'
import { readRows } from './read-rows.ts'

/** OTLP's STATUS_CODE_ERROR. */
const statusError = 2

export interface CountRules {
  readonly absorbed: AbsorbedEnvelopes
  /** Spans received before this are not live. */
  readonly expiredMs: number
  /** The trace's rows in span files: asked only where an envelope was absorbed in part. */
  readonly compactedSpans: (traceId: Uint8Array) => Promise<readonly Span[]>
}

/**
 * Spans and errors of a trace. Those of span files all count; a row of a fresh file counts when no receipt has its
 * envelope, in the first file that holds it (DESIGN §4). Files that share no envelope are counted by their summaries;
 * rows are read only where some of an envelope's are elsewhere.
 */
export async function countSpans(
  { parts, summary: { traceId } }: FoundTrace,
  rules: CountRules,
  runtime: Pick<Runtime, 'store' | 'codec'>,
): Promise<{ spans: number; errors: number }> {
  const files = parts.flatMap(({ source }) => (source.kind === 'fresh' ? [source.file] : []))
  const countsOf = countOnce(files, rules)
  let spans = 0
  let errors = 0
  for (const { source, summary } of parts) {
    const counts =
      source.kind === 'fresh' ? (countsOf[files.indexOf(source.file)] as EnvelopeCount[]) : []
    if (source.kind === 'spans' || counts.every(({ kind }) => kind === 'all')) {
      spans += summary.spans
      errors += summary.errors
      continue
    }
    if (counts.every(({ kind }) => kind === 'none')) continue
    for (const { span } of await newRows(source.file, counts, traceId, rules, runtime)) {
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
  { compactedSpans }: CountRules,
  runtime: Pick<Runtime, 'store' | 'codec'>,
): Promise<ReadSpan[]> {
  const rows = await rowsOf(file, traceId, runtime)
  const known = new Map<number, Set<string>>()
  for (const place of new Set(rows.map(({ envelope }) => envelope))) {
    const count = counts[place]
    if (count?.kind !== 'some') continue
    const id = hexOf(file.tail.contents.envelopes[place]!.id)
    const names = new Set<string>()
    if (count.inCompacted)
      for (const span of await compactedSpans(traceId)) names.add(identityOf(span))
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
