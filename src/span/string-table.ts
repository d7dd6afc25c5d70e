import type { Strings } from './span-batch.ts'
import { repairUtf8 } from './utf8.ts'

const emptySlot = -1
const firstSlots = 1024
const firstArenaBytes = 64 * 1024

/**
 * Gives each distinct UTF-8 string an id, in order of first appearance; 0 is the empty string. Bytes that are not UTF-8
 * are repaired with U+FFFD when a distinct value first appears, which is the only time that anything is checked
 * (decisions/003-invalid-utf-8-is-repaired.md).
 *
 * `seed` makes the hash unforeseeable, so that nobody can send strings made to collide.
 */
export class StringTable {
  #count = 0
  #bytes = new Uint8Array(firstArenaBytes)
  #starts = new Uint32Array(firstSlots)
  #hashes = new Int32Array(firstSlots)
  #slots = new Int32Array(firstSlots).fill(emptySlot)
  readonly #seed: number
  readonly #raw: boolean

  /** With `raw`, any bytes are taken as they are. */
  constructor(seed = 0, options: { raw?: boolean } = {}) {
    this.#seed = seed | 0
    this.#raw = options.raw ?? false
    this.#append(new Uint8Array(0), 0, 0, hashOf(new Uint8Array(0), 0, 0, this.#seed))
  }

  get count(): number {
    return this.#count
  }

  /** The id of `bytes[start, end)`, which are copied if they are new. */
  intern(bytes: Uint8Array, start: number, end: number): number {
    if (start === end) return 0
    const hash = hashOf(bytes, start, end, this.#seed)
    const slot = this.#find(bytes, start, end, hash)
    const known = this.#slots[slot] as number
    if (known !== emptySlot) return known
    const repaired = this.#raw ? undefined : repairUtf8(bytes, start, end)
    if (repaired !== undefined) return this.intern(repaired, 0, repaired.length)
    this.#slots[slot] = this.#count
    return this.#append(bytes, start, end, hash)
  }

  internText(text: string): number {
    const bytes = encoder.encode(text)
    return this.intern(bytes, 0, bytes.length)
  }

  /** Whether `bytes[start, end)` is the string `id`. */
  is(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#starts[id] as number
    const length = end - start
    if ((this.#starts[id + 1] as number) - from !== length) return false
    const mine = this.#bytes
    for (let i = 0; i < length; i++) if (mine[from + i] !== bytes[start + i]) return false
    return true
  }

  /** The strings so far; shares memory with the table until the next `intern`. */
  view(): Strings {
    return { count: this.#count, starts: this.#starts, bytes: this.#bytes }
  }

  /** Forgets all strings but the empty one, and keeps the memory. */
  clear(): void {
    this.#slots.fill(emptySlot)
    this.#count = 1
  }

  /** The slot that holds the string, or the empty one where it belongs. */
  #find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const mask = this.#slots.length - 1
    let slot = hash & mask
    for (;;) {
      const id = this.#slots[slot] as number
      if (id === emptySlot) return slot
      if (this.#hashes[id] === hash && this.is(id, bytes, start, end)) return slot
      slot = (slot + 1) & mask
    }
  }

  #append(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const id = this.#count
    if (id + 2 > this.#starts.length) this.#starts = grown(this.#starts, id + 2)
    if (id + 1 > this.#hashes.length) this.#hashes = grown(this.#hashes, id + 1)
    const from = this.#starts[id] as number
    const length = end - start
    if (from + length > this.#bytes.length) this.#bytes = grown(this.#bytes, from + length)
    const mine = this.#bytes
    if (length > 64) mine.set(bytes.subarray(start, end), from)
    else for (let i = 0; i < length; i++) mine[from + i] = bytes[start + i] as number
    this.#starts[id + 1] = from + length
    this.#hashes[id] = hash
    this.#count = id + 1
    if (this.#count * 2 > this.#slots.length) this.#rehash()
    return id
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(emptySlot)
    const mask = slots.length - 1
    for (let id = 1; id < this.#count; id++) {
      let slot = (this.#hashes[id] as number) & mask
      while (slots[slot] !== emptySlot) slot = (slot + 1) & mask
      slots[slot] = id
    }
    this.#slots = slots
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** The string `id` as text. */
export function stringAt(strings: Strings, id: number): string {
  const { starts, bytes } = strings
  return decoder.decode(bytes.subarray(starts[id] as number, starts[id + 1] as number))
}

/** The same array with room for `lengthMin`, at least doubled. */
export function grown<T extends GrowableArray>(array: T, lengthMin: number): T {
  return lengthened(array, Math.max(lengthMin, array.length * 2))
}

/** A copy of exactly this length. */
export function lengthened<T extends GrowableArray>(array: T, length: number): T {
  const larger = new (array.constructor as new (length: number) => T)(length)
  larger.set(array as never)
  return larger
}

export type GrowableArray = Uint8Array | Uint32Array | Int32Array | BigInt64Array | Float64Array

/**
 * Four bytes a step, each mixed by a multiplication, then a byte a step. The seed is a factor too: were it only the
 * first value, strings that differ in the right two bits of neighbouring words would collide whatever the seed.
 */
function hashOf(bytes: Uint8Array, start: number, end: number, seed: number): number {
  const factor = seed | 1
  let hash = seed ^ Math.imul(end - start, 0x9e3779b1)
  let at = start
  for (; at + 4 <= end; at += 4) {
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    hash = Math.imul(hash ^ word, 0x85ebca6b)
    hash ^= Math.imul(hash >>> 15, factor)
  }
  for (; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0xc2b2ae35)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0x27d4eb2f)
  return hash ^ (hash >>> 16)
}
