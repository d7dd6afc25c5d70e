import type { SpanTable, TraceRows } from './span-table.ts'
import { type SpanTree, spanTree } from './span-tree.ts'

/** The trace that is being evaluated, with what only the whole of it tells; found out when first asked for. */
export interface TraceFrame {
  readonly table: SpanTable
  readonly rows: () => TraceRows
  readonly enter: (rows: TraceRows) => void
  readonly tree: () => SpanTree
  /** The root's name; empty when there is no root, as in Tempo. */
  readonly rootName: () => string
  readonly rootServiceName: () => string
  /** From the first start to the last end. */
  readonly durationNs: () => bigint
}

interface Known {
  tree?: SpanTree
  root?: number
  rootServiceName?: string
  durationNs?: bigint
}

export function traceFrame(table: SpanTable): TraceFrame {
  let rows: TraceRows = { from: 0, to: 0 }
  let known: Known = {}
  const root = (): number => {
    known.root ??= rootRow(table, rows)
    return known.root
  }
  return {
    table,
    rows: () => rows,
    enter(next) {
      rows = next
      known = {}
    },
    tree() {
      known.tree ??= spanTree(table, rows)
      return known.tree
    },
    rootName: () => (root() < 0 ? '' : table.name(root())),
    rootServiceName() {
      if (known.rootServiceName !== undefined) return known.rootServiceName
      const service = root() < 0 ? undefined : table.attribute('resource', 'service.name')?.(root())
      known.rootServiceName = typeof service === 'string' ? service : ''
      return known.rootServiceName
    },
    durationNs() {
      known.durationNs ??= durationOf(table, rows)
      return known.durationNs
    },
  }
}

/** The root that starts first; -1 when there is none. */
function rootRow(table: SpanTable, { from, to }: TraceRows): number {
  for (let row = from; row < to; row++) if (table.parentId(row) === undefined) return row
  return -1
}

function durationOf(table: SpanTable, { from, to }: TraceRows): bigint {
  let startNs = table.startNs(from)
  let endNs = startNs
  for (let row = from; row < to; row++) {
    const rowStartNs = table.startNs(row)
    const rowEndNs = rowStartNs + table.durationNs(row)
    if (rowStartNs < startNs) startNs = rowStartNs
    if (rowEndNs > endNs) endNs = rowEndNs
  }
  return endNs - startNs
}
