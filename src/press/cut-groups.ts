/**
 * Where row groups begin, and the end: at the beginning of a trace, with at most `rowsMax` rows a group. A trace of more
 * rows has a group of its own, up to four times as many; beyond that it is cut.
 * `traces` are the first places of the traces, and the end.
 */
export function cutGroups(traces: readonly number[], rowsMax: number): number[] {
  const rows = traces.at(-1)!
  // Groups of equal size, since a small last one costs as much footer as a full one; whole traces may need one more.
  const groups = Math.max(Math.ceil(rows / rowsMax), 1)
  const even = greedyCut(traces, Math.min(Math.ceil((rows / groups) * 1.02), rowsMax), rowsMax)
  return even.length - 1 <= groups ? even : greedyCut(traces, rowsMax, rowsMax)
}

/** Groups of at most `target` rows, as full as whole traces make them. */
function greedyCut(traces: readonly number[], target: number, rowsMax: number): number[] {
  const bounds = [0]
  for (let trace = 0; trace + 1 < traces.length; trace++) {
    const begin = bounds.at(-1)!
    const end = traces[trace + 1]!
    if (end - begin <= target) continue
    if (traces[trace]! > begin) bounds.push(traces[trace]!)
    while (end - bounds.at(-1)! > rowsMax * 4) bounds.push(bounds.at(-1)! + rowsMax)
  }
  const rows = traces.at(-1)!
  if (rows > bounds.at(-1)!) bounds.push(rows)
  return bounds
}

/**
 * The bounds once more with groups of more than `bytesMax` bytes cut, between traces as long as there are two, within
 * one only above four times as much; undefined when nothing is too large.
 */
export function splitGroups(
  bounds: readonly number[],
  traces: readonly number[],
  bytes: readonly number[],
  bytesMax: number,
): number[] | undefined {
  const cuts: number[] = []
  for (const [group, size] of bytes.entries()) {
    if (size <= bytesMax) continue
    const [from, to] = [bounds[group]!, bounds[group + 1]!]
    const within = traces.filter((first) => first > from && first < to)
    // A part more than the share asks for: neighbours differ in size, and each round encodes the whole file again.
    const parts = Math.ceil(size / bytesMax) + 1
    for (let part = 1; part < parts; part++) {
      const ideal = from + Math.round(((to - from) * part) / parts)
      if (within.length > 0) cuts.push(nearest(within, ideal))
      else if (size > bytesMax * 4 && ideal > from && ideal < to) cuts.push(ideal)
    }
  }
  if (cuts.length === 0) return undefined
  return [...new Set([...bounds, ...cuts])].sort((a, b) => a - b)
}

function nearest(sorted: readonly number[], ideal: number): number {
  let best = sorted[0]!
  for (const place of sorted) if (Math.abs(place - ideal) < Math.abs(best - ideal)) best = place
  return best
}
