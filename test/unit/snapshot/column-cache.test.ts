import { expect, test } from 'vitest'
import type { ColumnData } from '../../../src/parquet/read-column.ts'
import { columnCache } from '../../../src/snapshot/column-cache.ts'

function column(bytes: Uint8Array, entries = 1): ColumnData {
  const table = { entries, bytes, width: 1, starts: new Uint32Array(0) }
  const none = { definition: undefined, repetition: undefined, ids: undefined }
  return { entries, ...none, count: entries, table }
}

test('a column is there under its file and place alone', () => {
  const cache = columnCache()
  const held = column(Uint8Array.of(7))
  cache.hold('a', 1, held)
  expect(cache.get('a', 1)).toBe(held)
  expect(cache.get('a', 2)).toBeUndefined()
  expect(cache.get('b', 1)).toBeUndefined()
})

test('those used least recently make room, and what is larger than all room is not held', () => {
  const cache = columnCache(10_000)
  const large = () => column(new Uint8Array(4_000))
  cache.hold('a', 1, large())
  cache.hold('b', 1, large())
  cache.get('a', 1)
  cache.hold('c', 1, large())
  expect(['a', 'b', 'c'].map((key) => cache.get(key, 1) !== undefined)).toEqual([true, false, true])
  cache.hold('d', 1, column(new Uint8Array(20_000)))
  expect(['a', 'c', 'd'].map((key) => cache.get(key, 1) !== undefined)).toEqual([true, true, false])
})

test('a column held again counts once', () => {
  const cache = columnCache(10_000)
  for (let i = 0; i < 5; i++) cache.hold('a', 1, column(new Uint8Array(4_000)))
  cache.hold('b', 1, column(new Uint8Array(4_000)))
  expect(['a', 'b'].map((key) => cache.get(key, 1) !== undefined)).toEqual([true, true])
})

test('of a large read, only the column stays', () => {
  const cache = columnCache()
  const read = new Uint8Array(100_000).fill(9)
  cache.hold('a', 1, column(read.subarray(10, 20)))
  const { bytes } = cache.get('a', 1)?.table ?? column(read).table
  expect([bytes.length, bytes.buffer.byteLength, bytes[0]]).toEqual([10, 10, 9])
})
