import { zstdDecompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { rawZstdFrame } from '../../../../src/adapters/cloudflare/raw-zstd-frame.ts'

test.each([0, 1, 131_072, 131_073, 300_000])('%i bytes come back from a raw frame', (length) => {
  const bytes = Uint8Array.from({ length }, (_, i) => (i * 31) >>> 3)
  expect(new Uint8Array(zstdDecompressSync(rawZstdFrame(bytes)))).toEqual(bytes)
})
