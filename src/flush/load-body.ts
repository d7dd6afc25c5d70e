import type { Envelope } from '../envelope/envelope.ts'
import { SpanlakeError } from '../errors.ts'
import type { Runtime } from '../runtime.ts'

/** The decompressed protobuf body of an envelope. A spill that is missing is `unavailable`: it may be a slow store's. */
export async function loadBody(envelope: Envelope, { store, codec }: Runtime): Promise<Uint8Array> {
  const { body, encoding, decompressedBytes } = envelope
  const compressed = body.kind === 'inline' ? body.bytes : (await store.get(body.key))?.body
  if (compressed === undefined) {
    const key = body.kind === 'spill' ? body.key : ''
    throw new SpanlakeError('unavailable', `spill must be there, missing ${key}`)
  }
  const content =
    encoding === 'gzip'
      ? codec.gunzip(compressed, decompressedBytes)
      : codec.unzstd(compressed, decompressedBytes)
  if (content.length === decompressedBytes) return content
  throw new SpanlakeError(
    'corrupt',
    `envelope body must have ${decompressedBytes} bytes, got ${content.length}`,
  )
}
