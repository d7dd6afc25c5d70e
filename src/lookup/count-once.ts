import { addOrdinals, coverageOf, type Ordinals, ordinalsOf } from '../index/ordinals.ts'
import type { FreshFile } from '../snapshot/with-snapshot.ts'
import { hexOf } from '../span/trace-id.ts'

/** How the rows of one envelope in one file count, next to the files before it. */
export type EnvelopeCount =
  | { readonly kind: 'all' }
  /** Files before it hold every one of them. */
  | { readonly kind: 'none' }
  /** Files before it hold some: rows must be told apart by their spans. */
  | { readonly kind: 'some'; readonly earlier: readonly FreshFile[] }

/**
 * Queues redeliver, so the same envelope may lie in several fresh files. A row counts in the first file, by key, that
 * holds it (DESIGN §4): for each file, how each envelope of its list counts. `files` are in the order of their keys.
 */
export function countOnce(files: readonly FreshFile[]): EnvelopeCount[][] {
  const seen = new Map<string, { file: FreshFile; ordinals: Ordinals }[]>()
  return files.map((file) =>
    file.tail.contents.envelopes.map((envelope) => {
      const id = hexOf(envelope.id)
      const before = seen.get(id) ?? []
      const ordinals = ordinalsOf(envelope)
      const count = countAfter(ordinals, before)
      seen.set(id, [...before, { file, ordinals }])
      return count
    }),
  )
}

function countAfter(
  ordinals: Ordinals,
  before: readonly { file: FreshFile; ordinals: Ordinals }[],
): EnvelopeCount {
  const overlapping = before.filter((other) => coverageOf(other.ordinals, ordinals) !== 'none')
  const union = overlapping.reduce<Ordinals>((sum, other) => addOrdinals(sum, other.ordinals), [])
  const coverage = coverageOf(ordinals, union)
  if (coverage === 'none') return { kind: 'all' }
  if (coverage === 'all') return { kind: 'none' }
  return { kind: 'some', earlier: overlapping.map(({ file }) => file) }
}
