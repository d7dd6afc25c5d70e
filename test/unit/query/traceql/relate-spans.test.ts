import { describe, expect, test } from 'vitest'
import type { Relation, StructureForm } from '../../../../query/traceql/ast.ts'
import { relateSpans } from '../../../../query/traceql/relate-spans.ts'
import { type SpanTree, spanTree } from '../../../../query/traceql/span-tree.ts'
import { tableOf } from './table-of.ts'

const size = 10_000

/** The tree of spans of which each has the parent at a place; a negative place is a parent that is not there. */
function treeOf(parentOf: (place: number) => number): SpanTree {
  const spans = Array.from({ length: size }, (_, i) =>
    i === 0 ? { id: '0' } : { id: i.toString(16), parent: idOf(parentOf(i)) },
  )
  return spanTree(tableOf(spans), { from: 0, to: size })
}

function idOf(place: number): string {
  return place < 0 ? `f${(-place).toString(16)}` : place.toString(16)
}

/** The same tree, and how often it has been asked. */
function watched(tree: SpanTree): { readonly tree: SpanTree; readonly reads: () => number } {
  let reads = 0
  const watch = (array: Int32Array): Int32Array =>
    new Proxy(array, {
      get(target, key) {
        if (/^\d+$/.test(String(key))) reads++
        return Reflect.get(target, key, target)
      },
    })
  const entries = Object.entries(tree).map(([name, array]) => [name, watch(array)])
  return { tree: Object.fromEntries(entries), reads: () => reads }
}

const operators = (['child', 'descendant', 'parent', 'ancestor', 'sibling'] as const).flatMap(
  (relation: Relation) =>
    (['plain', 'union', 'negated'] as const).map((form: StructureForm) => ({ relation, form })),
)

describe.each([
  ['a chain', (i: number) => i - 1],
  ['a star', () => 0],
  ['a tree of pairs', (i: number) => (i - 1) >> 1],
  ['orphans of one parent', () => -2],
  ['orphans', (i: number) => -2 - i],
])('%s of 10,000 spans', (_, parentOf) => {
  const plain = treeOf(parentOf)

  test.each(operators)('few are related at the cost of few: $form $relation', (operator) => {
    const { tree, reads } = watched(plain)
    relateSpans(operator, [10, 20, 5_000], [11, 21, 9_999], tree)
    expect(reads()).toBeLessThan(100)
  })

  test.each(operators)('all are related at the cost of all: $form $relation', (operator) => {
    const { tree, reads } = watched(plain)
    const all = Array.from({ length: size }, (__, i) => i)
    relateSpans(operator, all, all, tree)
    expect(reads()).toBeLessThan(20 * size)
  })
})
