import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkTraceql } from '../../../../query/traceql/check.ts'
import { searchEvaluator } from '../../../../query/traceql/evaluate-search.ts'
import { parseTraceql } from '../../../../query/traceql/parse.ts'
import { patternFault } from '../../../../query/traceql/pattern.ts'
import {
  arbitraryCondition,
  arbitraryTrace,
  arbitraryTreeCondition,
  formSigns,
  largeValue,
  relationSigns,
} from './arbitrary-trace.ts'
import { type TestSpan, tableOf } from './table-of.ts'

/** The rows of all sets, ascending. */
function rowsOf(text: string, spans: readonly TestSpan[]): number[] {
  const query = parseTraceql(text)
  checkTraceql(query, patternFault)
  if (query.kind !== 'search') throw new Error(`no search: ${text}`)
  const sets = searchEvaluator(query.stages, tableOf(spans))({ from: 0, to: spans.length })
  return sets.flatMap(({ rows }) => [...rows]).sort((a, b) => a - b)
}

const allOf = (spans: readonly TestSpan[]) => spans.map((_, row) => row)

const runs = { numRuns: 1_000 }

describe('conditions', () => {
  test('!( ) is the complement', () => {
    const property = fc.property(
      arbitraryTrace(largeValue),
      arbitraryCondition(),
      (spans, text) => {
        // A field alone may hold no truth at all: neither it nor its negation is true then.
        const condition = `(${text}) = true || false`
        const found = [
          ...rowsOf(`{ ${condition} }`, spans),
          ...rowsOf(`{ !(${condition}) }`, spans),
        ]
        expect(found.sort((a, b) => a - b)).toEqual(allOf(spans))
      },
    )
    fc.assert(property, runs)
  })

  test('&& and || in a condition are intersection and union', () => {
    const property = fc.property(
      arbitraryTrace(largeValue),
      arbitraryCondition(),
      arbitraryCondition(),
      (spans, left, right) => {
        const lefts = new Set(rowsOf(`{ ${left} }`, spans))
        const rights = new Set(rowsOf(`{ ${right} }`, spans))
        const both = rowsOf(`{ (${left}) && (${right}) }`, spans)
        expect(new Set(both)).toEqual(lefts.intersection(rights))
        expect(rowsOf(`{ ${left} } | { ${right} }`, spans)).toEqual(both)
        const either = rowsOf(`{ (${left}) || (${right}) }`, spans)
        expect(new Set(either)).toEqual(lefts.union(rights))
        expect(rowsOf(`{ ${left} } || { ${right} }`, spans)).toEqual(either)
        const isBoth = lefts.size > 0 && rights.size > 0
        expect(rowsOf(`{ ${left} } && { ${right} }`, spans)).toEqual(isBoth ? either : [])
      },
    )
    fc.assert(property, runs)
  })

  test('!= is = denied, where both sides are there', () => {
    const property = fc.property(arbitraryTrace(largeValue), (spans) => {
      const equal = rowsOf('{ span.p = "x" }', spans)
      const unequal = rowsOf('{ span.p != "x" }', spans)
      expect(new Set(equal).isDisjointFrom(new Set(unequal))).toBe(true)
      const texts = allOf(spans).filter((row) => {
        const value = spans[row]?.span?.p
        return [value].flat().every((one) => typeof one === 'string') && value !== undefined
      })
      expect([...equal, ...unequal].sort((a, b) => a - b)).toEqual(texts)
    })
    fc.assert(property, runs)
  })
})

// --- The naive reference ------------------------------------------------------------------------------------------------

/** Rows that are ancestors, nearest first; undefined when they run in a circle. */
function pathOf(row: number, spans: readonly TestSpan[]): number[] | undefined {
  const path: number[] = []
  for (let at = row; ; ) {
    const parent = parentOf(at, spans)
    if (parent === undefined) return path
    if (parent === row || path.includes(parent)) return undefined
    path.push(parent)
    at = parent
  }
}

/** Whether the path ends in a root, and not where a parent is not there. */
function isRooted(row: number, spans: readonly TestSpan[]): boolean {
  const path = pathOf(row, spans)
  return path !== undefined && spans[path.at(-1) ?? row]?.parent === undefined
}

/** What a span says of its parent, if that tells anything. */
function familyOf(row: number, spans: readonly TestSpan[]): string | undefined {
  const parent = spans[row]?.parent
  if (parent === undefined) return 'root'
  const known = parentOf(row, spans)
  if (known !== undefined) return `row ${known}`
  return spans.some(({ id }) => id === parent) ? undefined : `missing ${parent}`
}

function parentOf(row: number, spans: readonly TestSpan[]): number | undefined {
  const candidates = allOf(spans).filter((other) => spans[other]?.id === spans[row]?.parent)
  if (candidates.length === 1) return candidates[0]
  if (candidates.length !== 2) return undefined
  const wanted = spans[row]?.kind === 'server' ? 'client' : 'server'
  return candidates.find((other) => spans[other]?.kind === wanted)
}

/** What the right span is to the left one. */
function areRelated(
  sign: string,
  left: number,
  right: number,
  spans: readonly TestSpan[],
): boolean {
  const [leftPath, rightPath] = [pathOf(left, spans), pathOf(right, spans)]
  if (leftPath === undefined || rightPath === undefined) return false
  switch (sign) {
    case '>':
      return rightPath[0] === left
    case '>>':
      return rightPath.includes(left)
    case '<':
      return leftPath[0] === right
    case '<<':
      return leftPath.includes(right)
    default: {
      const family = familyOf(left, spans)
      return left !== right && family !== undefined && family === familyOf(right, spans)
    }
  }
}

describe('structure', () => {
  const signs = formSigns.flatMap((form) => relationSigns.map((sign) => [form, sign] as const))

  test.each(signs)('%s%s relates what the parents say', (form, sign) => {
    const property = fc.property(
      arbitraryTrace(largeValue),
      arbitraryCondition(),
      arbitraryCondition(),
      (spans, left, right) => {
        const lefts = rowsOf(`{ ${left} }`, spans)
        const rights = rowsOf(`{ ${right} }`, spans)
        const related = rights.filter((one) =>
          lefts.some((other) => areRelated(sign, other, one, spans)),
        )
        const relating = lefts.filter((one) =>
          rights.some((other) => areRelated(sign, one, other, spans)),
        )
        const expected = {
          '': related,
          '&': [...new Set([...related, ...relating])].sort((a, b) => a - b),
          '!': rights.filter((row) => !related.includes(row)),
        }[form]
        expect(rowsOf(`{ ${left} } ${form}${sign} { ${right} }`, spans)).toEqual(expected)
      },
    )
    fc.assert(property, { numRuns: 300 })
  })

  test('numbers nest as the spans do', () => {
    const property = fc.property(arbitraryTrace(largeValue), (spans) => {
      const connected = allOf(spans).filter((row) => isRooted(row, spans))
      expect(rowsOf('{ nestedSetLeft > 0 }', spans)).toEqual(connected)
      expect(rowsOf('{ nestedSetRight > nestedSetLeft }', spans)).toEqual(connected)
      expect(rowsOf('{ nestedSetParent = -1 }', spans)).toEqual(
        connected.filter((row) => pathOf(row, spans)?.length === 0),
      )
      const ofChildren = allOf(spans).map(
        (row) => allOf(spans).filter((other) => parentOf(other, spans) === row).length,
      )
      ofChildren.forEach((count, row) => {
        expect(rowsOf(`{ span:childCount = ${count} }`, spans)).toContain(row)
      })
    })
    fc.assert(property, runs)
  })

  test('conditions on the tree are conditions like others', () => {
    const property = fc.property(
      arbitraryTrace(largeValue),
      arbitraryTreeCondition(),
      (spans, text) => {
        const found = rowsOf(`{ ${text} }`, spans)
        expect(rowsOf(`{ } | { ${text} }`, spans)).toEqual(found)
        expect(rowsOf(`{ ${text} } || { false }`, spans)).toEqual(found)
      },
    )
    fc.assert(property, runs)
  })
})
