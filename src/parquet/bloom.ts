// Parquet's split-block bloom filter, https://parquet.apache.org/docs/file-format/bloomfilter/
import { ByteWriter } from './byte-writer.ts'
import { ThriftWriter } from './thrift.ts'
import { xxhash64 } from './xxhash64.ts'

export const wordsPerBlock = 8
const salts = Uint32Array.of(
  0x47b6137b,
  0x44974d91,
  0x8824ad5b,
  0xa2b7289d,
  0x705495c7,
  0x2df1424b,
  0x9efc4947,
  0x5c6bfb31,
)

/** Fewer distinct values are listed by the dictionary page, which costs no more to read than a filter. */
const valuesMin = 1_000

/** About one false hit in 100. */
const bitsPerValue = 10

/**
 * The filter with its header, or undefined where there are too few values for one. `keys.slice(i)` says where the
 * PLAIN bytes of value i lie, without length.
 */
export function bloomFilter(keys: BloomKeys): Uint8Array | undefined {
  if (keys.count < valuesMin) return undefined
  // A power of two: some readers mask where others multiply.
  const blocks = 2 ** Math.ceil(Math.log2((keys.count * bitsPerValue) / 256))
  const words = new Uint32Array(blocks * wordsPerBlock)
  for (let i = 0; i < keys.count; i++) {
    const { from, to } = keys.slice(i)
    const { high, low } = xxhash64(keys.bytes, from, to)
    const block = blockOf(high, blocks)
    for (let word = 0; word < wordsPerBlock; word++) {
      words[block * wordsPerBlock + word]! |= saltedBit(low, word)
    }
  }
  const out = new ByteWriter(words.byteLength + 16)
  const thrift = new ThriftWriter(out)
  thrift.begin(undefined)
  thrift.i32(1, words.byteLength)
  // Algorithm, hash and compression are unions of one empty struct each: BLOCK, XXHASH, UNCOMPRESSED.
  for (const field of [2, 3, 4]) {
    thrift.begin(field)
    thrift.begin(1)
    thrift.end()
    thrift.end()
  }
  thrift.end()
  out.append(new Uint8Array(words.buffer))
  return out.copy()
}

/** The hash's upper half, scaled by the number of blocks, picks one: each is equally likely. */
export function blockOf(high: number, blocks: number): number {
  return Math.floor((high * blocks) / 2 ** 32)
}

/** The bit that the hash's lower half sets in a word of the block. */
export function saltedBit(low: number, word: number): number {
  return 1 << (Math.imul(low, salts[word]!) >>> 27)
}

export interface BloomKeys {
  readonly count: number
  readonly bytes: Uint8Array
  readonly slice: (i: number) => { from: number; to: number }
}
