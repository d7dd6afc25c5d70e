import { SpanlakeError } from '../errors.ts'
import { deleteKeysMax, objectKeyBytesMax } from '../limits.ts'

// What every store refuses before any I/O, in the same words.

/** Throws kind `invalid` unless `key` may name an object: see `ObjectStore`. */
export function checkObjectKey(key: string): void {
  const printable = /^[\x21-\x7e]+$/.test(key)
  const partsNamed = !/(^|\/)(\.{0,2})(\/|$)/.test(key)
  if (printable && partsNamed && key.length <= objectKeyBytesMax) return
  throw new SpanlakeError(
    'invalid',
    `object key must be at most ${objectKeyBytesMax} printable characters in named parts, got ${key.slice(0, 80)}`,
  )
}

export function checkPutSize(key: string, body: Uint8Array, maxPutBytes: number): void {
  if (body.length <= maxPutBytes) return
  throw new SpanlakeError(
    'too-large',
    `object must be at most ${maxPutBytes} bytes, got ${body.length} for ${key}`,
  )
}

export function checkDeletedKeys(keys: readonly string[]): void {
  if (keys.length > deleteKeysMax) {
    throw new SpanlakeError(
      'invalid',
      `delete takes at most ${deleteKeysMax} keys, got ${keys.length}`,
    )
  }
  for (const key of keys) checkObjectKey(key)
}
