import { SpanlakeError } from '../errors.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * A number of so many digits, or with an exponent, may lie beyond 2^53. Matches within strings too: then the slow way
 * is taken in vain.
 */
const longNumber = /[:[,]\s*-?(?:\d{16}|\d+(?:\.\d+)?[eE])/

/** Digits of the largest integer that anyone means: 2^64 - 1. */
const integerDigitsMax = 20

/**
 * JSON whose integers beyond 2^53 come out as bigints, digit for digit; all else as `JSON.parse` has it. Throws kind
 * `invalid` for what is neither UTF-8 nor JSON.
 */
export function parseLosslessJson(body: Uint8Array): unknown {
  try {
    const text = decoder.decode(body)
    return longNumber.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)
  } catch (cause) {
    throw new SpanlakeError('invalid', `otlp json must be valid: ${(cause as Error).message}`, {
      cause,
    })
  }
}

/** Goes by the source text of a number, https://tc39.es/proposal-json-parse-with-source/. */
function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  return integerOfSource(context?.source ?? '') ?? value
}

/** `1.7e18` is an integer too. */
function integerOfSource(source: string): bigint | undefined {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(source)
  if (match === null) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const digits = whole + fraction
  const places = whole.length + Number(exponent)
  if (places < 1 || places > integerDigitsMax || /[1-9]/.test(digits.slice(places)))
    return undefined
  return BigInt(sign + digits.slice(0, places).padEnd(places, '0'))
}
