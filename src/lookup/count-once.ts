import type { EnvelopeSpans } from '../index/envelope-spans.ts'
import type { FreshFile } from '../snapshot/with-snapshot.ts'
import { hexOf } from '../span/trace-id.ts'

type Ranges = readonly (readonly [from: number, to: number])[]

const everything: Ranges = [[0, Number.POSITIVE_INFINITY]]

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
  const seen = new Map<string, { file: FreshFile; ranges: Ranges }[]>()
  return files.map((file) =>
    file.tail.contents.envelopes.map((envelope) => {
      const id = hexOf(envelope.id)
      const before = seen.get(id) ?? []
      const ranges = rangesOf(envelope)
      const count = countAfter(ranges, before)
      seen.set(id, [...before, { file, ranges }])
      return count
    }),
  )
}

function countAfter(
  ranges: Ranges,
  before: readonly { file: FreshFile; ranges: Ranges }[],
): EnvelopeCount {
  const overlapping = before.filter((other) => overlaps(ranges, other.ranges))
  if (overlapping.length === 0) return { kind: 'all' }
  const union = overlapping.flatMap((other) => [...other.ranges])
  if (covers(union, ranges)) return { kind: 'none' }
  return { kind: 'some', earlier: overlapping.map(({ file }) => file) }
}

function rangesOf({ ordinals }: EnvelopeSpans): Ranges {
  return ordinals ?? everything
}

function overlaps(a: Ranges, b: Ranges): boolean {
  return a.some(([from, to]) => b.some(([otherFrom, otherTo]) => from < otherTo && otherFrom < to))
}

/** Whether every ordinal of `ranges` lies in one of `union`'s ranges, which may overlap and come in any order. */
function covers(union: Ranges, ranges: Ranges): boolean {
  const ascending = union.toSorted(([a], [b]) => a - b)
  return ranges.every(([from, to]) => {
    let reached = from
    for (const [start, end] of ascending) if (start <= reached) reached = Math.max(reached, end)
    return reached >= to
  })
}
