import { expect, test } from 'vitest'
import { parseTimeParameter } from '../../../query/time-parameter.ts'

const secondNs = 1_000_000_000n

test.each([
  ['0', 0n],
  ['9199999999', 9_199_999_999n * secondNs],
  ['10000000000', 10_000_000_000n],
  ['9200000000000000000', 9_200_000_000_000_000_000n],
  ['2026-11-20T17:00:00Z', 1_795_194_000n * secondNs],
  ['2026-11-20T17:00Z', 1_795_194_000n * secondNs],
  ['2026-11-20t18:00:00+01:00', 1_795_194_000n * secondNs],
  ['2026-11-20T17:00:00.000000001Z', 1_795_194_000n * secondNs + 1n],
  ['2026-11-20T17:00:00.25Z', 1_795_194_000n * secondNs + secondNs / 4n],
])('%s is %i', (text, ns) => {
  expect(parseTimeParameter('start', text)).toBe(ns)
})

test.each([
  '',
  '-1',
  '1.5',
  '9999999999',
  'now',
  '9200000000000000001',
  '2026-11-20',
  '2026-11-20T17:00:00',
  '2026-13-20T17:00:00Z',
  '1969-12-31T23:59:59Z',
  '2300-01-01T00:00:00Z',
  '2026-11-20T17:00:00.0000000001Z',
])('%j is refused', (text) => {
  const message = `end must be unix seconds, nanoseconds or a time such as 2026-11-20T17:00:00Z, got ${text}`
  expect(() => parseTimeParameter('end', text)).toThrow(message)
})
