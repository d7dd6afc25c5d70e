import { nodeCodec } from '../../../src/adapters/node/codec.ts'
import { decodeJsonFrame, encodeJsonFrame } from '../../../src/index/json-frame.ts'

/** The same frame with other JSON, and a checksum that is right: what a writer with a bug would have written. */
export function reframed(bytes: Uint8Array, change: (json: unknown) => unknown): Uint8Array {
  return encodeJsonFrame(kindOf(bytes), change(framedJson(bytes)), nodeCodec)
}

export function framedJson(bytes: Uint8Array): unknown {
  return decodeJsonFrame(kindOf(bytes), bytes, 'of a test', nodeCodec).json
}

function kindOf(bytes: Uint8Array) {
  return { magic: new TextDecoder().decode(bytes.subarray(0, 8)), version: 1, what: 'frame' }
}
