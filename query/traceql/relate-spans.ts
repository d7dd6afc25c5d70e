import type { Relation, StructureForm } from './ast.ts'
import type { SpanTree } from './span-tree.ts'

/**
 * The places that come out of a structural operator between two sets of places, ascending. A span has no relation to
 * itself; roots are siblings, as in Tempo.
 */
export function relateSpans(
  { relation, form }: { readonly relation: Relation; readonly form: StructureForm },
  left: readonly number[],
  right: readonly number[],
  tree: SpanTree,
): number[] {
  const isRelated = relatedTo(left, relation, tree)
  if (form === 'plain') return right.filter(isRelated)
  if (form === 'negated') return right.filter((place) => !isRelated(place))
  const isInverse = relatedTo(right, inverse[relation], tree)
  const both = new Set([...right.filter(isRelated), ...left.filter(isInverse)])
  return [...both].sort((a, b) => a - b)
}

const inverse: Readonly<Record<Relation, Relation>> = {
  child: 'parent',
  parent: 'child',
  descendant: 'ancestor',
  ancestor: 'descendant',
  sibling: 'sibling',
}

type PlaceTest = (place: number) => boolean

/** Whether a place is in the relation to any of the others. */
function relatedTo(others: readonly number[], relation: Relation, tree: SpanTree): PlaceTest {
  switch (relation) {
    case 'sibling':
      return siblingOf(others, tree)
    case 'child':
    case 'descendant':
      return flagged(flagsBelow(others, tree, relation === 'descendant'))
    case 'parent':
    case 'ancestor':
      return flagged(flagsAbove(others, tree, relation === 'ancestor'))
  }
}

function flagged(flags: Uint8Array): PlaceTest {
  return (place) => flags[place] === 1
}

function flagsOf(places: readonly number[], { parents }: SpanTree): Uint8Array {
  const flags = new Uint8Array(parents.length)
  for (const place of places) flags[place] = 1
  return flags
}

/** Marks children, or all descendants: parents come first in the order, so that marks run down. */
function flagsBelow(places: readonly number[], tree: SpanTree, isDeep: boolean): Uint8Array {
  const isOther = flagsOf(places, tree)
  const flags = new Uint8Array(isOther.length)
  for (const place of tree.order) {
    const parent = tree.parents[place] ?? -1
    if (parent < 0) continue
    if (isOther[parent] === 1 || (isDeep && flags[parent] === 1)) flags[place] = 1
  }
  return flags
}

/** Marks parents, or all ancestors: the order backwards, so that marks run up. */
function flagsAbove(places: readonly number[], tree: SpanTree, isDeep: boolean): Uint8Array {
  const isOther = flagsOf(places, tree)
  const flags = new Uint8Array(isOther.length)
  for (let i = tree.order.length - 1; i >= 0; i--) {
    const place = tree.order[i] ?? 0
    const parent = tree.parents[place] ?? -1
    if (parent < 0) continue
    if (isOther[place] === 1 || (isDeep && flags[place] === 1)) flags[parent] = 1
  }
  return flags
}

function siblingOf(others: readonly number[], tree: SpanTree): PlaceTest {
  const isOther = flagsOf(others, tree)
  const counts = new Map<number, number>()
  const isConnected = (place: number) => (tree.lefts[place] ?? 0) > 0
  for (const other of others) {
    if (!isConnected(other)) continue
    const parent = tree.parents[other] ?? -1
    counts.set(parent, (counts.get(parent) ?? 0) + 1)
  }
  return (place) => {
    if (!isConnected(place)) return false
    const count = counts.get(tree.parents[place] ?? -1) ?? 0
    return count > (isOther[place] ?? 0)
  }
}
