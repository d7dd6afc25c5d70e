import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bucketExponent, quantileOf } from '../../../../query/traceql/log2-buckets.ts'

function bucketOf(value: bigint | number): number | undefined {
  const exponent = bucketExponent(value)
  return exponent === undefined ? undefined : 2 ** exponent
}

test.each([
  [1n, undefined],
  [-5n, undefined],
  [2n, 2],
  [3n, 4],
  [4n, 4],
  [5n, 8],
  [2n ** 62n + 1n, 2 ** 63],
  [0.3, 0.5],
  [0.5, 0.5],
  [1, 1],
  [5.5, 8],
  [0, undefined],
  [-1.5, undefined],
  [Number.NaN, undefined],
  [Number.POSITIVE_INFINITY, undefined],
])('%s lies in the bucket to %s', (value, expected) => {
  expect(bucketOf(value)).toBe(expected)
})

test('a value lies in the upper half of its bucket', () => {
  const value = fc.double({ min: 1e-300, max: 1e300, noNaN: true })
  fc.assert(
    fc.property(value, (number) => {
      const bucket = bucketOf(number) ?? 0
      expect(bucket / 2 < number && number <= bucket).toBe(true)
    }),
  )
})

test.each([
  [0.5, [], 0],
  [0, [{ max: 8, count: 4 }], 4 * 2 ** 0.25],
  [0.5, [{ max: 8, count: 4 }], 4 * 2 ** 0.5],
  [1, [{ max: 8, count: 4 }], 8],
  [
    0.5,
    [
      { max: 4, count: 1 },
      { max: 16, count: 1 },
    ],
    4,
  ],
  [
    0.75,
    [
      { max: 4, count: 2 },
      { max: 16, count: 2 },
    ],
    8,
  ],
  [
    0.01,
    [
      { max: 2, count: 100 },
      { max: 4, count: 1 },
    ],
    2 ** 0.02,
  ],
])('quantile %d of %j is %d', (quantile, buckets, expected) => {
  expect(quantileOf(quantile, buckets)).toBeCloseTo(expected, 10)
})

test('quantiles rise, and stay in the buckets', () => {
  const counts = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(counts, fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (all, quantiles) => {
      const buckets = all.map((count, i) => ({ max: 2 ** (i + 1), count }))
      const values = quantiles.sort((a, b) => a - b).map((one) => quantileOf(one, buckets))
      expect(values).toEqual(values.toSorted((a, b) => a - b))
      for (const value of values) {
        expect(value).toBeGreaterThan(1)
        expect(value).toBeLessThanOrEqual(2 ** all.length)
      }
    }),
  )
})
