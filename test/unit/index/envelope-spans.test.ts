import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeCodec } from '../../../src/adapters/node/codec.ts'
import {
  type EnvelopeSpans,
  freshFileId,
  readEnvelopeSpans,
  sameEnvelopeSpans,
  writeEnvelopeSpans,
} from '../../../src/index/envelope-spans.ts'
import { ByteReader } from '../../../src/parquet/byte-reader.ts'
import { ByteWriter } from '../../../src/parquet/byte-writer.ts'

const ordinals = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 70_000 })), {
    maxLength: 4,
  })
  .map((steps) => {
    let end = -1
    return steps.map(([gap, length]): [number, number] => {
      const from = end + gap
      end = from + length
      return [from, end]
    })
  })

const list = fc.array(
  fc.record<EnvelopeSpans>({
    id: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    ordinals: fc.option(ordinals, { nil: undefined }),
    receivedMs: fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }),
  }),
  { maxLength: 6 },
)

test('a list comes back as it is', () => {
  fc.assert(
    fc.property(list, (spans) => {
      const receivedFromMs = Math.min(
        ...spans.map(({ receivedMs }) => receivedMs),
        1_700_000_000_000,
      )
      const out = new ByteWriter()
      writeEnvelopeSpans(out, spans, receivedFromMs)
      expect(readEnvelopeSpans(new ByteReader(out.copy(), 'list'), receivedFromMs)).toEqual(spans)
    }),
  )
})

test('a list cut short is corrupt', () => {
  const out = new ByteWriter()
  writeEnvelopeSpans(out, [{ id: new Uint8Array(16), ordinals: [[1, 4]], receivedMs: 7 }], 0)
  for (let length = 0; length < out.length; length++) {
    const cut = new ByteReader(out.copy().subarray(0, length), 'list')
    expect(() => readEnvelopeSpans(cut, 0)).toThrow(/^list is/)
  }
})

test('order and time of receipt are no part of the id', () => {
  fc.assert(
    fc.property(list, (spans) => {
      const other = [...spans].reverse().map((one) => ({ ...one, receivedMs: 1 }))
      expect(freshFileId('acme', other, nodeCodec)).toBe(freshFileId('acme', spans, nodeCodec))
      expect(sameEnvelopeSpans(other, spans)).toBe(true)
    }),
  )
})

test('different spans or tenants have different ids', () => {
  const id = new Uint8Array(16).fill(5)
  const one = (...ranges: [number, number][]): EnvelopeSpans => ({
    id,
    ordinals: ranges,
    receivedMs: 0,
  })
  const lists: EnvelopeSpans[][] = [
    [],
    [{ id, ordinals: undefined, receivedMs: 0 }],
    [one()],
    [one([0, 1])],
    [one([0, 2])],
    [one([0, 1], [2, 3])],
    [one([0, 1]), one([2, 3])],
    [one([0, 1]), one([0, 1])],
    [{ id: new Uint8Array(16), ordinals: undefined, receivedMs: 0 }],
  ]
  const ids = lists.flatMap((spans) => [
    freshFileId('a', spans, nodeCodec),
    freshFileId('b', spans, nodeCodec),
  ])
  expect(new Set(ids).size).toBe(lists.length * 2)
  for (const fileId of ids) expect(fileId).toMatch(/^[0-9a-f]{32}$/)
  for (const [i, a] of lists.entries()) {
    for (const [j, b] of lists.entries()) expect(sameEnvelopeSpans(a, b)).toBe(i === j)
  }
})
