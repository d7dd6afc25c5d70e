import { corrupt } from '../parquet/byte-reader.ts'

/**
 * A set of trace ids with few false hits (about one in 300) and no false miss: blocks of 256 bits, of which an id
 * sets one bit in each of 8 words, as Parquet's bloom filters do. Ids of real tracers are random, but anybody may send
 * others, so they are mixed first.
 */
export interface TraceFilter {
  /** 8 a block. */
  readonly words: Uint32Array
}

const bitsPerId = 12
const wordsPerBlock = 8
const blockBytes = wordsPerBlock * 4

/** Odd numbers that spread 32 bits differently for each word, those of Parquet's filter. */
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

/** `traceIds`: 16 bytes each. */
export function buildTraceFilter(traceIds: Uint8Array): TraceFilter {
  const count = traceIds.length / 16
  const blocks = Math.max(1, Math.ceil((count * bitsPerId) / (blockBytes * 8)))
  const words = new Uint32Array(blocks * wordsPerBlock)
  for (let at = 0; at < traceIds.length; at += 16) {
    const { block, key } = placeOf(traceIds, at, blocks)
    for (let word = 0; word < wordsPerBlock; word++) {
      words[block * wordsPerBlock + word]! |= maskOf(key, word)
    }
  }
  return { words }
}

/** False is a proof that the id was not among those the filter was built from; every doubt is true. */
export function mightHoldTrace(filter: TraceFilter, traceId: Uint8Array): boolean {
  const blocks = filter.words.length / wordsPerBlock
  const { block, key } = placeOf(traceId, 0, blocks)
  for (let word = 0; word < wordsPerBlock; word++) {
    if ((filter.words[block * wordsPerBlock + word]! & maskOf(key, word)) === 0) return false
  }
  return true
}

export function traceFilterBytes({ words }: TraceFilter): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
}

/** The inverse of `traceFilterBytes`; copies. Throws kind `corrupt`. */
export function readTraceFilter(bytes: Uint8Array, name: string): TraceFilter {
  if (bytes.length === 0 || bytes.length % blockBytes !== 0) {
    throw corrupt(name, `must have a filter of whole blocks, got ${bytes.length} bytes`)
  }
  return { words: new Uint32Array(bytes.slice().buffer) }
}

/** Two mixes of all 16 bytes: one picks the block, the other its bits. */
function placeOf(ids: Uint8Array, at: number, blocks: number): { block: number; key: number } {
  let a = 0x9e3779b9
  let b = 0x7f4a7c15
  for (let i = at; i < at + 16; i += 4) {
    const word = ids[i]! | (ids[i + 1]! << 8) | (ids[i + 2]! << 16) | (ids[i + 3]! << 24)
    a = mix(a ^ word)
    b = mix(b + word)
  }
  return { block: Math.floor(((a >>> 0) * blocks) / 2 ** 32), key: b }
}

/** The finalizer of MurmurHash3: every input bit reaches every output bit. */
function mix(value: number): number {
  let mixed = value
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

function maskOf(key: number, word: number): number {
  return 1 << (Math.imul(key, salts[word]!) >>> 27)
}
