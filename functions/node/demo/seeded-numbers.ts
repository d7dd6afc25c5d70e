/** Numbers that look random and are the same for the same seed: sfc32, by Chris Doty-Humphrey, public domain. */
export interface SeededNumbers {
  /** 32 bits, unsigned. */
  bits(): number
  /** At least `min`, below `max`. */
  whole(min: number, max: number): number
  /** True in one of `1 / rate` cases. */
  chance(rate: number): boolean
  pick<T>(items: readonly T[]): T
  /** Lower-case hex digits. */
  hex(digits: number): string
}

export function seededNumbers(seed: number): SeededNumbers {
  let a = seed | 0
  let b = 0x9e3779b9 | 0
  let c = 0x243f6a88
  let count = 1
  const bits = (): number => {
    const result = (((a + b) | 0) + count) | 0
    count = (count + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + result
    return result >>> 0
  }
  const whole = (min: number, max: number) => min + Math.floor((bits() / 2 ** 32) * (max - min))
  for (let i = 0; i < 15; i++) bits() // near seeds need a few rounds to part
  return {
    bits,
    whole,
    chance: (rate) => bits() < rate * 2 ** 32,
    pick: (items) => items[whole(0, items.length)] as (typeof items)[number],
    hex(digits) {
      let text = ''
      while (text.length < digits) text += bits().toString(16).padStart(8, '0')
      return text.slice(0, digits)
    },
  }
}
