import fc from 'fast-check'
import { readRleBitPackedHybrid } from 'hyparquet/src/encoding.js'
import { expect, test } from 'vitest'
import { ByteReader } from '../../../src/parquet/byte-reader.ts'
import { ByteWriter } from '../../../src/parquet/byte-writer.ts'
import { bitWidthOf, readHybrid, writeHybrid } from '../../../src/parquet/rle.ts'

/** Runs of all lengths, of values of up to `bits` bits. */
const stretches = fc.integer({ min: 0, max: 32 }).chain((bits) =>
  fc.record({
    bits: fc.constant(bits),
    values: fc
      .array(fc.tuple(fc.nat({ max: 2 ** bits - 1 }), fc.integer({ min: 1, max: 40 })), {
        maxLength: 12,
      })
      .map((runs) =>
        Uint32Array.from(runs.flatMap(([value, length]) => Array(length).fill(value))),
      ),
  }),
)

function written(values: Uint32Array, bits: number): Uint8Array {
  const out = new ByteWriter()
  writeHybrid(out, values, 0, values.length, bits)
  return out.copy()
}

test('any stretch of what was written comes back', () => {
  fc.assert(
    fc.property(stretches, fc.nat(), fc.nat(), ({ bits, values }, a, b) => {
      const [from = 0, to = 0] = [a % (values.length + 1), b % (values.length + 1)].sort(
        (x, y) => x - y,
      )
      const out = new Uint32Array(to - from)
      readHybrid(new ByteReader(written(values, bits), 'levels'), bits, from, to, out)
      expect(out).toEqual(values.slice(from, to))
    }),
    { numRuns: 300 },
  )
})

test('hyparquet reads the same', () => {
  fc.assert(
    // hyparquet packs at most 31 bits into a number's integer part.
    fc.property(stretches, ({ bits, values }) => {
      fc.pre(bits > 0 && bits <= 24 && values.length > 0)
      const bytes = written(values, bits)
      const reader = { view: new DataView(bytes.buffer), offset: 0 }
      const out = new Array<number>(values.length)
      readRleBitPackedHybrid(reader, bits, out, bytes.length)
      expect(out).toEqual([...values])
    }),
  )
})

test('a run costs two bytes however long it is', () => {
  expect(written(new Uint32Array(60).fill(1), 1)).toEqual(Uint8Array.of(120, 1))
})

test('a stretch that ends early is corrupt', () => {
  const bytes = written(Uint32Array.of(1, 2, 3, 4), 3)
  const read = (part: Uint8Array, to: number) => () =>
    readHybrid(new ByteReader(part, 'levels'), 3, 0, to, new Uint32Array(to))
  expect(read(bytes, 8)).not.toThrow()
  expect(read(bytes, 9)).toThrow('levels is cut short')
  expect(read(bytes.subarray(0, -1), 4)).toThrow('levels is cut short')
  expect(read(Uint8Array.of(0, 0), 1)).toThrow('levels holds an empty run')
})

test('bit widths', () => {
  expect([0, 1, 2, 255, 256, 2 ** 32 - 1].map(bitWidthOf)).toEqual([0, 1, 2, 8, 9, 32])
})
