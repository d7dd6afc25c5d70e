import { grown } from './string-table.ts'

const emptySlot = -1
const firstSlots = 512

/** Gives each distinct 64-bit value an id, in order of first appearance; values are told apart by their bits. */
export class NumberTable {
  #count = 0
  /** Low and high half of each value: little-endian, so that the same memory reads as 64-bit numbers. */
  #halves = new Uint32Array(firstSlots * 2)
  #slots = new Int32Array(firstSlots * 2).fill(emptySlot)
  readonly #seed: number

  constructor(seed = 0) {
    this.#seed = seed | 0
  }

  get count(): number {
    return this.#count
  }

  /** The id of the value whose halves these are, as unsigned 32-bit numbers. */
  intern(low: number, high: number): number {
    const mask = this.#slots.length - 1
    const halves = this.#halves
    let slot = this.#hash(low, high) & mask
    for (;;) {
      const id = this.#slots[slot] as number
      if (id === emptySlot) break
      if (halves[2 * id] === low && halves[2 * id + 1] === high) return id
      slot = (slot + 1) & mask
    }
    const id = this.#count++
    if (2 * id + 2 > halves.length) this.#halves = grown(halves, 2 * id + 2)
    this.#halves[2 * id] = low
    this.#halves[2 * id + 1] = high
    this.#slots[slot] = id
    if (this.#count * 2 > this.#slots.length) this.#rehash()
    return id
  }

  /** The values so far; shares memory with the table until the next `intern`. */
  ints(): BigInt64Array {
    return new BigInt64Array(this.#halves.buffer, 0, this.#count)
  }

  doubles(): Float64Array {
    return new Float64Array(this.#halves.buffer, 0, this.#count)
  }

  /** Forgets all values, and keeps the memory. */
  clear(): void {
    this.#slots.fill(emptySlot)
    this.#count = 0
  }

  #hash(low: number, high: number): number {
    let hash = Math.imul(low ^ this.#seed, 0x85ebca6b)
    hash ^= hash >>> 15
    hash = Math.imul(hash ^ high, 0xc2b2ae35)
    return hash ^ (hash >>> 16)
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(emptySlot)
    const mask = slots.length - 1
    const halves = this.#halves
    for (let id = 0; id < this.#count; id++) {
      let slot = this.#hash(halves[2 * id] as number, halves[2 * id + 1] as number) & mask
      while (slots[slot] !== emptySlot) slot = (slot + 1) & mask
      slots[slot] = id
    }
    this.#slots = slots
  }
}
