import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planLocators } from '../../../src/compact/fold-locators.ts'
import type { LocatorSet } from '../../../src/index/manifest.ts'
import { objectName } from '../../../src/layout/keys.ts'
import { locatorBucketEntriesMax, locatorMergeEntriesMax } from '../../../src/limits.ts'

/** A set of so many locators, in as many buckets as they need. */
function setOf(entries: number, number: number): LocatorSet {
  const buckets = []
  for (let left = entries; left > 0; left -= locatorBucketEntriesMax) {
    const name = objectName(number, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, buckets.length))
    const own = Math.min(left, locatorBucketEntriesMax)
    buckets.push({ name, bytes: 0, entries: own, marks: new Uint8Array() })
  }
  return { since: number + 1, buckets, dropped: [], files: 1 }
}

function sizeOf({ buckets }: LocatorSet): number {
  return buckets.reduce((sum, { entries }) => sum + entries, 0)
}

const max = locatorMergeEntriesMax

test.each<[sizes: number[], joined: number]>([
  [[], 0],
  [[1], 1],
  [[1, 1], 2],
  [[2, 1], 2],
  [[3, 1], 1],
  [[4, 2, 1], 3],
  [[6, 2, 1], 3],
  [[7, 2, 1], 2],
  [[1, 3, 1], 1],
  [[1, 100], 2],
  [[max / 2, max / 2], 2],
  [[max / 2 + 1, max / 2], 1],
  [[1, max / 2, max / 2], 2],
  [[max], 1],
  [[1, max + 1], 0],
])('of sets of %j locators the newest %i are joined', (sizes, joined) => {
  const sets = sizes.map(setOf)
  expect(planLocators(sets)).toEqual(sets.slice(sets.length - joined))
})

/** Adds sets one by one, each followed by all the folds there are; what was rewritten, and what stands. */
function grow(sizes: readonly number[]): { sets: readonly LocatorSet[]; rewritten: number } {
  let sets: readonly LocatorSet[] = []
  let rewritten = 0
  for (const [number, size] of sizes.entries()) {
    sets = [...sets, setOf(size, number)]
    for (;;) {
      const chosen = planLocators(sets)
      if (chosen.length < 2) break
      const joined = chosen.reduce((sum, set) => sum + sizeOf(set), 0)
      expect(joined).toBeLessThanOrEqual(max)
      rewritten += joined
      sets = [...sets.slice(0, -chosen.length), setOf(joined, number)]
    }
  }
  return { sets, rewritten }
}

test('sets stay about as many as the logarithm of what they hold, and so does the rewriting', () => {
  const sizes = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 100_000 }))
  fc.assert(
    fc.property(fc.array(sizes, { minLength: 1, maxLength: 200 }), (some) => {
      const { sets, rewritten } = grow(some)
      const total = some.reduce((sum, size) => sum + size, 0)
      expect(sets.reduce((sum, set) => sum + sizeOf(set), 0)).toBe(total)
      // Each set is more than twice the next.
      expect(sets.length).toBeLessThanOrEqual(Math.log2(total) + 1)
      // A fold makes at least one and a half of the largest set in it.
      expect(rewritten).toBeLessThanOrEqual(total * (Math.log(total) / Math.log(1.5) + 1))
    }),
    { numRuns: 200 },
  )
})

test('sets that have as much together as one merge reads stay as they are', () => {
  const size = max / 4
  const { sets } = grow(Array.from({ length: 12 }, () => size))
  for (const [i, set] of sets.entries()) {
    expect(sizeOf(set)).toBeLessThanOrEqual(max)
    const older = sets[i - 1]
    if (older)
      expect(sizeOf(older) > 2 * sizeOf(set) || sizeOf(older) + sizeOf(set) > max).toBe(true)
  }
})
