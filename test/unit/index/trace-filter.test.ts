import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  buildTraceFilter,
  mightHoldTrace,
  readTraceFilter,
  traceFilterBytes,
} from '../../../src/index/trace-filter.ts'

const ids = (count: number, seed: number): Uint8Array => {
  const words = new Uint32Array(count * 4)
  let state = seed
  for (let i = 0; i < words.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    words[i] = state ^ (state >>> 15)
  }
  return new Uint8Array(words.buffer)
}

test('every id that went in might be held, also after a round through bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const traceIds = bytes.subarray(0, bytes.length - (bytes.length % 16))
      const filter = readTraceFilter(traceFilterBytes(buildTraceFilter(traceIds)), 'file')
      for (let at = 0; at < traceIds.length; at += 16) {
        expect(mightHoldTrace(filter, traceIds.subarray(at, at + 16))).toBe(true)
      }
    }),
  )
})

// Random ids, and those of a tracer that counts.
const counting = (count: number, from: number): Uint8Array => {
  const words = new Uint32Array(count * 4)
  for (let i = 0; i < count; i++) words[i * 4 + 3] = from + i
  return new Uint8Array(words.buffer)
}

test.each([
  ['random', ids(20_000, 1), ids(20_000, 99)],
  ['counting', counting(20_000, 0), counting(20_000, 1_000_000)],
])('of others less than one in 100 is a false hit, %s ids', (_, inside, outside) => {
  const filter = buildTraceFilter(inside)
  expect(traceFilterBytes(filter).length * 8).toBeLessThanOrEqual(20_000 * 12 + 256)
  let hits = 0
  for (let at = 0; at < outside.length; at += 16) {
    if (mightHoldTrace(filter, outside.subarray(at, at + 16))) hits++
  }
  expect(hits).toBeLessThan(200)
})

test('a filter of no ids holds none', () => {
  expect(mightHoldTrace(buildTraceFilter(new Uint8Array()), new Uint8Array(16))).toBe(false)
})

test.each([0, 31, 33])('%i bytes are no filter', (length) => {
  expect(() => readTraceFilter(new Uint8Array(length), 'file')).toThrow(
    `file must have a filter of whole blocks, got ${length} bytes`,
  )
})
