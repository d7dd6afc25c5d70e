import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planFresh } from '../../../src/compact/plan-fresh.ts'
import { freshFileKey, hourOf } from '../../../src/layout/keys.ts'
import {
  freshMergeFilesMin,
  freshMergeWaitMs,
  mergeFilesMax,
  spanFileBytesMax,
} from '../../../src/limits.ts'
import type { ListEntry } from '../../../src/ports/object-store.ts'

const nowMs = Date.UTC(2026, 10, 20, 17, 30)
const hourMs = 3_600_000

interface Fresh {
  readonly id: number
  readonly receivedMs: number
  readonly modifiedMs: number
  readonly bytes: number
}

function entryOf({ id, receivedMs, modifiedMs, bytes }: Fresh): ListEntry {
  const hex = Math.imul(id, 0x9e3779b1) >>> 0
  const key = freshFileKey({
    tenant: 'acme',
    ...hourOf(receivedMs),
    id: hex.toString(16).padStart(32, '0'),
  })
  return { key, bytes, modifiedMs, version: `v${id}` }
}

/** Files of one size, written one after the other, just now. */
function entries(count: number, more: Partial<Fresh> = {}): ListEntry[] {
  return Array.from({ length: count }, (_, id) =>
    entryOf({ id, receivedMs: nowMs, modifiedMs: nowMs - count + id, bytes: 1, ...more }),
  )
}

const keysOf = (some: readonly ListEntry[]) => some.map(({ key }) => key).sort()

describe('a merge begins', () => {
  test.each([
    ['nothing', []],
    ['one file fewer than are worth it', entries(freshMergeFilesMin - 1)],
    ['a file that has not waited long', entries(1, { modifiedMs: nowMs - freshMergeWaitMs + 1 })],
    ['few bytes', entries(1, { bytes: spanFileBytesMax / 2 - 1 })],
    ['a file of the future', entries(1, { modifiedMs: nowMs + hourMs })],
  ])('not for %s, unless at once', (_, fresh) => {
    expect(planFresh(fresh, nowMs)).toEqual([])
    expect(keysOf(planFresh(fresh, nowMs, true))).toEqual(keysOf(fresh))
  })

  test.each([
    ['as many files as are worth it', entries(freshMergeFilesMin)],
    ['a file that has waited long', entries(1, { modifiedMs: nowMs - freshMergeWaitMs })],
    ['bytes of half a span file', entries(2, { bytes: spanFileBytesMax / 4 })],
  ])('for %s', (_, fresh) => {
    expect(keysOf(planFresh(fresh, nowMs))).toEqual(keysOf(fresh))
  })
})

test('a merge takes as many files as it may read, and no more', () => {
  expect(planFresh(entries(mergeFilesMax), nowMs)).toHaveLength(mergeFilesMax)
  expect(planFresh(entries(mergeFilesMax + 1), nowMs)).toHaveLength(mergeFilesMax)
})

test('a merge takes as many bytes as it may read, and no more, but always a file', () => {
  const half = spanFileBytesMax / 2
  expect(planFresh(entries(2, { bytes: half }), nowMs)).toHaveLength(2)
  expect(planFresh(entries(3, { bytes: half }), nowMs)).toHaveLength(2)
  expect(planFresh(entries(2, { bytes: half + 1 }), nowMs)).toHaveLength(1)
  expect(planFresh(entries(2, { bytes: spanFileBytesMax + 1 }), nowMs)).toHaveLength(1)
})

const files = fc.array(
  fc.record({
    hour: fc.nat({ max: 3 }),
    modifiedMs: fc.integer({ min: nowMs - 3 * freshMergeWaitMs, max: nowMs }),
    bytes: fc.oneof(fc.nat({ max: 1_000 }), fc.nat({ max: spanFileBytesMax })),
  }),
  { maxLength: 100 },
)

test('what is left came after what is taken, and its first would not have fitted', () => {
  fc.assert(
    fc.property(files, fc.boolean(), (some, atOnce) => {
      const fresh = some.map(({ hour, modifiedMs, bytes }, id) => ({
        ...{ id, modifiedMs, bytes },
        receivedMs: nowMs - hour * hourMs,
      }))
      const byArrival = fresh
        .toSorted((a, b) => a.receivedMs - b.receivedMs || a.modifiedMs - b.modifiedMs)
        .map(entryOf)
      const listed = fresh.map(entryOf)
      const taken = planFresh(listed, nowMs, atOnce)
      expect(listed).toEqual(fresh.map(entryOf))
      if (taken.length === 0) {
        expect(atOnce && fresh.length > 0).toBe(false)
        return
      }
      expect(keysOf(taken)).toEqual(keysOf(byArrival.slice(0, taken.length)))
      const bytes = taken.reduce((sum, entry) => sum + entry.bytes, 0)
      expect(taken.length === 1 || bytes <= spanFileBytesMax).toBe(true)
      expect(taken.length).toBeLessThanOrEqual(mergeFilesMax)
      const next = byArrival[taken.length]
      if (next && taken.length < mergeFilesMax) {
        expect(bytes + next.bytes).toBeGreaterThan(spanFileBytesMax)
      }
    }),
    { numRuns: 300 },
  )
})
