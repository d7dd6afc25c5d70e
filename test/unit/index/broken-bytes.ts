import { expect } from 'vitest'
import { kindOf, messageOf } from '../../../src/errors.ts'

/** Every length short of the whole is refused as kind `corrupt`. */
export function expectCutsRefused(bytes: Uint8Array, decode: (bytes: Uint8Array) => unknown): void {
  for (let length = 0; length < bytes.length; length++) {
    expectCorrupt(() => decode(bytes.slice(0, length)), `cut to ${length} bytes`)
  }
}

/** Every single bit that is another is noticed, and refused as kind `corrupt`. */
export function expectFlipsRefused(
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => unknown,
): void {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const broken = bytes.slice()
    broken[bit >> 3]! ^= 1 << (bit & 7)
    expectCorrupt(() => decode(broken), `bit ${bit & 7} of byte ${bit >> 3} flipped`)
  }
}

/** Runs too often for a matcher of its own each time. */
function expectCorrupt(decode: () => unknown, what: string): void {
  try {
    decode()
  } catch (error) {
    if (kindOf(error) === 'corrupt') return
    expect.fail(`${what} throws kind ${kindOf(error)}: ${messageOf(error)}`)
  }
  expect.fail(`${what} is not noticed`)
}
