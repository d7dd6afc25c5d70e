import { SpanlakeError } from '../../../src/errors.ts'
import { excerptOf } from '../../traceql/syntax-error.ts'

/** Pairs of `k=v k2="v 2"`, in their order; a key alone has an empty value. Throws kind `invalid`. */
export function parseLogfmt(text: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>()
  const pattern = new RegExp(pair, 'y')
  while (pattern.lastIndex < text.length) {
    const from = pattern.lastIndex
    const [, key, quoted, bare = ''] = pattern.exec(text) ?? []
    if (key === undefined) {
      if (text.slice(from).trim() === '') break
      throw new SpanlakeError(
        'invalid',
        `tags must be logfmt, got ${excerptOf(text.slice(from).trim())}`,
      )
    }
    if (pairs.has(key)) {
      throw new SpanlakeError('invalid', `tags must name each key once, got ${excerptOf(key)}`)
    }
    pairs.set(key, quoted === undefined ? bare : unquoted(quoted))
  }
  return pairs
}

const pair = /\s*([^\s="]+)(?:=(?:("(?:[^"\\]|\\.)*")|([^\s"]*)))?(?=\s|$)/

/** Go's escapes are JSON's, as far as anybody writes them here. */
function unquoted(text: string): string {
  try {
    return String(JSON.parse(text))
  } catch (cause) {
    throw new SpanlakeError('invalid', `tags must be logfmt, got ${excerptOf(text)}`, { cause })
  }
}
