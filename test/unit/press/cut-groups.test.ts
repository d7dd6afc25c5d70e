import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutGroups, splitGroups } from '../../../src/press/cut-groups.ts'

/** First places of traces of these sizes, and the end. */
function firsts(sizes: readonly number[]): number[] {
  const places = [0]
  for (const size of sizes) places.push(places.at(-1)! + size)
  return places
}

test('groups of small traces hold whole ones, up to the bound', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sizes) => {
      const traces = firsts(sizes)
      const bounds = cutGroups(traces, 100)
      expect([bounds[0], bounds.at(-1)]).toEqual([0, traces.at(-1)])
      for (const [i, end] of bounds.entries()) {
        expect(traces).toContain(end)
        if (i > 0) expect(end - bounds[i - 1]!).toBeLessThanOrEqual(100)
        if (i > 0) expect(end).toBeGreaterThan(bounds[i - 1]!)
      }
    }),
  )
})

test('groups are of like size', () => {
  expect(cutGroups(firsts(Array(101).fill(1)), 100)).toEqual([0, 52, 101])
  expect(cutGroups(firsts(Array(100).fill(1)), 100)).toEqual([0, 100])
})

test('a trace of four times the bound is whole, a larger one is cut', () => {
  expect(cutGroups(firsts([5, 400, 5]), 100)).toEqual([0, 5, 405, 410])
  expect(cutGroups(firsts([5, 401, 5]), 100)).toEqual([0, 5, 105, 406, 411])
})

test('no rows, no groups', () => {
  expect(cutGroups([0], 100)).toEqual([0])
})

test('a group at the bound on bytes stays, one byte more is cut between traces', () => {
  const traces = firsts([10, 10, 10, 10])
  expect(splitGroups([0, 40], traces, [1_000], 1_000)).toBeUndefined()
  expect(splitGroups([0, 40], traces, [1_001], 1_000)).toEqual([0, 10, 30, 40])
})

test('a trace alone is cut only above four times the bound on bytes', () => {
  expect(splitGroups([0, 40], [0, 40], [4_000], 1_000)).toBeUndefined()
  expect(splitGroups([0, 40], [0, 40], [4_001], 1_000)).toEqual([0, 7, 13, 20, 27, 33, 40])
  expect(splitGroups([0, 1], [0, 1], [4_001], 1_000)).toBeUndefined()
})
