// XXH64 with seed 0, https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md, in halves of 32 bits: bigints would
// take most of a flush's time.

/** 64 bits as two unsigned halves. */
export interface Hash64 {
  readonly high: number
  readonly low: number
}

const prime1: Word = [0x9e3779b1, 0x85ebca87]
const prime2: Word = [0xc2b2ae3d, 0x27d4eb4f]
const prime3: Word = [0x165667b1, 0x9e3779f9]
const prime4: Word = [0x85ebca77, 0xc2b2ae63]
const prime5: Word = [0x27d4eb2f, 0x165667c5]

/** High and low half. */
type Word = readonly [high: number, low: number]

/** The hash of bytes [from, to). */
export function xxhash64(bytes: Uint8Array, from: number, to: number): Hash64 {
  const length = to - from
  let at = from
  let hash: Word
  if (length >= 32) {
    const lanes: [Word, Word, Word, Word] = [add(prime1, prime2), prime2, [0, 0], negate(prime1)]
    for (; at + 32 <= to; at += 32) {
      for (let lane = 0; lane < 4; lane++)
        lanes[lane] = round(lanes[lane]!, read64(bytes, at + lane * 8))
    }
    hash = add(
      add(rotate(lanes[0], 1), rotate(lanes[1], 7)),
      add(rotate(lanes[2], 12), rotate(lanes[3], 18)),
    )
    for (const lane of lanes) hash = add(multiply(xor(hash, round([0, 0], lane)), prime1), prime4)
  } else hash = prime5
  hash = add(hash, [0, length])
  for (; at + 8 <= to; at += 8) {
    hash = add(multiply(rotate(xor(hash, round([0, 0], read64(bytes, at))), 27), prime1), prime4)
  }
  if (at + 4 <= to) {
    const word: Word = [0, read32(bytes, at)]
    hash = add(multiply(rotate(xor(hash, multiply(word, prime1)), 23), prime2), prime3)
    at += 4
  }
  for (; at < to; at++) {
    hash = multiply(rotate(xor(hash, multiply([0, bytes[at]!], prime5)), 11), prime1)
  }
  return avalanche(hash)
}

function avalanche(word: Word): Hash64 {
  let hash = multiply(xor(word, shiftRight(word, 33)), prime2)
  hash = multiply(xor(hash, shiftRight(hash, 29)), prime3)
  const [high, low] = xor(hash, shiftRight(hash, 32))
  return { high: high >>> 0, low: low >>> 0 }
}

function round(accumulator: Word, input: Word): Word {
  return multiply(rotate(add(accumulator, multiply(input, prime2)), 31), prime1)
}

function read32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  )
}

function read64(bytes: Uint8Array, at: number): Word {
  return [read32(bytes, at + 4), read32(bytes, at)]
}

function xor(a: Word, b: Word): Word {
  return [(a[0] ^ b[0]) >>> 0, (a[1] ^ b[1]) >>> 0]
}

function add(a: Word, b: Word): Word {
  const low = a[1] + b[1]
  return [(a[0] + b[0] + (low > 0xffff_ffff ? 1 : 0)) >>> 0, low >>> 0]
}

function negate(a: Word): Word {
  return add([~a[0] >>> 0, ~a[1] >>> 0], [0, 1])
}

/** By 1 to 31 bits, or 33 where a caller says so. */
function shiftRight([high, low]: Word, bits: number): Word {
  if (bits >= 32) return [0, high >>> (bits - 32)]
  return [high >>> bits, ((low >>> bits) | (high << (32 - bits))) >>> 0]
}

function rotate([high, low]: Word, bits: number): Word {
  return [
    ((high << bits) | (low >>> (32 - bits))) >>> 0,
    ((low << bits) | (high >>> (32 - bits))) >>> 0,
  ]
}

/** Modulo 2^64, from products of 16-bit parts, which doubles hold exactly. */
function multiply([aHigh, aLow]: Word, [bHigh, bLow]: Word): Word {
  const a0 = aLow & 0xffff
  const a1 = aLow >>> 16
  const b0 = bLow & 0xffff
  const b1 = bLow >>> 16
  const middle = a1 * b0 + ((a0 * b0) >>> 16)
  const second = a0 * b1 + (middle & 0xffff)
  const low = Math.imul(aLow, bLow) >>> 0
  const carried = a1 * b1 + Math.floor(middle / 0x1_0000) + Math.floor(second / 0x1_0000)
  return [(carried + Math.imul(aHigh, bLow) + Math.imul(aLow, bHigh)) >>> 0, low]
}
