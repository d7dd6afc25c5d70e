// Go's escapes (https://go.dev/ref/spec#String_literals), which TraceQL has in its double quotes.
const escapes = /\\(u[\da-fA-F]{4}|U[\da-fA-F]{8}|x[\da-fA-F]{2}|[0-7]{3}|.)/gsu

const plainEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
}

/** What stands between double quotes, or what is wrong with it. */
export function unescapeString(
  inner: string,
): { readonly value: string } | { readonly fault: string } {
  let fault: string | undefined
  const value = inner.replace(escapes, (whole, code: string) => {
    const char = plainEscapes[code] ?? charOf(code)
    if (char === undefined) fault ??= whole
    return char ?? ''
  })
  return fault === undefined ? { value } : { fault }
}

/** Bytes are taken up to 7f alone: more of them would have to be put together as UTF-8, which `\u` says better. */
function charOf(code: string): string | undefined {
  const point = pointOf(code)
  const isText = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff)
  return isText ? String.fromCodePoint(point) : undefined
}

function pointOf(code: string): number {
  if (code.length === 1) return Number.POSITIVE_INFINITY
  if (/^[uU]/.test(code)) return Number.parseInt(code.slice(1), 16)
  const byte = code.startsWith('x') ? Number.parseInt(code.slice(1), 16) : Number.parseInt(code, 8)
  return byte <= 0x7f ? byte : Number.POSITIVE_INFINITY
}

/** The text in double quotes: JSON's escapes are all Go's. */
export function printString(value: string): string {
  return JSON.stringify(value)
}
