const hostile = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu
const combining = /\p{M}/u

/**
 * Text that a terminal shows as it is: whatever moves the cursor, changes colours, turns the direction of writing or
 * cannot be seen is spelled out (`\n`, `\u{202e}`). Span names come from anybody who may send spans.
 */
export function printableText(text: string): string {
  return text
    .toWellFormed()
    .replace(hostile, spelled)
    .replace(/(\p{M}{3})\p{M}+/gu, '$1')
}

function spelled(character: string): string {
  if (character === '\n') return '\\n'
  if (character === '\r') return '\\r'
  if (character === '\t') return '\\t'
  return `\\u{${(character.codePointAt(0) as number).toString(16)}}`
}

/** The cells that printable text takes: wide characters take two, marks none. */
export function cellsOf(text: string): number {
  let cells = 0
  for (const character of text) cells += cellsOfCharacter(character)
  return cells
}

/** Printable text in exactly so many cells: cut with `…`, or filled with blanks. */
export function fitText(text: string, cells: number): string {
  const all = cellsOf(text)
  if (all <= cells) return text + ' '.repeat(cells - all)
  if (cells <= 0) return ''
  let kept = ''
  let used = 0
  for (const character of text) {
    const next = cellsOfCharacter(character)
    if (used + next > cells - 1) break
    kept += character
    used += next
  }
  return `${kept}…${' '.repeat(cells - 1 - used)}`
}

function cellsOfCharacter(character: string): number {
  const code = character.codePointAt(0) as number
  if (code < 0x300) return 1
  if (combining.test(character)) return 0
  return isWide(code) ? 2 : 1
}

/** Hangul, CJK, fullwidth forms and emoji: the blocks that terminals draw in two cells (Unicode Annex 11). */
function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf && code !== 0x303f) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  )
}
