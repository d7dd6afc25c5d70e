import type { Codec } from '../ports/codec.ts'

const encoder = new TextEncoder()

/** The first 16 bytes of SHA-256 over tenant, a zero byte and the decompressed protobuf body. */
export function envelopeId(tenant: string, body: Uint8Array, codec: Codec): Uint8Array {
  return codec.sha256(encoder.encode(`${tenant}\0`), body).slice(0, 16)
}
