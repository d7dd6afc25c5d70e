import type { Random } from '../../ports/random.ts'

export interface SeededRandom extends Random {
  /** Uniform in [0, 1). */
  number(): number
  /** A whole number in [0, below). */
  below(below: number): number
  /** True once in `1 / chance` times. */
  chance(chance: number): boolean
}

/** Numbers that the seed alone decides (mulberry32). */
export function seededRandom(seed: number): SeededRandom {
  let state = seed | 0
  const number = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return {
    number,
    below: (below) => Math.floor(number() * below),
    chance: (chance) => number() < chance,
    bytes: (length) => Uint8Array.from({ length }, () => Math.floor(number() * 256)),
  }
}
