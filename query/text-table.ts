import { cellsOf, fitText, printableText } from './terminal-text.ts'

export interface TableColumn {
  readonly name: string
  /** Numbers stand to the right. */
  readonly isNumber: boolean
  /** It is never cut: a part of it is of no use. */
  readonly isWhole?: boolean
}

const gap = '  '
const shortestCells = 8

/**
 * Rows under their columns' names, for people. Columns are cut, the widest first, until a line fits into `width` cells;
 * without one nothing is cut. Text cannot do anything to a terminal.
 */
export function printTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly unknown[])[],
  width: number = Number.POSITIVE_INFINITY,
): string {
  const names = columns.map(({ name }) => printableText(name))
  const texts = rows.map((row) => columns.map((_, i) => cellText(row[i])))
  const wanted = names.map((name, i) =>
    texts.reduce((most, row) => Math.max(most, cellsOf(row[i] ?? '')), cellsOf(name)),
  )
  const isWhole = columns.map((column) => column.isWhole === true)
  const room = width - gap.length * Math.max(0, columns.length - 1)
  const cells = fittingCells(wanted, isWhole, room)
  const line = (row: readonly string[], align: (i: number) => boolean) =>
    row
      .map((text, i) => (align(i) ? right(text, cells[i] ?? 0) : fitText(text, cells[i] ?? 0)))
      .join(gap)
      .trimEnd()
  const isNumber = (i: number) => columns[i]?.isNumber === true
  const rule = cells.map((count) => '─'.repeat(count)).join(gap)
  return `${[line(names, isNumber), rule, ...texts.map((row) => line(row, isNumber))].join('\n')}\n`
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return printableText(value)
  return printableText(typeof value === 'object' ? JSON.stringify(value) : String(value))
}

function right(text: string, cells: number): string {
  const own = cellsOf(text)
  return own >= cells ? fitText(text, cells) : ' '.repeat(cells - own) + text
}

/** The widest give way, alike, but none below `shortestCells`: then lines are longer than the terminal. */
function fittingCells(
  wanted: readonly number[],
  isWhole: readonly boolean[],
  width: number,
): number[] {
  let most = Math.max(shortestCells, ...wanted)
  const fitted = () => wanted.map((cells, i) => (isWhole[i] ? cells : Math.min(cells, most)))
  while (most > shortestCells && fitted().reduce((sum, cells) => sum + cells, 0) > width) most--
  return fitted()
}
