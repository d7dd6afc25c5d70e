import { describe, expect, test } from 'vitest'
import { spansTable } from '../../../../query/search/spans-table.ts'
import { checkTraceql } from '../../../../query/traceql/check.ts'
import { type Spanset, searchEvaluator } from '../../../../query/traceql/evaluate-search.ts'
import { parseTraceql } from '../../../../query/traceql/parse.ts'
import { patternFault } from '../../../../query/traceql/pattern.ts'
import { messageOf } from '../../../../src/errors.ts'
import { type GoldenCase, goldenTraces } from '../../../helpers/golden-traces.ts'
import { spanOfTestSpan } from '../../../helpers/span-of-test-span.ts'
import { tableOf } from './table-of.ts'

/** The outcome as the case writes it. */
function outcomeOf({ query: text, sets }: GoldenCase, table: ReturnType<typeof tableOf>) {
  try {
    const query = parseTraceql(text)
    checkTraceql(query, patternFault)
    if (query.kind !== 'search') throw new Error(`no search: ${text}`)
    const found = searchEvaluator(query.stages, table)({ from: 0, to: table.rows })
    const idOf = (row: number) => table.spanId(row).replace(/^0+/, '')
    const finds = found.map(({ rows }) => rows.map(idOf).join(' ')).join('|')
    return { finds, ...(sets !== undefined && { sets: found.map(writtenOn).join('|') }) }
  } catch (error) {
    return { invalid: messageOf(error) }
  }
}

function writtenOn({ attributes }: Spanset): string {
  return attributes.map(({ name, value }) => `${name}=${value}`).join(' ')
}

describe.each(goldenTraces())('$name', ({ spans, cases }) => {
  const tables = [tableOf(spans), spansTable(spans.map((span) => spanOfTestSpan(span, 0n)))]

  test.each(cases)('$item: $query', (one) => {
    const { item: _, query: __, ...outcome } = one
    for (const table of tables) expect(outcomeOf(one, table)).toEqual(outcome)
  })
})
