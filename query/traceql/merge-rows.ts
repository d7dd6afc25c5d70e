/** What is in any of the lists, once, ascending; so is each list. */
export function mergeRows(lists: readonly (readonly number[])[]): number[] {
  const [one = [], other = []] = lists
  if (lists.length <= 2) return mergeTwo(one, other)
  const sorted = Int32Array.from(lists.flat()).sort()
  return Array.from(sorted.filter((row, i) => i === 0 || row !== sorted[i - 1]))
}

/** Operators do this once each, a thousand of them on traces of thousands: nothing is sorted. */
function mergeTwo(one: readonly number[], other: readonly number[]): number[] {
  const merged: number[] = []
  let [i, j] = [0, 0]
  while (i < one.length || j < other.length) {
    const [a, b] = [one[i] ?? Number.POSITIVE_INFINITY, other[j] ?? Number.POSITIVE_INFINITY]
    merged.push(Math.min(a, b))
    if (a <= b) i++
    if (b <= a) j++
  }
  return merged
}
