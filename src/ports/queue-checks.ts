import { SpanlakeError } from '../errors.ts'

/** What every queue refuses before any I/O. */
export function checkMessageSize(body: Uint8Array, maxMessageBytes: number): void {
  if (body.length <= maxMessageBytes) return
  throw new SpanlakeError(
    'too-large',
    `queue message must be at most ${maxMessageBytes} bytes, got ${body.length}`,
  )
}
