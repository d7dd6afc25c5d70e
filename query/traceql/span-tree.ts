import type { SpanTable, TraceRows } from './span-table.ts'

/** The tree of a trace's spans, by place: the row minus the trace's first row. */
export interface SpanTree {
  /** The place of the parent; -1 for a root, and where it is not there or cannot be told. */
  readonly parents: Int32Array
  readonly childCounts: Int32Array
  /**
   * The nested set model: a span's descendants lie between its left and its right. Zeros for spans that no chain of parents
   * connects with a root, cycles among them: Tempo relates them to nothing either.
   */
  readonly lefts: Int32Array
  readonly rights: Int32Array
  /** The places that are connected with a root, each behind its parent. */
  readonly order: Int32Array
}

/** Puts the spans of a trace under their parents and numbers them. */
export function spanTree(table: SpanTable, { from, to }: TraceRows): SpanTree {
  const size = to - from
  const parents = parentPlaces(table, { from, to })
  const childCounts = new Int32Array(size)
  const firstChildren = new Int32Array(size).fill(-1)
  const nextSiblings = new Int32Array(size).fill(-1)
  for (let place = size - 1; place >= 0; place--) {
    const parent = parents[place] ?? -1
    if (parent < 0) continue
    nextSiblings[place] = firstChildren[parent] ?? -1
    firstChildren[parent] = place
    childCounts[parent] = (childCounts[parent] ?? 0) + 1
  }
  const roots: number[] = []
  for (let row = from; row < to; row++) {
    if (table.parentId(row) === undefined) roots.push(row - from)
  }
  return { parents, childCounts, ...numbered(roots, { parents, firstChildren, nextSiblings }) }
}

interface Links {
  readonly parents: Int32Array
  readonly firstChildren: Int32Array
  readonly nextSiblings: Int32Array
}

/** Walks down from each root and up again. Only what hangs below a root is met, and nothing twice: each has one parent. */
function numbered(roots: readonly number[], { parents, firstChildren, nextSiblings }: Links) {
  const lefts = new Int32Array(parents.length)
  const rights = new Int32Array(parents.length)
  const order = new Int32Array(parents.length)
  let met = 0
  let bound = 1
  for (const root of roots) {
    let place = root
    for (;;) {
      order[met++] = place
      lefts[place] = bound++
      let next = firstChildren[place] ?? -1
      while (next < 0) {
        rights[place] = bound++
        if (place === root) break
        next = nextSiblings[place] ?? -1
        if (next < 0) place = parents[place] ?? root
      }
      if (next < 0) break
      place = next
    }
  }
  return { lefts, rights, order: order.subarray(0, met) }
}

// --- Parents ------------------------------------------------------------------------------------------------------------

function parentPlaces(table: SpanTable, { from, to }: TraceRows): Int32Array {
  const rowsOfId = new Map<string, number | number[]>()
  for (let row = from; row < to; row++) {
    const id = table.spanId(row)
    const other = rowsOfId.get(id)
    if (other === undefined) rowsOfId.set(id, row)
    else if (typeof other === 'number') rowsOfId.set(id, [other, row])
    else other.push(row)
  }
  const parents = new Int32Array(to - from).fill(-1)
  for (let row = from; row < to; row++) {
    const id = table.parentId(row)
    const candidates = id === undefined ? undefined : rowsOfId.get(id)
    const parent = typeof candidates === 'object' ? parentAmong(candidates, table, row) : candidates
    if (parent !== undefined) parents[row - from] = parent - from
  }
  return parents
}

/**
 * Zipkin's client and server share one id: the server is the client's child, everything else is the server's. Of more
 * than two that share an id nobody knows which is meant.
 */
function parentAmong(
  candidates: readonly number[],
  table: SpanTable,
  child: number,
): number | undefined {
  if (candidates.length > 2) return undefined
  const wanted = table.kind(child) === 'server' ? 'client' : 'server'
  return candidates.find((row) => table.kind(row) === wanted)
}
