import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseTraceql } from '../../../../query/traceql/parse.ts'
import { printTraceql } from '../../../../query/traceql/print.ts'
import { arbitraryQuery } from './arbitrary-query.ts'

test('every tree is printed as text that parses to an equal tree', () => {
  fc.assert(
    fc.property(arbitraryQuery(), (query) => {
      expect(parseTraceql(printTraceql(query))).toEqual(query)
    }),
    { numRuns: 2_000 },
  )
})
