import { SpanlakeError } from '../errors.ts'
import { freshFileId } from '../index/envelope-spans.ts'
import { parseFreshFileKey } from '../layout/keys.ts'
import type { Codec } from '../ports/codec.ts'
import type { FreshTail } from '../press/fresh-tail.ts'

/**
 * Throws kind `corrupt` for a fresh file that lies at another's key: read as what the key promises, its own spans would
 * be there twice and the other's missing, without a word. A hash of the list of envelopes, no read.
 */
export function checkFreshId(
  key: string,
  { contents }: Pick<FreshTail, 'contents'>,
  codec: Codec,
): void {
  const id = freshFileId(contents.tenant, contents.envelopes, codec)
  if (parseFreshFileKey(key)?.id === id) return
  throw new SpanlakeError('corrupt', `fresh file must hold the spans that its id names, ${key}`)
}
