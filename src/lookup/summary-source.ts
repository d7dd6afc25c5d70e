import type { SpanFile } from '../index/day-list.ts'
import type { FreshFile } from '../snapshot/with-snapshot.ts'

/** A file whose summaries a list asks: a fresh file has them in its tail, a span file in an object beside it. */
export type SummarySource =
  | { readonly kind: 'fresh'; readonly file: FreshFile }
  | { readonly kind: 'spans'; readonly file: SpanFile }

/** True bounds of its spans' starts, signed. */
export function startsOf(source: SummarySource): { minNs: bigint; maxNs: bigint; rows: number } {
  const { startMinNs, startMaxNs, rows } = source.kind === 'fresh' ? source.file.tail : source.file
  return { minNs: startMinNs, maxNs: startMaxNs, rows }
}
