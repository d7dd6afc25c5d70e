/** Places of spans on the wire within an envelope: half-open ranges that ascend and do not touch. */
export type Ordinals = readonly (readonly [from: number, to: number])[]

/** What "all spans of the envelope" is: nobody needs to know how many there are. */
export const everyOrdinal: Ordinals = [[0, Number.POSITIVE_INFINITY]]

/** As envelope lists have them: undefined is all. */
export function ordinalsOf(spans: { readonly ordinals: Ordinals | undefined }): Ordinals {
  return spans.ordinals ?? everyOrdinal
}

/** How much of some spans others hold. */
export type Coverage = 'none' | 'some' | 'all'

/** `held` may overlap itself and come in any order. "All" of an envelope is covered by nothing but "all". */
export function coverageOf(wanted: Ordinals, held: Ordinals): Coverage {
  if (!overlaps(wanted, held)) return 'none'
  return covers(held, wanted) ? 'all' : 'some'
}

function overlaps(a: Ordinals, b: Ordinals): boolean {
  return a.some(([from, to]) => b.some(([otherFrom, otherTo]) => from < otherTo && otherFrom < to))
}

function covers(held: Ordinals, wanted: Ordinals): boolean {
  const union = addOrdinals([], held)
  return wanted.every(([from, to]) => union.some(([start, end]) => start <= from && to <= end))
}

/** The union, ranges joined. */
export function addOrdinals(a: Ordinals, b: Ordinals): Ordinals {
  const joined: [number, number][] = []
  for (const [from, to] of [...a, ...b].sort(([left], [right]) => left - right)) {
    const last = joined.at(-1)
    if (last && from <= last[1]) last[1] = Math.max(last[1], to)
    else joined.push([from, to])
  }
  return joined
}

export function sameOrdinals(a: Ordinals, b: Ordinals): boolean {
  return a.length === b.length && a.every(([from, to], i) => from === b[i]![0] && to === b[i]![1])
}
