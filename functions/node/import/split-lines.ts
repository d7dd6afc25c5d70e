import { SpanlakeError } from '../../../src/errors.ts'

const newline = 0x0a
const carriageReturn = 0x0d

/**
 * The lines of a stream of bytes with their numbers, without their ends and without empty ones. Throws kind `too-large`
 * as soon as one is longer than `bytesMax`.
 */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  bytesMax: number,
): AsyncGenerator<{ text: Uint8Array; line: number }> {
  let parts: Uint8Array[] = []
  let bytes = 0
  let line = 1
  const add = (part: Uint8Array): void => {
    bytes += part.length
    if (bytes > bytesMax) {
      throw new SpanlakeError('too-large', `line ${line} must be at most ${bytesMax} bytes`)
    }
    parts.push(part)
  }
  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, from)) {
      add(chunk.subarray(from, end))
      const text = joined(parts, bytes)
      if (text.length > 0) yield { text, line }
      parts = []
      bytes = 0
      line++
      from = end + 1
    }
    if (from < chunk.length) add(chunk.subarray(from))
  }
  const text = joined(parts, bytes)
  if (text.length > 0) yield { text, line }
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole.at(-1) === carriageReturn ? whole.subarray(0, -1) : whole
}
