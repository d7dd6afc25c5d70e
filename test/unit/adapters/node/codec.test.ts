import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { nodeCodec } from '../../../../src/adapters/node/codec.ts'
import { kindOf } from '../../../../src/errors.ts'

const text = new TextEncoder().encode('spans and more spans, '.repeat(500))

function kindThrownBy(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    return kindOf(error)
  }
  return 'nothing'
}

test('zstd comes back as it went in, the empty body too', () => {
  const frame = nodeCodec.zstd(text)
  expect(frame.length).toBeLessThan(text.length / 10)
  expect(nodeCodec.unzstd(frame, text.length)).toEqual(text)
  expect(nodeCodec.unzstd(nodeCodec.zstd(new Uint8Array()), 0)).toEqual(new Uint8Array())
})

test('unzstd refuses a frame of another size and a broken one as corrupt', () => {
  const frame = nodeCodec.zstd(text)
  expect(kindThrownBy(() => nodeCodec.unzstd(frame, text.length - 1))).toBe('corrupt')
  expect(kindThrownBy(() => nodeCodec.unzstd(frame, text.length + 1))).toBe('corrupt')
  expect(kindThrownBy(() => nodeCodec.unzstd(frame.subarray(0, 20), text.length))).toBe('corrupt')
  const flipped = frame.slice()
  flipped[flipped.length - 1]! ^= 1 // the checksum
  expect(kindThrownBy(() => nodeCodec.unzstd(flipped, text.length))).toBe('corrupt')
})

test('gunzip takes concatenated members, up to the bound for all of them', () => {
  const member = nodeCodec.gzip(text)
  const two = new Uint8Array([...member, ...member])
  expect(nodeCodec.gunzip(two, text.length * 2)).toEqual(new Uint8Array([...text, ...text]))
  expect(kindThrownBy(() => nodeCodec.gunzip(two, text.length * 2 - 1))).toBe('too-large')
})

test('gunzip refuses what is broken or cut short as invalid', () => {
  const stream = nodeCodec.gzip(text)
  expect(kindThrownBy(() => nodeCodec.gunzip(stream.subarray(0, -1), 1e6))).toBe('invalid')
  expect(kindThrownBy(() => nodeCodec.gunzip(text, 1e6))).toBe('invalid')
  expect(kindThrownBy(() => nodeCodec.gunzip(new Uint8Array(), 1e6))).toBe('invalid')
})

test('gunzip of an empty body fits a bound of 0', () => {
  expect(nodeCodec.gunzip(nodeCodec.gzip(new Uint8Array()), 0)).toEqual(new Uint8Array())
  expect(kindThrownBy(() => nodeCodec.gunzip(nodeCodec.gzip(text.subarray(0, 1)), 0))).toBe(
    'too-large',
  )
})

test('sha256 hashes the parts as one', () => {
  const expected = new Uint8Array(createHash('sha256').update(text).digest())
  expect(nodeCodec.sha256(text)).toEqual(expected)
  expect(nodeCodec.sha256(text.subarray(0, 7), new Uint8Array(), text.subarray(7))).toEqual(
    expected,
  )
})
