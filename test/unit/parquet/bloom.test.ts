import fc from 'fast-check'
import { readBloomFilter, sbbfContains } from 'hyparquet/src/bloom.js'
import { xxhash64 as oracle } from 'hyparquet/src/xxhash.js'
import { expect, test } from 'vitest'
import { bloomFilter } from '../../../src/parquet/bloom.ts'
import { readBloomFilter as readOwn } from '../../../src/parquet/read-bloom.ts'
import { xxhash64 } from '../../../src/parquet/xxhash64.ts'

test('xxhash64 is what hyparquet computes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 3 }), (bytes, from) => {
      const start = Math.min(from, bytes.length)
      const { high, low } = xxhash64(bytes, start, bytes.length)
      expect((BigInt(high) << 32n) | BigInt(low)).toBe(oracle(bytes.slice(start)))
    }),
    { numRuns: 500 },
  )
})

function keysOf(count: number) {
  const bytes = new TextEncoder().encode(
    Array.from({ length: count }, (_, i) => `key ${String(i).padStart(6, '0')}`).join(''),
  )
  return { count, bytes, slice: (i: number) => ({ from: i * 10, to: i * 10 + 10 }) }
}

test('hyparquet finds every value in a filter, and hardly any other', () => {
  const bytes = bloomFilter(keysOf(5_000))!
  const filter = readBloomFilter({ view: new DataView(bytes.buffer), offset: 0 })
  const contains = (key: string) =>
    sbbfContains(filter!.blocks, oracle(new TextEncoder().encode(key)))
  let falseHits = 0
  for (let i = 0; i < 5_000; i++) {
    expect(contains(`key ${String(i).padStart(6, '0')}`)).toBe(true)
    if (contains(`other ${i}`)) falseHits++
  }
  expect(falseHits).toBeLessThan(100)
})

test('our own reader says of every value what the writer wrote', () => {
  const mightHold = readOwn(bloomFilter(keysOf(5_000))!, 'filter')
  const asks = (key: string) => mightHold(new TextEncoder().encode(key))
  const found = Array.from({ length: 5_000 }, (_, i) => asks(`key ${String(i).padStart(6, '0')}`))
  expect(found).not.toContain(false)
  const others = Array.from({ length: 5_000 }, (_, i) => asks(`other ${i}`))
  expect(others.filter((one) => one).length).toBeLessThan(100)
})

test('a filter that is cut short is refused', () => {
  const bytes = bloomFilter(keysOf(5_000))!
  expect(() => readOwn(bytes.subarray(0, bytes.length - 1), 'filter')).toThrow('filter')
  expect(() => readOwn(bytes.subarray(0, 1), 'filter')).toThrow('filter')
})

test('few values have no filter', () => {
  expect(bloomFilter(keysOf(999))).toBeUndefined()
  expect(bloomFilter(keysOf(1_000))).toBeDefined()
})
