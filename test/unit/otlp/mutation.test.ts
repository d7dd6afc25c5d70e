import { expect, test } from 'vitest'
import { SpanlakeError } from '../../../src/errors.ts'
import { checkRequest } from '../../../src/otlp/check.ts'
import { encodeTracesData } from '../../../src/otlp/encode.ts'
import { jsonToProtobuf } from '../../../src/otlp/json.ts'
import { batchOf, spansOf } from './decoded.ts'
import { goldenFiles } from './golden-files.ts'

/** Deterministic numbers below a bound: a failing seed fails again. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const telling = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x0a, 0x12, 0x0b, 0x0c, 0x2a, 0x32]

function mutated(body: Uint8Array, below: (bound: number) => number): Uint8Array {
  let bytes = [...body]
  for (let i = below(3); i >= 0; i--) {
    const at = below(bytes.length + 1)
    const byte = below(2) === 0 ? telling[below(telling.length)]! : below(256)
    const way = below(5)
    if (way === 0) bytes[Math.min(at, bytes.length - 1)]! ^= 1 << below(8)
    if (way === 1) bytes[Math.min(at, bytes.length - 1)] = byte
    if (way === 2) bytes = bytes.slice(0, at)
    if (way === 3) bytes.splice(at, 0, byte)
    if (way === 4) bytes.splice(at, 1 + below(4))
  }
  return Uint8Array.from(bytes)
}

/** What reading came to; anything thrown must be kind `invalid`. */
function outcomeOf<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof SpanlakeError && error.kind === 'invalid') return undefined
    throw error
  }
}

const bodies = goldenFiles('otlp', '.pb')

test.each(bodies)(
  'whatever becomes of $name, what the check accepts the decoder decodes',
  ({ bytes }) => {
    let accepted = 0
    for (let seed = 1; seed <= 4000; seed++) {
      const body = mutated(bytes, numbersFrom(seed))
      const checked = outcomeOf(() => checkRequest(body))
      const batch = outcomeOf(() => batchOf(body))
      if ((checked === undefined) !== (batch === undefined)) throw new Error(`seed ${seed} differs`)
      if (checked === undefined || batch === undefined) continue
      accepted++
      if (batch.rows !== checked.spans - checked.invalidSpans)
        throw new Error(`seed ${seed} counts`)
      if (seed % 20 === 0) spansOf(encodeTracesData(spansOf(body)))
    }
    // Both ways must have been taken, or nothing was tested.
    expect(accepted).toBeGreaterThan(200)
    expect(accepted).toBeLessThan(3900)
  },
)

test.each(goldenFiles('otlp', '.json'))(
  'whatever becomes of $name, it is read or refused',
  ({ bytes }) => {
    let accepted = 0
    for (let seed = 1; seed <= 1500; seed++) {
      const body = outcomeOf(() => jsonToProtobuf(mutated(bytes, numbersFrom(seed))))
      if (body === undefined) continue
      accepted++
      const checked = outcomeOf(() => checkRequest(body))
      if (checked === undefined) throw new Error(`seed ${seed} was made into what is refused`)
      if (batchOf(body).rows !== checked.spans - checked.invalidSpans) {
        throw new Error(`seed ${seed} counts`)
      }
    }
    expect(accepted).toBeGreaterThan(50)
    expect(accepted).toBeLessThan(1450)
  },
)
