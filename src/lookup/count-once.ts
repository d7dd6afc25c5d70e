import type { EnvelopeSpans } from '../index/envelope-spans.ts'
import { addOrdinals, coverageOf, type Ordinals, ordinalsOf } from '../index/ordinals.ts'
import type { AbsorbedEnvelopes } from '../snapshot/absorbed-envelopes.ts'
import type { FreshFile } from '../snapshot/with-snapshot.ts'
import { hexOf } from '../span/trace-id.ts'

/** How the rows of one envelope in one file count, next to the compacted files and the fresh files before it. */
export type EnvelopeCount =
  | { readonly kind: 'all' }
  /** The others hold every one of them, or they are expired. */
  | { readonly kind: 'none' }
  /** The others hold some: rows must be told apart by their spans. */
  | {
      readonly kind: 'some'
      readonly earlier: readonly FreshFile[]
      readonly inCompacted: boolean
    }

/**
 * Queues redeliver, so the same envelope may lie in several fresh files, and in the compacted ones. A row counts in the
 * compacted files when the receipts have its envelope, else in the first fresh file, by key, that holds it (DESIGN §4):
 * for each file, how each envelope of its list counts. `files` are in the order of their keys.
 */
export function countOnce(
  files: readonly FreshFile[],
  { absorbed, expiredMs }: { absorbed: AbsorbedEnvelopes; expiredMs: number },
): EnvelopeCount[][] {
  const seen = new Map<string, { file: FreshFile; ordinals: Ordinals }[]>()
  return files.map((file) =>
    file.tail.contents.envelopes.map((envelope) => {
      // A copy that is expired stands in nobody's way: the same request may have come again since.
      if (envelope.receivedMs < expiredMs) return { kind: 'none' }
      const id = hexOf(envelope.id)
      const before = seen.get(id) ?? []
      seen.set(id, [...before, { file, ordinals: ordinalsOf(envelope) }])
      return countAfter(envelope, before, absorbed.get(id) ?? [])
    }),
  )
}

function countAfter(
  envelope: EnvelopeSpans,
  before: readonly { file: FreshFile; ordinals: Ordinals }[],
  compacted: Ordinals,
): EnvelopeCount {
  const ordinals = ordinalsOf(envelope)
  const overlapping = before.filter((other) => coverageOf(other.ordinals, ordinals) !== 'none')
  const union = overlapping.reduce<Ordinals>(
    (sum, other) => addOrdinals(sum, other.ordinals),
    compacted,
  )
  const coverage = coverageOf(ordinals, union)
  if (coverage === 'none') return { kind: 'all' }
  if (coverage === 'all') return { kind: 'none' }
  return {
    kind: 'some',
    earlier: overlapping.map(({ file }) => file),
    inCompacted: coverageOf(ordinals, compacted) !== 'none',
  }
}
