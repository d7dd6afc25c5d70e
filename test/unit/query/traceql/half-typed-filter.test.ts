import { expect, test } from 'vitest'
import { halfTypedFilter } from '../../../../query/traceql/half-typed-filter.ts'
import { printFieldExpression } from '../../../../query/traceql/print-field.ts'

test.each([
  ['', undefined],
  ['{}', 'true'],
  ['{ .a = 1 }', '.a = 1'],
  ['{ .a = 1', '.a = 1'],
  ['{ resource.cluster = }', undefined],
  ['{ resource.cluster = "', undefined],
  ['{ .a = 1 && resource.cluster = }', '.a = 1'],
  ['{ resource.cluster = && .a = 1 }', '.a = 1'],
  ['{ .a = 1 && .b = && span.c = "x && {y}" && .d', '.a = 1 && span.c = "x && {y}"'],
  ['{ .a = 1 || .b = || .c = 2 }', '.a = 1 || .c = 2'],
  ['{ (.a = 1 || .b = 2) && .c = }', '.a = 1 || .b = 2'],
  ['{ (.a = 1 && .b = }', undefined],
  ['{ .a =~ "[" && name = "x" }', 'name = "x"'],
  ['{ .a = 1 && name = "x" } | rate() by (', '.a = 1 && name = "x"'],
  ['{ .a = 1 } | rate() by (.b)', '.a = 1'],
  ['{ .a = 1 } | count() > 2', '.a = 1'],
  ['{ .a = 1 } && { .b = 2 }', undefined],
  ['{ .a = 1 } >> { .b = ', undefined],
  ['no query at all', undefined],
  ['{ .a = "\\', undefined],
])('of %s is kept %s', (text, kept) => {
  const condition = halfTypedFilter(text)
  expect(condition && printFieldExpression(condition)).toBe(kept)
})
