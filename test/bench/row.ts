/** One figure beside its budget and, where there is one, a baseline measured in the same run. */
export interface Row {
  readonly what: string
  readonly value: number
  readonly unit: string
  /** The "first" figure of the budget table; absent where none was set. */
  readonly budget?: number
  readonly better: 'higher' | 'lower'
  readonly baseline?: { readonly name: string; readonly value: number }
}

const head = ['what', 'figure', 'unit', 'budget', '', 'baseline', 'ratio']

/** The rows as a Markdown table, which reads well in a terminal too. */
export function tableOf(rows: readonly Row[]): string {
  const lines = [head, ...rows.map(cellsOf)]
  const widths = head.map((_, i) => Math.max(...lines.map((cells) => (cells[i] ?? '').length)))
  const texts = lines.map(
    (cells) => `| ${cells.map((cell, i) => pad(cell, widths[i] ?? 0, i)).join(' | ')} |`,
  )
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  return [texts[0], rule, ...texts.slice(1)].join('\n')
}

function cellsOf({ what, value, unit, budget, better, baseline }: Row): string[] {
  const isMet = budget === undefined || (better === 'higher' ? value >= budget : value <= budget)
  const bound =
    budget === undefined ? '' : `${better === 'higher' ? '≥' : '≤'} ${numberText(budget)}`
  const verdict = budget === undefined ? '' : isMet ? 'met' : 'MISSED'
  const ratio = baseline ? `${numberText(value / baseline.value)}×` : ''
  const against = baseline ? `${numberText(baseline.value)} (${baseline.name})` : ''
  return [what, numberText(value), unit, bound, verdict, against, ratio]
}

/** Three significant digits are as many as a run is worth. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return String(Number(value.toPrecision(3)))
}

function pad(text: string, width: number, column: number): string {
  return column === 0 ? text.padEnd(width) : text.padStart(width)
}
