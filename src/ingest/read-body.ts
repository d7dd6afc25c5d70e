import { SpanlakeError } from '../errors.ts'
import { codeDeadlineExceeded, RefusedRequest } from './refusal.ts'
import { withDeadline } from './with-deadline.ts'

export interface BodyBounds {
  readonly bytesMax: number
  /** How long the sender may take. */
  readonly msMax: number
  /** Told of each chunk before it is kept; throws when there is no room for it. */
  readonly hold: (bytes: number) => void
}

/**
 * Reads a body to its end. Throws kind `too-large` as soon as more than `bytesMax` has come, kind `invalid` when the
 * sender broke off, and refuses with 408 one that is too slow. Reads nothing more once it has thrown.
 */
export async function readBody(
  body: AsyncIterable<Uint8Array>,
  bounds: BodyBounds,
): Promise<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]()
  const reading = { over: false }
  try {
    const parts = readAll(chunks, bounds, reading)
    return joined(await withDeadline(parts, bounds.msMax, () => tooSlow(bounds.msMax)))
  } finally {
    reading.over = true
    // Not awaited: a generator that waits for a chunk returns only once it has one.
    chunks.return?.().catch(() => {})
  }
}

async function readAll(
  chunks: AsyncIterator<Uint8Array>,
  { bytesMax, hold }: BodyBounds,
  reading: { readonly over: boolean },
): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for (;;) {
    const next = await chunks.next().catch((cause) => {
      throw new SpanlakeError('invalid', 'request body must arrive whole', { cause })
    })
    if (next.done || reading.over) return parts
    bytes += next.value.length
    if (bytes > bytesMax) {
      throw new SpanlakeError('too-large', `request body must be at most ${bytesMax} bytes`)
    }
    hold(next.value.length)
    parts.push(next.value)
  }
}

function tooSlow(msMax: number): RefusedRequest {
  const message = `request body must arrive within ${msMax} ms`
  return new RefusedRequest({ status: 408, code: codeDeadlineExceeded, message })
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts
  if (parts.length === 1 && first) return first
  const whole = new Uint8Array(parts.reduce((bytes, part) => bytes + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
