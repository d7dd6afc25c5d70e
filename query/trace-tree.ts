import { serviceOf } from '../src/span/service-of.ts'
import type { Span } from '../src/span/span.ts'
import { hexOf } from '../src/span/trace-id.ts'
import { durationText, timeText } from './duration-text.ts'
import { type Branch, spanTree, type TreeLine } from './span-tree.ts'
import { cellsOf, fitText, printableText } from './terminal-text.ts'

export interface TreeOptions {
  /** Whether the terminal takes ANSI colours. */
  readonly color: boolean
  /** Cells of a line. */
  readonly width: number
}

/**
 * A trace as a tree to read in a terminal, ending in a newline: a header, then a line a span with service, name,
 * duration and its place in the trace's time. Parents that are not there and circles are shown as such; text of the
 * sender's that would play tricks on a terminal is spelled out.
 */
export function printTraceTree(spans: readonly Span[], { color, width }: TreeOptions): string {
  const paint = color ? painted : plain
  const times = timesOf(spans)
  const layout = layoutOf(width)
  const lines = spanTree(spans).map((line) => lineText(line, times, layout, paint))
  return `${[...header(spans, times, paint), '', ...lines].join('\n')}\n`
}

type Style = 'bold' | 'dim' | 'red' | 'cyan'
type Paint = (style: Style, text: string) => string

const codes: Readonly<Record<Style, number>> = { bold: 1, dim: 2, red: 31, cyan: 36 }
const painted: Paint = (style, text) => `\x1b[${codes[style]}m${text}\x1b[0m`
const plain: Paint = (_, text) => text

interface Times {
  readonly startNs: bigint
  readonly endNs: bigint
}

function timesOf(spans: readonly Span[]): Times {
  let startNs = spans[0]?.startNs ?? 0n
  let endNs = spans[0]?.endNs ?? 0n
  for (const span of spans) {
    if (span.startNs < startNs) startNs = span.startNs
    if (span.endNs > endNs) endNs = span.endNs
  }
  return { startNs, endNs }
}

/** OTLP's STATUS_CODE_ERROR. */
const statusError = 2

function header(spans: readonly Span[], { startNs, endNs }: Times, paint: Paint): string[] {
  const [first] = spans
  if (first === undefined) return ['trace without spans']
  const services = new Set(spans.map(serviceOf).filter((service) => service !== undefined))
  const errors = spans.filter(({ statusCode }) => statusCode === statusError).length
  const facts = [
    timeText(startNs),
    durationText(endNs - startNs),
    counted(services.size, 'service'),
    counted(spans.length, 'span'),
    errors > 0 ? paint('red', counted(errors, 'error')) : counted(errors, 'error'),
  ]
  return [`trace ${paint('bold', hexOf(first.traceId))}`, facts.join(' · ')]
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

interface Layout {
  readonly nameCells: number
  /** 0: no room for bars. */
  readonly barCells: number
  /** Levels of indent that are drawn; deeper lines tell their depth as a number. */
  readonly levels: number
}

const durationCells = 9
const nameCellsMin = 24

function layoutOf(width: number): Layout {
  const barCells = width < 72 ? 0 : Math.min(32, Math.floor(width / 4))
  const rest = width - durationCells - 1 - (barCells > 0 ? barCells + 3 : 0)
  const nameCells = Math.max(nameCellsMin, rest)
  return { nameCells, barCells, levels: Math.floor(nameCells / 6) }
}

function lineText(line: TreeLine, times: Times, layout: Layout, paint: Paint): string {
  const prefix = prefixOf(line, layout)
  const { span } = line
  if (span === undefined) {
    return `${paint('dim', prefix)}${paint('red', `(span ${line.spanId} is missing)`)}`
  }
  const cells = Math.max(1, layout.nameCells - cellsOf(prefix))
  const label = labelOf(line, span, cells, paint)
  const duration = durationText(span.endNs - span.startNs).padStart(durationCells)
  const bar = layout.barCells > 0 ? ` ${barText(span, times, layout.barCells, paint)}` : ''
  return `${paint('dim', prefix)}${label} ${duration}${bar}`
}

/** Service, name and what is wrong, cut to the room there is, each in its colour. */
function labelOf(line: TreeLine, span: Span, cells: number, paint: Paint): string {
  const isError = span.statusCode === statusError
  const trouble = isError ? `✗${span.statusMessage && ` ${printableText(span.statusMessage)}`}` : ''
  const parts: [Style | undefined, string][] = [
    ['cyan', printableText(serviceOf(span) || '?')],
    [undefined, ` ${printableText(span.name) || '(no name)'}`],
    ['red', trouble && ` ${trouble}`],
    ['red', line.isCycle ? ' (its own ancestor)' : ''],
  ]
  let text = ''
  let left = cells
  for (const [at, [style, part]] of parts.entries()) {
    const isLast = parts.slice(at + 1).every(([, later]) => later === '')
    // A long name must leave room for the mark that something is wrong.
    const room = isLast ? left : Math.max(1, left - (trouble && at < 2 ? 3 : 0))
    const shown = cellsOf(part) <= room ? part : fitText(part, room)
    text += style && shown ? paint(style, shown) : shown
    left -= cellsOf(shown)
    if (left <= 0) break
  }
  return text + ' '.repeat(Math.max(0, left))
}

function prefixOf({ depth, branch }: TreeLine, { levels }: Layout): string {
  if (depth === 0) return ''
  const drawn = Math.min(depth, levels)
  let prefix = branch.hasMore ? '├─ ' : '└─ '
  let above: Branch | undefined = branch.above
  for (let level = 1; level < drawn; level++) {
    prefix = (above?.hasMore ? '│  ' : '   ') + prefix
    above = above?.above
  }
  return depth > levels ? `${depth}… ${prefix}` : prefix
}

/** Where the span lies in the trace's time: at least one mark, however short it is. */
function barText(span: Span, { startNs, endNs }: Times, cells: number, paint: Paint): string {
  const whole = endNs > startNs ? Number(endNs - startNs) : 1
  const share = (ns: bigint) => Math.min(1, Math.max(0, Number(ns - startNs) / whole))
  const from = Math.min(cells - 1, Math.floor(share(span.startNs) * cells))
  const to = Math.max(from + 1, Math.round(share(span.endNs) * cells))
  const mark = paint(span.statusCode === statusError ? 'red' : 'cyan', '━'.repeat(to - from))
  return `│${' '.repeat(from)}${mark}${' '.repeat(cells - to)}│`
}
