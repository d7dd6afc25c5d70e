import type { FoundTraceJson } from './api/native/search-response.ts'
import { durationText, timeText } from './duration-text.ts'
import { printTable, type TableColumn } from './text-table.ts'

/**
 * Found traces as a table for people, the newest first: as many columns as fit into `width` cells. Ids are never cut,
 * since they are what one copies. Text of the senders' can do nothing to a terminal.
 */
export function printFoundTraces(
  traces: readonly FoundTraceJson[],
  width: number = Number.POSITIVE_INFINITY,
): string {
  const { columns } = layouts.find(({ widthMin }) => widthMin <= width) ?? smallest
  const rows = traces.map((trace) => columns.map(({ read }) => read(trace)))
  return printTable(columns, rows, width)
}

interface FoundColumn extends TableColumn {
  readonly read: (trace: FoundTraceJson) => unknown
}

const start: FoundColumn = {
  name: 'start (UTC)',
  isNumber: false,
  isWhole: true,
  read: (trace) => startText(trace).slice(0, 23),
}

/** Without the year and parts of a second. */
const startInYear: FoundColumn = { ...start, read: (trace) => startText(trace).slice(5, 19) }

function startText({ startTimeUnixNano }: FoundTraceJson): string {
  return timeText(BigInt(startTimeUnixNano)).replace('T', ' ')
}

const facts: readonly FoundColumn[] = [
  { name: 'trace', isNumber: false, isWhole: true, read: ({ traceId }) => traceId },
  {
    name: 'service',
    isNumber: false,
    read: ({ rootService, rootName }) => rootService ?? (rootName === undefined ? '?' : ''),
  },
  { name: 'root', isNumber: false, read: ({ rootName }) => rootName ?? '(not there)' },
  {
    name: 'duration',
    isNumber: true,
    isWhole: true,
    read: ({ durationNs }) => durationText(BigInt(durationNs)),
  },
]

const matched: FoundColumn = {
  name: 'matched',
  isNumber: true,
  isWhole: true,
  read: (trace) => trace.matched,
}

const counts: readonly FoundColumn[] = [
  matched,
  { name: 'spans', isNumber: true, isWhole: true, read: ({ spans }) => spans },
  { name: 'errors', isNumber: true, isWhole: true, read: ({ errors }) => errors },
]

const smallest = { widthMin: 0, columns: [startInYear, ...facts] }

const layouts: readonly { readonly widthMin: number; readonly columns: readonly FoundColumn[] }[] =
  [
    { widthMin: 120, columns: [start, ...facts, ...counts] },
    { widthMin: 104, columns: [startInYear, ...facts, ...counts] },
    { widthMin: 88, columns: [startInYear, ...facts, matched] },
    smallest,
  ]
