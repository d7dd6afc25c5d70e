import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { checkTraceql } from '../../../../query/traceql/check.ts'
import { parseTraceql } from '../../../../query/traceql/parse.ts'
import { patternFault } from '../../../../query/traceql/pattern.ts'
import { printTraceql } from '../../../../query/traceql/print.ts'
import { kindOf, messageOf } from '../../../../src/errors.ts'

// test/golden/traceql/README.md says what lies there. UPDATE_GOLDEN=1 writes the outcomes anew: read the difference.

interface GoldenQuery {
  readonly query: string
  /** The canonical text, or the error. */
  readonly outcome: string
}

const golden = new URL('../../../golden/traceql/', import.meta.url)

function goldenQueries(name: string, outcomeOf: (query: string) => string): GoldenQuery[] {
  const url = new URL(`${name}.json`, golden)
  const cases: GoldenQuery[] = JSON.parse(readFileSync(url, 'utf8'))
  if (process.env.UPDATE_GOLDEN !== '1') return cases
  const updated = cases.map(({ query }) => ({ query, outcome: outcomeOf(query) }))
  const lines = updated.map((one) => `  ${JSON.stringify(one)}`)
  writeFileSync(url, `[\n${lines.join(',\n')}\n]\n`)
  return updated
}

function printedOf(query: string): string {
  return printTraceql(parseTraceql(query))
}

/** The message of the refusal, which must be the client's fault. */
function refusalOf(refuse: () => void): string {
  try {
    refuse()
  } catch (error) {
    expect(kindOf(error)).toBe('invalid')
    return messageOf(error)
  }
  return 'not refused'
}

const syntaxRefusal = (query: string) => refusalOf(() => parseTraceql(query))

function checkRefusal(query: string): string {
  const parsed = parseTraceql(query)
  return refusalOf(() => checkTraceql(parsed, patternFault))
}

describe('valid', () => {
  test.each(goldenQueries('valid', printedOf))('$query', ({ query, outcome }) => {
    const parsed = parseTraceql(query)
    expect(printTraceql(parsed)).toBe(outcome)
    expect(parseTraceql(outcome)).toEqual(parsed)
    checkTraceql(parsed, patternFault)
  })
})

describe('malformed', () => {
  test.each(goldenQueries('malformed', syntaxRefusal))('$query', ({ query, outcome }) => {
    expect(syntaxRefusal(query)).toBe(outcome)
  })
})

describe.each(['senseless', 'unsupported'])('%s', (name) => {
  test.each(goldenQueries(name, checkRefusal))('$query', ({ query, outcome }) => {
    expect(checkRefusal(query)).toBe(outcome)
    expect(printTraceql(parseTraceql(printedOf(query)))).toBe(printedOf(query))
  })
})
