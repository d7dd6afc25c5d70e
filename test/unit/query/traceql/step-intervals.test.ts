import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  alignedRange,
  defaultStepNs,
  stepIntervals,
} from '../../../../query/traceql/step-intervals.ts'
import { metricsPointsMax } from '../../../../src/limits.ts'

const range = (startNs: bigint, endNs: bigint, stepNs: bigint, isInstant = false) => ({
  startNs,
  endNs,
  stepNs,
  isInstant,
})

describe('intervals', () => {
  test('end at multiples of the step, with their end and without their start', () => {
    const { count, indexOf, timestampNs } = stepIntervals(range(105n, 125n, 10n))
    expect(count).toBe(3)
    expect([100n, 101n, 110n, 111n, 120n, 121n, 130n, 131n].map(indexOf)).toEqual([
      -1, 0, 0, 1, 1, 2, 2, -1,
    ])
    expect([0, 1, 2].map(timestampNs)).toEqual([110n, 120n, 130n])
  })

  test('an instant has one, with both ends', () => {
    const { count, indexOf, timestampNs, stepSeconds } = stepIntervals(
      range(100n, 2_000_000_100n, 10n, true),
    )
    expect([count, stepSeconds, timestampNs(0)]).toEqual([1, 2, 2_000_000_100n])
    expect([99n, 100n, 2_000_000_100n, 2_000_000_101n].map(indexOf)).toEqual([-1, 0, 0, -1])
  })

  test('cover the range and nothing twice', () => {
    const ns = fc.bigInt(1n, 10n ** 19n)
    const property = fc.property(
      ns,
      fc.bigInt(1n, 10n ** 6n),
      fc.bigInt(1n, 10n ** 4n),
      (startNs, length, factor) => {
        const stepNs = length / factor + 1n
        const { count, indexOf, timestampNs } = stepIntervals(
          range(startNs, startNs + length, stepNs),
        )
        for (const at of [startNs + 1n, startNs + length, startNs + length / 2n + 1n]) {
          const index = indexOf(at)
          expect(index).toBeGreaterThanOrEqual(0)
          expect(index).toBeLessThan(count)
          expect(timestampNs(index) - stepNs < at && at <= timestampNs(index)).toBe(true)
        }
      },
    )
    fc.assert(property)
  })

  test.each([
    [range(10n, 10n, 1n), /end must be after the start/],
    [range(10n, 20n, 0n), /step must be positive/],
    [range(0n, BigInt(metricsPointsMax) + 1n, 1n), /at most 20000 steps, got 20001/],
  ])('%o is refused', (bad, message) => {
    expect(() => stepIntervals(bad)).toThrow(message)
  })

  test('as many as may be', () => {
    expect(stepIntervals(range(0n, BigInt(metricsPointsMax), 1n)).count).toBe(metricsPointsMax)
  })
})

test('an aligned range begins a step earlier, so that a point stands at its start', () => {
  expect(alignedRange(range(105n, 125n, 10n))).toEqual(range(90n, 130n, 10n))
  expect(alignedRange(range(100n, 120n, 10n))).toEqual(range(90n, 120n, 10n))
  expect(alignedRange(range(5n, 25n, 10n))).toEqual(range(0n, 30n, 10n))
  expect(alignedRange(range(105n, 125n, 10n, true))).toEqual(range(105n, 125n, 10n, true))
})

test.each([
  [1n, '50ms'],
  [30n, '125ms'],
  [60n, '1000ms'],
  [3_600n, '15000ms'],
  [6n * 3_600n, '60000ms'],
  [24n * 3_600n, '300000ms'],
  [30n * 24n * 3_600n, '10800000ms'],
])('the default step of %d seconds is %s', (seconds, expected) => {
  const stepNs = defaultStepNs(0n, seconds * 1_000_000_000n)
  expect(`${Number(stepNs) / 1e6}ms`).toBe(expected)
})
