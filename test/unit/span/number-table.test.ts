import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NumberTable } from '../../../src/span/number-table.ts'

function internAll(table: NumberTable, bits: readonly bigint[]): number[] {
  return bits.map((each) =>
    table.intern(Number(each & 0xffff_ffffn), Number((each >> 32n) & 0xffff_ffffn)),
  )
}

test('each distinct integer has one id, in order of first appearance', () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
      fc.integer(),
      (bits, seed) => {
        const table = new NumberTable(seed)
        const ids = internAll(table, bits)
        expect(internAll(table, bits)).toEqual(ids)
        expect([...table.ints()]).toEqual([...new Set(bits)].map((each) => BigInt.asIntN(64, each)))
        expect(ids.map((id) => BigInt.asUintN(64, table.ints()[id]!))).toEqual(bits)
      },
    ),
    { numRuns: 50 },
  )
})

test('doubles are told apart by their bits', () => {
  const table = new NumberTable()
  const bitsOf = (value: number) => new BigUint64Array(Float64Array.of(value).buffer)[0]!
  const values = [0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 5e-324, 1.5]
  expect(internAll(table, values.map(bitsOf))).toEqual([0, 1, 2, 3, 4, 5, 2])
  expect([...table.doubles()]).toEqual(values.slice(0, 6))
})

test('tens of thousands fit', () => {
  const table = new NumberTable(9)
  const bits = Array.from({ length: 40_000 }, (_, i) => BigInt(i) * 0x1_0000_0001n)
  expect(internAll(table, bits)).toEqual(bits.map((_, i) => i))
  expect([...table.ints()]).toEqual(bits)
})
