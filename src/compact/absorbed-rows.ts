import type { Manifest } from '../index/manifest.ts'
import { compactedRows } from '../lookup/compacted-rows.ts'
import { dedupeSpans, identityOf } from '../lookup/dedupe-spans.ts'
import { readRows } from '../lookup/read-rows.ts'
import type { Runtime } from '../runtime.ts'
import type { ReadCache } from '../snapshot/read-cache.ts'
import type { Span } from '../span/span.ts'
import { bytesOfHex, hexOf } from '../span/trace-id.ts'
import type { FreshInput } from './fresh-inputs.ts'

/**
 * Rows of a fresh file that the compacted files hold already, where receipts have an envelope in part: since rows do not
 * tell their ordinals, each is looked for by its trace. Seldom: it takes two flushes that cut one envelope differently.
 * `partly`: places of such envelopes in the file's list. Numbers of rows in the file.
 */
export async function absorbedRows(
  input: FreshInput,
  partly: ReadonlySet<number>,
  base: Manifest,
  runtime: Runtime,
  cache: ReadCache,
): Promise<ReadonlySet<number>> {
  const rows = await readRows(input, { from: 0, to: input.tail.rows }, runtime)
  const byTrace = new Map<string, { row: number; span: Span }[]>()
  for (const [row, { span, envelope }] of rows.entries()) {
    if (!partly.has(envelope)) continue
    const id = hexOf(span.traceId)
    const list = byTrace.get(id) ?? []
    list.push({ row, span })
    byTrace.set(id, list)
  }
  const absorbed = new Set<number>()
  for (const [id, candidates] of byTrace) {
    const compacted = await compactedRows(base, bytesOfHex(id), runtime, cache.index)
    const known = new Map(compacted.map((span) => [identityOf(span), span]))
    for (const { row, span } of candidates) {
      const other = known.get(identityOf(span))
      // One that would stay instead of theirs came in a different body: it stays until the two meet.
      if (other && dedupeSpans([other, span])[0] === other) absorbed.add(row)
    }
  }
  return absorbed
}
