import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Field, FieldExpression, Stage } from '../../../../query/traceql/ast.ts'
import { checkTraceql } from '../../../../query/traceql/check.ts'
import { columnsOf, shownFields } from '../../../../query/traceql/columns-of.ts'
import {
  necessaryConditions,
  type SpanCondition,
  type TraceCondition,
} from '../../../../query/traceql/conditions.ts'
import { searchEvaluator } from '../../../../query/traceql/evaluate-search.ts'
import { parseTraceql } from '../../../../query/traceql/parse.ts'
import { patternFault } from '../../../../query/traceql/pattern.ts'
import { printField, printFieldExpression } from '../../../../query/traceql/print-field.ts'
import type { SpanTable } from '../../../../query/traceql/span-table.ts'
import {
  arbitraryCondition,
  arbitraryStages,
  arbitraryTrace,
  arbitraryTreeCondition,
  largeValue,
} from './arbitrary-trace.ts'
import { type TestSpan, tableOf } from './table-of.ts'

function stagesOf(text: string): readonly Stage[] {
  const query = parseTraceql(text)
  checkTraceql(query, patternFault)
  if (query.kind !== 'search') throw new Error(`no search: ${text}`)
  return query.stages
}

/** The condition as the language would say it. */
function expressionOf(condition: SpanCondition): FieldExpression {
  switch (condition.kind) {
    case 'always':
    case 'never':
      return { kind: 'bool', value: condition.kind === 'always' }
    case 'all':
    case 'any': {
      const operator = condition.kind === 'all' ? '&&' : '||'
      return condition.of
        .map(expressionOf)
        .reduce((left, right) => ({ kind: 'logic', operator, left, right }))
    }
    case 'compare':
      return { ...condition, left: condition.field, right: condition.value }
    case 'match':
      return { ...condition, left: condition.field }
    case 'present':
    case 'absent':
      return { kind: condition.kind, operand: condition.field }
  }
}

function printTrace(condition: TraceCondition): string {
  if (condition.kind === 'some') return `{ ${printFieldExpression(expressionOf(condition.span))} }`
  return `${condition.kind}(${condition.of.map(printTrace).join(', ')})`
}

function rowsThat(condition: SpanCondition, spans: readonly TestSpan[]): readonly number[] {
  const stage: Stage = { kind: 'filter', condition: expressionOf(condition) }
  const [set] = searchEvaluator([stage], tableOf(spans))({ from: 0, to: spans.length })
  return set?.rows ?? []
}

function holds(condition: TraceCondition, spans: readonly TestSpan[]): boolean {
  switch (condition.kind) {
    case 'some':
      return rowsThat(condition.span, spans).length > 0
    case 'all':
      return condition.of.every((one) => holds(one, spans))
    case 'any':
      return condition.of.some((one) => holds(one, spans))
  }
}

describe('as trees', () => {
  test.each([
    ['{ }', '{ true }', '{ true }'],
    ['{ .a = 1 && 2 < span.b }', '{ .a = 1 && span.b > 2 }', '{ .a = 1 && span.b > 2 }'],
    ['{ .a = 1 || (.b = 2 || false) }', '{ .a = 1 || .b = 2 }', '{ .a = 1 || .b = 2 }'],
    ['{ .a = 1 || true }', '{ true }', '{ true }'],
    ['{ .a = 1 && false }', '{ false }', '{ false }'],
    ['{ duration > 1s * 2 }', '{ duration > 2000000000.0 }', '{ duration > 2000000000.0 }'],
    ['{ .a > .b + 1 }', '{ .a != nil && .b != nil }', '{ .a != nil && .b != nil }'],
    ['{ .a }', '{ .a = true }', '{ .a = true }'],
    ['{ !(.a = 1) }', '{ true }', '{ true }'],
    ['{ !(.a != nil || .b = nil) }', '{ .a = nil && .b != nil }', '{ .a = nil && .b != nil }'],
    [
      '{ name =~ "x" && .a !~ "y" }',
      '{ name =~ "x" && .a !~ "y" }',
      '{ name =~ "x" && .a !~ "y" }',
    ],
    ['{ .a = 1 } | { .b = 2 }', '{ .a = 1 }', '{ .a = 1 && .b = 2 }'],
    ['{ .a = 1 } | count() > 2 | { .b = 2 }', '{ .a = 1 }', '{ .a = 1 && .b = 2 }'],
    ['{ .a = 1 } && { .b = 2 }', '{ .a = 1 || .b = 2 }', '{ .a = 1 || .b = 2 }'],
    ['{ .a = 1 } >> { .b = 2 }', '{ .a = 1 || .b = 2 }', '{ .b = 2 }'],
    ['{ .a = 1 } &>> { .b = 2 }', '{ .a = 1 || .b = 2 }', '{ .a = 1 || .b = 2 }'],
    ['{ .a = 1 } !>> { .b = 2 }', '{ .a = 1 || .b = 2 }', '{ .b = 2 }'],
    ['{ .a = 1 } | select(.b) | by(.c)', '{ .a = 1 }', '{ .a = 1 }'],
    ['max(.a) > 1 | { .b = 2 }', '{ true }', '{ .b = 2 }'],
  ])('%s: part %s, found %s', (text, span, found) => {
    const conditions = necessaryConditions(stagesOf(text))
    expect(`{ ${printFieldExpression(expressionOf(conditions.span))} }`).toBe(span)
    expect(`{ ${printFieldExpression(expressionOf(conditions.found))} }`).toBe(found)
  })

  test.each([
    ['{ .a = 1 }', 'all({ .a = 1 })'],
    ['{ .a = 1 } | { .b = 2 }', 'all({ .a = 1 && .b = 2 })'],
    [
      '{ .a = 1 } | ({ .b = 2 } > { .c = 3 })',
      'all(all({ .a = 1 && .b = 2 }, { .a = 1 && .c = 3 }), { .a = 1 && .c = 3 })',
    ],
    ['{ .a = 1 } && { .b = 2 }', 'all(all({ .a = 1 }, { .b = 2 }), { .a = 1 || .b = 2 })'],
    ['{ .a = 1 } || { .b = 2 }', 'all(any({ .a = 1 }, { .b = 2 }), { .a = 1 || .b = 2 })'],
    ['{ .a = 1 } > { .b = 2 }', 'all(all({ .a = 1 }, { .b = 2 }), { .b = 2 })'],
    ['{ .a = 1 } !> { .b = 2 }', 'all({ .b = 2 }, { .b = 2 })'],
    ['{ .a = 1 } | avg(.b) > 1', 'all({ .a = 1 && .b != nil }, { .a = 1 })'],
  ])('%s: traces with %s', (text, expected) => {
    expect(printTrace(necessaryConditions(stagesOf(text)).trace)).toBe(expected)
  })
})

describe('against the evaluator', () => {
  const local = arbitraryStages(arbitraryCondition(), false)
  const stages = fc.oneof(arbitraryStages(arbitraryTreeCondition()), local)
  const runs = { numRuns: 2_000 }

  test('what is found fulfils them', () => {
    const property = fc.property(arbitraryTrace(largeValue), stages, (spans, text) => {
      const parsed = stagesOf(text)
      const sets = searchEvaluator(parsed, tableOf(spans))({ from: 0, to: spans.length })
      if (sets.length === 0) return
      const { trace, found } = necessaryConditions(parsed)
      expect(holds(trace, spans)).toBe(true)
      expect(rowsThat(found, spans)).toEqual(
        expect.arrayContaining(sets.flatMap(({ rows }) => [...rows])),
      )
    })
    fc.assert(property, runs)
  })

  test('spans that have no part may be missing', () => {
    let shorter = 0
    const property = fc.property(arbitraryTrace(largeValue), local, (spans, text) => {
      const parsed = stagesOf(text)
      expect(columnsOf({ kind: 'search', stages: parsed, hints: [] }).needsWholeTrace).toBe(false)
      const rows = rowsThat(necessaryConditions(parsed).span, spans)
      const part = rows.flatMap((row) => spans[row] ?? [])
      if (part.length < spans.length) shorter++
      const whole = searchEvaluator(parsed, tableOf(spans))({ from: 0, to: spans.length })
      const pruned = searchEvaluator(parsed, tableOf(part))({ from: 0, to: part.length })
      const renumbered = pruned.map((set) => ({ ...set, rows: set.rows.map((row) => rows[row]) }))
      expect(renumbered).toEqual(whole)
    })
    fc.assert(property, runs)
    expect(shorter).toBeGreaterThan(200)
  })

  test('only the columns that are named are read', () => {
    const property = fc.property(arbitraryTrace(largeValue), stages, (spans, text) => {
      const parsed = stagesOf(text)
      const { attributes, intrinsics, needsWholeTrace } = columnsOf({
        kind: 'search',
        stages: parsed,
        hints: [],
      })
      const named = new Set(attributes.flatMap(({ scope, key }) => [`${scope} ${key}`]))
      const table = tableOf(spans)
      const watched: SpanTable = {
        ...table,
        attribute(scope, key) {
          expect(named.has(`${scope} ${key}`) || named.has(`any ${key}`)).toBe(true)
          return table.attribute(scope, key)
        },
      }
      if (!intrinsics.includes('rootServiceName')) {
        searchEvaluator(parsed, watched)({ from: 0, to: spans.length })
      }
      const untreed: SpanTable = { ...watched, parentId: notToBeRead }
      if (!needsWholeTrace && !intrinsics.includes('span:parentID')) {
        searchEvaluator(parsed, untreed)({ from: 0, to: spans.length })
      }
    })
    fc.assert(property, runs)
  })
})

function notToBeRead(): never {
  throw new Error('parents were read')
}

describe('columns', () => {
  const names = (fields: readonly Field[]) => fields.map(printField).join(' ')

  test.each([
    ['{ }', '', '', false],
    ['{ .a = 1 && (name = "x" || .a = 2) }', '.a', 'name', false],
    [
      '{ span.a = 1 } | by(resource.b) | avg(duration) > 1 | select(event.c, .d)',
      'span.a resource.b event.c .d',
      'duration',
      false,
    ],
    ['{ .a } >> { .b }', '.a .b', '', true],
    ['{ } | ({ .a } && ({ .b } | { } ~ { }))', '.a .b', '', true],
    ['{ nestedSetParent < 0 } | rate() by (.a)', '.a', 'nestedSetParent', true],
    ['{ .a } | quantile_over_time(duration, .9) by (.b)', '.a .b', 'duration', false],
    ['({ .a } | rate()) / ({ .b } | max_over_time(.c))', '.a .b .c', '', false],
    [
      '{ .a } | compare({ .b && status = error })',
      '.a .b',
      'status name kind statusMessage rootName rootServiceName instrumentation:name instrumentation:version',
      true,
    ],
  ])('%s', (text, attributes, intrinsics, needsWholeTrace) => {
    const columns = columnsOf(parseTraceql(text))
    expect(names(columns.attributes)).toBe(attributes)
    expect(columns.intrinsics.join(' ')).toBe(intrinsics)
    expect(columns.needsWholeTrace).toBe(needsWholeTrace)
    expect(columns.needsAllAttributes).toBe(text.includes('compare'))
  })

  test('an answer shows what the query names', () => {
    const stages = stagesOf('{ .a = 1 && name = "x" } | by(.b) | select(.c, .a)')
    expect(names(shownFields(stages))).toBe('.a name .b .c')
  })
})
