import { SpanlakeError } from '../errors.ts'
import { objectKeyBytesMax } from '../limits.ts'

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
