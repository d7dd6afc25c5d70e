import { SpanlakeError } from '../../../src/errors.ts'
import { exportRequest } from '../../../src/otlp/fields.ts'

/**
 * Cuts a protobuf ExportTraceServiceRequest between its ResourceSpans while it streams by: each piece is a request by
 * itself, and no more than one is held. Throws kind `invalid` for what is no such request or is cut short, `too-large`
 * for a ResourceSpans beyond `bytesMax`.
 */
export async function* splitResourceSpans(
  chunks: AsyncIterable<Uint8Array>,
  bytesMax: number,
): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = []
  let held = 0
  let needed = 1
  let passed = 0
  for await (const chunk of chunks) {
    parts.push(chunk)
    held += chunk.length
    if (held < needed) continue
    let bytes: Uint8Array = new Uint8Array(Buffer.concat(parts))
    for (;;) {
      needed = pieceLength(bytes, passed)
      if (needed > bytesMax) {
        throw new SpanlakeError(
          'too-large',
          `resource spans must be at most ${bytesMax} bytes, at byte ${passed}`,
        )
      }
      if (needed === 0 || needed > bytes.length) break
      yield bytes.subarray(0, needed)
      passed += needed
      bytes = bytes.subarray(needed)
    }
    parts = [bytes]
    held = bytes.length
  }
  if (held > 0) {
    throw new SpanlakeError('invalid', `otlp protobuf is cut short, at byte ${passed + held}`)
  }
}

/** Bytes of the field at the beginning, its tag and length included; 0 when too few are there to tell. */
function pieceLength(bytes: Uint8Array, passed: number): number {
  if (bytes.length > 0 && bytes[0] !== exportRequest.resourceSpans) {
    throw new SpanlakeError(
      'invalid',
      `file must be otlp json lines or an otlp protobuf request, at byte ${passed}`,
    )
  }
  let length = 0
  for (let at = 1, scale = 1; at < bytes.length && at <= 10; at++, scale *= 128) {
    const byte = bytes[at] as number
    length += (byte & 0x7f) * scale
    if (byte < 0x80) return at + 1 + length
  }
  return 0
}
