import type { Relation, StructureForm } from './ast.ts'
import { mergeRows } from './merge-rows.ts'
import { noFamily, type SpanTree } from './span-tree.ts'

/**
 * The places that come out of a structural operator between two sets of places, ascending. Spans are related as their
 * parents say, whether or not a root has come; a span has no relation to itself, and where parents run in a circle there
 * are no relations. Roots are siblings, as in Tempo. It costs as much as the sets are large, however large the trace is:
 * `by` may make many small sets of one.
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
  return mergeRows([right.filter(isRelated), left.filter(isInverse)])
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
    case 'child':
      return childOf(others, tree)
    case 'parent':
      return parentOf(others, tree)
    case 'descendant':
      return descendantOf(others, tree)
    case 'ancestor':
      return ancestorOf(others, tree)
    case 'sibling':
      return siblingOf(others, tree)
  }
}

function childOf(others: readonly number[], { parents, positions }: SpanTree): PlaceTest {
  const isOther = oneOf(others, parents.length)
  return (place) => isInOrder(place, positions) && isOther(parents[place] ?? -1)
}

function parentOf(others: readonly number[], { parents, positions }: SpanTree): PlaceTest {
  const ofTheirs = others.flatMap((other) => {
    const parent = parents[other] ?? -1
    return parent >= 0 && isInOrder(other, positions) ? parent : []
  })
  return oneOf(ofTheirs, parents.length)
}

function isInOrder(place: number, positions: Int32Array): boolean {
  return (positions[place] ?? -1) >= 0
}

/** Whether a number is one of those given; all are less than `size`. */
function oneOf(numbers: readonly number[], size: number): PlaceTest {
  if (!areMany(numbers, size)) {
    const set = new Set(numbers)
    return (number) => set.has(number)
  }
  const flags = new Uint8Array(size)
  for (const number of numbers) flags[number] = 1
  return (number) => flags[number] === 1
}

/** Then what is done once for each of all `size` costs less than what is done for each of the numbers. */
function areMany(numbers: readonly number[], size: number): boolean {
  return numbers.length > size / 16
}

/** Of the others that stand before a place, one is an ancestor when the farthest end of any of them is behind it. */
function descendantOf(others: readonly number[], tree: SpanTree): PlaceTest {
  const { order, positions, ends } = tree
  const starts = sortedPositions(others, tree)
  const reaches = new Int32Array(starts.length)
  let farthest = -1
  for (let i = 0; i < starts.length; i++) {
    farthest = Math.max(farthest, ends[order[starts[i] ?? 0] ?? 0] ?? -1)
    reaches[i] = farthest
  }
  return (place) => {
    const position = positions[place] ?? -1
    const before = countBelow(starts, position)
    return before > 0 && (reaches[before - 1] ?? -1) > position
  }
}

/** The next of the others behind a place is its descendant, or none is. */
function ancestorOf(others: readonly number[], tree: SpanTree): PlaceTest {
  const { positions, ends } = tree
  const starts = sortedPositions(others, tree)
  return (place) => {
    const position = positions[place] ?? -1
    if (position < 0) return false
    const next = starts[countBelow(starts, position + 1)]
    return next !== undefined && next < (ends[place] ?? -1)
  }
}

function sortedPositions(places: readonly number[], { positions, order }: SpanTree): Int32Array {
  const found = new Int32Array(places.length)
  let count = 0
  if (areMany(places, order.length)) {
    const isPlace = oneOf(places, positions.length)
    for (let at = 0; at < order.length; at++) if (isPlace(order[at] ?? -1)) found[count++] = at
    return found.subarray(0, count)
  }
  for (const place of places) {
    const position = positions[place] ?? -1
    if (position >= 0) found[count++] = position
  }
  return found.subarray(0, count).sort()
}

/** How many are less; they are ascending. */
function countBelow(sorted: Int32Array, bound: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? 0) < bound) low = middle + 1
    else high = middle
  }
  return low
}

function siblingOf(others: readonly number[], { families, positions }: SpanTree): PlaceTest {
  const isOther = oneOf(others, families.length)
  const counts = new Map<number, number>()
  const familyOf = (place: number) =>
    isInOrder(place, positions) ? (families[place] ?? noFamily) : noFamily
  for (const other of others) {
    const family = familyOf(other)
    if (family !== noFamily) counts.set(family, (counts.get(family) ?? 0) + 1)
  }
  return (place) => (counts.get(familyOf(place)) ?? 0) > (isOther(place) ? 1 : 0)
}
