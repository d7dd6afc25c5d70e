import { cellsOf, fitText, printableText } from './terminal-text.ts'

/** The line of a text with a place in it, and a caret under that place; both within so many cells. */
export function caretText(
  text: string,
  { line, column }: { readonly line: number; readonly column: number },
  width: number,
): string {
  const whole = text.split('\n')[line - 1] ?? ''
  const before = lastCells(printableText(whole.slice(0, column - 1)), Math.floor(width / 2))
  const from = printableText(whole.slice(column - 1))
  const room = Math.max(1, width - cellsOf(before))
  const shown = cellsOf(from) > room ? fitText(from, room) : from
  return `${before}${shown}\n${' '.repeat(cellsOf(before))}^`
}

/** The end of a text that is too long. */
function lastCells(text: string, cells: number): string {
  let rest = text
  while (cellsOf(rest) > cells - 1 && cellsOf(text) > cells) {
    rest = rest.slice(String.fromCodePoint(rest.codePointAt(0) ?? 0).length)
  }
  return rest === text ? text : `…${rest}`
}
