import fc from 'fast-check'
import { expect, test } from 'vitest'
import { orderRows } from '../../../src/press/order-rows.ts'
import { differingWord } from '../../../src/span/differing-word.ts'
import { hexOf } from '../../../src/span/trace-id.ts'
import { someSpan, spanId } from '../../helpers/some-span.ts'
import { batchOfSpans } from '../press/batch-of-spans.ts'

test.each([
  [
    'random ids',
    [
      [1, 2, 3, 4],
      [9, 2, 3, 4],
    ],
    0,
  ],
  [
    'ids behind a time',
    [
      [5, 2, 3, 4],
      [5, 8, 3, 4],
    ],
    1,
  ],
  [
    'ids of 64 bits',
    [
      [0, 0, 3, 4],
      [0, 0, 7, 4],
    ],
    2,
  ],
  [
    'counted ids',
    [
      [0, 0, 0, 1],
      [0, 0, 0, 2],
    ],
    3,
  ],
  ['one id', [[1, 2, 3, 4]], 3],
  [
    'equal ids',
    [
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ],
    3,
  ],
  ['no id', [], 3],
])('%s', (_, ids, word) => {
  expect(differingWord(ids.length, (i, at) => ids[i]![at]!)).toBe(word)
})

test('rows are in the order of their whole trace ids, whichever words of them are alike', () => {
  const word = fc.oneof(fc.constant(0), fc.constant(7), fc.integer({ min: 0, max: 0xffff_ffff }))
  const alike = fc.integer({ min: 0, max: 4 })
  const ids = fc.array(fc.tuple(word, word, word, word), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(ids, alike, (given, words) => {
      const spans = given.map((id, i) => {
        const traceId = new Uint8Array(16)
        const view = new DataView(traceId.buffer)
        for (const [at, value] of id.entries()) view.setUint32(at * 4, at < words ? 0 : value)
        traceId[15] = traceId[15]! | 1
        return {
          span: someSpan({ traceId, spanId: spanId(i + 1), startNs: BigInt(i) }),
          envelope: 0,
        }
      })
      const batch = batchOfSpans(spans)
      const order = orderRows(batch)
      const key = (row: number) => hexOf(batch.traceIds.subarray(row * 16, row * 16 + 16))
      const naive = Array.from(order.keys()).sort((a, b) =>
        key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a - b,
      )
      expect([...order]).toEqual(naive)
    }),
    { numRuns: 300 },
  )
})
