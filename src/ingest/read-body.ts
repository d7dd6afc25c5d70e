import { SpanlakeError } from '../errors.ts'

/** Reads a body of at most `bytesMax`. Throws kind `too-large` as soon as more has come. */
export async function readBody(
  body: AsyncIterable<Uint8Array>,
  bytesMax: number,
  onBytes: (bytes: number) => void,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > bytesMax) {
      throw new SpanlakeError('too-large', `request body must be at most ${bytesMax} bytes`)
    }
    onBytes(chunk.length)
    chunks.push(chunk)
  }
  const [first] = chunks
  if (chunks.length === 1 && first) return first
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
