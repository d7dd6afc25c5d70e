import { SpanlakeError } from '../errors.ts'
import { jsonDepthMax, jsonMembersMax } from '../limits.ts'

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const openBrace = 0x7b

/**
 * Throws kind `too-large` for JSON of more objects, lists and members than `jsonMembersMax`, `invalid` for what is nested
 * deeper than `jsonDepthMax`: `JSON.parse` makes an object of each, a hundred bytes for two. Looks at no grammar.
 */
export function checkJsonBounds(body: Uint8Array): void {
  let members = 0
  let depth = 0
  for (let at = 0; at < body.length; at++) {
    const byte = body[at] as number
    if (byte === quote) at = endOfString(body, at)
    // Braces are brackets with bit 5 set, closing ones stand two further than opening ones.
    else if (byte === comma) members++
    else if ((byte | 0x20) === openBrace) {
      members++
      if (++depth > jsonDepthMax) {
        throw new SpanlakeError('invalid', `otlp json must be nested at most ${jsonDepthMax} deep`)
      }
    } else if ((byte | 0x20) === openBrace + 2) depth--
  }
  if (members > jsonMembersMax) {
    throw new SpanlakeError(
      'too-large',
      `otlp json must have at most ${jsonMembersMax} members, got ${members}`,
    )
  }
}

/** The place of the closing quote, or the end of a body that has none. */
function endOfString(body: Uint8Array, from: number): number {
  let end = body.indexOf(quote, from + 1)
  while (end >= 0 && isEscaped(body, end)) end = body.indexOf(quote, end + 1)
  return end < 0 ? body.length : end
}

function isEscaped(body: Uint8Array, at: number): boolean {
  let before = at
  while (body[before - 1] === backslash) before--
  return (at - before) % 2 === 1
}
