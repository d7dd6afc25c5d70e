import type { SpanTable, TraceRows } from './span-table.ts'

/**
 * The tree of a trace's spans, by place: the row minus the trace's first row. Where a parent is not there, its child is the
 * top of a tree of its own.
 */
export interface SpanTree {
  /** The place of the parent; -1 for a root, and where it is not there or cannot be told. */
  readonly parents: Int32Array
  readonly childCounts: Int32Array
  /** Equal for spans that say the same of their parent: that they have none, or its id; `noFamily` where it cannot be told. */
  readonly families: Int32Array
  /**
   * The nested set model: a span's descendants lie between its left and its right. Zeros for spans that no chain of parents
   * connects with a root, as in Tempo.
   */
  readonly lefts: Int32Array
  readonly rights: Int32Array
  /** The places in the order of a walk down from each top: behind a span come its descendants. Without cycles. */
  readonly order: Int32Array
  /** Where in the order a place stands, and where its descendants end there; -1 for what is not in it. */
  readonly positions: Int32Array
  readonly ends: Int32Array
}

/** The family of roots, and of spans of which nobody knows whose children they are. */
const rootFamily = -1
export const noFamily = -2

/** Puts the spans of a trace under their parents and numbers them. */
export function spanTree(table: SpanTable, rows: TraceRows): SpanTree {
  const size = rows.to - rows.from
  const { parents, families } = parentPlaces(table, rows)
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
  const walk = walkDown({ parents, families, firstChildren, nextSiblings })
  return { parents, families, childCounts, ...walk }
}

interface Links extends Pick<SpanTree, 'parents' | 'families'> {
  readonly firstChildren: Int32Array
  readonly nextSiblings: Int32Array
}

/** Down from each top and up again. Only what hangs below a top is met, and nothing twice: each has one parent. */
function walkDown({ parents, families, firstChildren, nextSiblings }: Links) {
  const size = parents.length
  const lefts = new Int32Array(size)
  const rights = new Int32Array(size)
  const order = new Int32Array(size)
  const positions = new Int32Array(size).fill(-1)
  const ends = new Int32Array(size).fill(-1)
  let met = 0
  let bound = 1
  for (let top = 0; top < size; top++) {
    if ((parents[top] ?? -1) >= 0) continue
    const isRooted = families[top] === rootFamily
    let place = top
    for (;;) {
      positions[place] = met
      order[met++] = place
      if (isRooted) lefts[place] = bound++
      let next = firstChildren[place] ?? -1
      while (next < 0) {
        ends[place] = met
        if (isRooted) rights[place] = bound++
        if (place === top) break
        next = nextSiblings[place] ?? -1
        if (next < 0) place = parents[place] ?? top
      }
      if (next < 0) break
      place = next
    }
  }
  return { lefts, rights, order: order.subarray(0, met), positions, ends }
}

// --- Parents ------------------------------------------------------------------------------------------------------------

function parentPlaces(
  table: SpanTable,
  { from, to }: TraceRows,
): Pick<SpanTree, 'parents' | 'families'> {
  const rowsOfId = new Map<string, number | number[]>()
  for (let row = from; row < to; row++) {
    const id = table.spanId(row)
    const other = rowsOfId.get(id)
    if (other === undefined) rowsOfId.set(id, row)
    else if (typeof other === 'number') rowsOfId.set(id, [other, row])
    else other.push(row)
  }
  const parents = new Int32Array(to - from).fill(-1)
  const families = new Int32Array(to - from).fill(rootFamily)
  const missing = new Map<string, number>()
  for (let row = from; row < to; row++) {
    const id = table.parentId(row)
    if (id === undefined) continue
    const candidates = rowsOfId.get(id)
    const parent = typeof candidates === 'object' ? parentAmong(candidates, table, row) : candidates
    if (parent !== undefined) parents[row - from] = parent - from
    families[row - from] = parent === undefined ? noFamily : parent - from
    if (candidates === undefined) families[row - from] = familyOf(id, missing)
  }
  return { parents, families }
}

/** Of a parent that is not there. */
function familyOf(id: string, missing: Map<string, number>): number {
  const known = missing.get(id) ?? noFamily - 1 - missing.size
  missing.set(id, known)
  return known
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
