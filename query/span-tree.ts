import { serviceOf } from '../src/span/service-of.ts'
import type { Span } from '../src/span/span.ts'
import { hexOf } from '../src/span/trace-id.ts'

/** One line of a tree, in the order of printing. */
export interface TreeLine {
  /** Undefined where spans name a parent that is not among them. */
  readonly span: Span | undefined
  /** 16 hex digits. */
  readonly spanId: string
  /** The span is its own ancestor: its circle was cut open here. */
  readonly isCycle: boolean
  /** 0 for a root. */
  readonly depth: number
  readonly branch: Branch
}

/** Whether siblings follow below, at this level and all above: a list that shares its beginning with its siblings'. */
export interface Branch {
  readonly hasMore: boolean
  readonly above: Branch | undefined
}

interface Node {
  readonly span: Span | undefined
  readonly spanId: string
  readonly children: Node[]
  parent: Node | undefined
  isCycle: boolean
}

/**
 * Spans as a tree, children under their parents by start. Spans whose parent is not there hang below a line that says
 * so; circles are cut open at their earliest span. Every span stands in it once, however deep: nothing here recurses.
 */
export function spanTree(spans: readonly Span[]): TreeLine[] {
  const nodes = spans.toSorted(byStart).map((span) => nodeOf(span, hexOf(span.spanId)))
  const byId = Map.groupBy(nodes, ({ spanId }) => spanId)
  const missing = new Map<string, Node>()
  const roots: Node[] = []
  for (const node of nodes) {
    const parentId = node.span?.parentSpanId && hexOf(node.span.parentSpanId)
    if (parentId === undefined) {
      roots.push(node)
      continue
    }
    node.parent = parentOf(node, byId.get(parentId) ?? [])
    if (node.parent === undefined && parentId === node.spanId) {
      node.isCycle = true
      roots.push(node)
      continue
    }
    if (node.parent === undefined) {
      node.parent = missing.get(parentId) ?? nodeOf(undefined, parentId)
      if (node.parent.children.length === 0) roots.push(node.parent)
      missing.set(parentId, node.parent)
    }
    node.parent.children.push(node)
  }
  return linesOf([...roots, ...cutCycles(roots, nodes)])
}

function nodeOf(span: Span | undefined, spanId: string): Node {
  return { span, spanId, children: [], parent: undefined, isCycle: false }
}

function byStart(a: Span, b: Span): number {
  if (a.startNs !== b.startNs) return a.startNs < b.startNs ? -1 : 1
  const [left, right] = [hexOf(a.spanId), hexOf(b.spanId)]
  return left < right ? -1 : left > right ? 1 : a.kind - b.kind
}

const kindServer = 2

/** Spans may share an id (Zipkin's client and server halves): the child's own service comes first, then the server. */
function parentOf(child: Node, candidates: readonly Node[]): Node | undefined {
  const others = candidates.filter((node) => node !== child)
  if (others.length <= 1) return others[0]
  const service = child.span && serviceOf(child.span)
  return (
    others.find(({ span }) => span && serviceOf(span) === service) ??
    others.find(({ span }) => span?.kind === kindServer) ??
    others[0]
  )
}

/** Nodes that no root leads to are on a circle or below one. The earliest node of each circle becomes a root. */
function cutCycles(roots: readonly Node[], nodes: readonly Node[]): Node[] {
  const reached = new Set<Node>()
  for (const root of roots) reach(root, reached)
  const entries: Node[] = []
  for (const node of nodes) {
    if (reached.has(node)) continue
    const entry = earliestOnCircle(node)
    entry.isCycle = true
    const siblings = entry.parent?.children ?? []
    siblings.splice(siblings.indexOf(entry), 1)
    reach(entry, reached)
    entries.push(entry)
  }
  return entries
}

function reach(root: Node, reached: Set<Node>): void {
  const open = [root]
  for (let node = open.pop(); node; node = open.pop()) {
    reached.add(node)
    for (const child of node.children) if (!reached.has(child)) open.push(child)
  }
}

/** From a node whose ancestors have no end: up until one comes twice, then once round. */
function earliestOnCircle(start: Node): Node {
  const passed = new Set<Node>()
  let onCircle = start
  while (!passed.has(onCircle) && onCircle.parent) {
    passed.add(onCircle)
    onCircle = onCircle.parent
  }
  let earliest = onCircle
  for (let node = onCircle.parent; node && node !== onCircle; node = node.parent) {
    if (node.span && earliest.span && byStart(node.span, earliest.span) < 0) earliest = node
  }
  return earliest
}

interface Waiting {
  readonly node: Node
  readonly depth: number
  readonly branch: Branch
}

function linesOf(roots: readonly Node[]): TreeLine[] {
  const lines: TreeLine[] = []
  const open: Waiting[] = []
  const wait = (siblings: readonly Node[], depth: number, above: Branch | undefined): void => {
    for (let i = siblings.length - 1; i >= 0; i--) {
      const hasMore = i < siblings.length - 1
      open.push({ node: siblings[i] as Node, depth, branch: { hasMore, above } })
    }
  }
  wait(roots, 0, undefined)
  for (let next = open.pop(); next; next = open.pop()) {
    const { node, depth, branch } = next
    const { span, spanId, isCycle } = node
    lines.push({ span, spanId, isCycle, depth, branch })
    wait(node.children, depth + 1, branch)
  }
  return lines
}
