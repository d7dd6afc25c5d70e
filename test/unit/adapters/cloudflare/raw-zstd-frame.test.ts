import { zstdDecompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { rawZstdFrame } from '../../../../src/adapters/cloudflare/raw-zstd-frame.ts'

test.each([0, 1, 131_072, 131_073, 300_000])('%i bytes come back from a raw frame', (length) => {
  const bytes = Uint8Array.from({ length }, (_, i) => (i * 31) >>> 3)
  expect(new Uint8Array(zstdDecompressSync(rawZstdFrame(bytes)))).toEqual(bytes)
})

test('a flipped bit of the bytes is refused: no page in such a frame has a checksum of its own', () => {
  const bytes = Uint8Array.from({ length: 1_000 }, (_, i) => (i * 31) >>> 3)
  const frame = rawZstdFrame(bytes)
  for (let at = frame.length - 1_004; at < frame.length; at++) {
    const broken = frame.slice()
    broken[at]! ^= 1 << (at % 8)
    expect(() => zstdDecompressSync(broken)).toThrow(/checksum/)
  }
})
