import { SpanlakeError } from '../../src/errors.ts'

const newline = 0x0a

/** The lines of a stream of bytes, without their ends. Throws kind `too-large` for one longer than `bytesMax`. */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  bytesMax: number,
): AsyncGenerator<Uint8Array> {
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
      yield joined(parts, bytes)
      parts = []
      bytes = 0
      line++
      from = end + 1
    }
    if (from < chunk.length) add(chunk.subarray(from))
  }
  if (bytes > 0) yield joined(parts, bytes)
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  // Lines of files from other systems end in CR LF.
  return whole.at(-1) === 0x0d ? whole.subarray(0, -1) : whole
}
