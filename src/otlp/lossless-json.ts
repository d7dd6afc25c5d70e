import { SpanlakeError } from '../errors.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })

/** An integer of so many digits may lie beyond 2^53. Matches within strings too: then the slow way is taken in vain. */
const longInteger = /[:[,]\s*-?\d{16}/

/**
 * JSON whose integers beyond 2^53 come out as strings of their digits; all else as `JSON.parse` has it. Throws kind
 * `invalid` for what is neither UTF-8 nor JSON.
 */
export function parseLosslessJson(body: Uint8Array): unknown {
  try {
    const text = decoder.decode(body)
    return longInteger.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)
  } catch (cause) {
    throw new SpanlakeError('invalid', `otlp json must be valid: ${(cause as Error).message}`, {
      cause,
    })
  }
}

/** The source text of a number, https://tc39.es/proposal-json-parse-with-source/. */
function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source
  if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) return value
  return /^-?\d+$/.test(source) ? source : value
}
