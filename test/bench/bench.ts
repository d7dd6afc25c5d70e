import { cpus } from 'node:os'
import { benchAck } from './ack.ts'
import { benchAnswers } from './answers.ts'
import { benchCompact } from './compact.ts'
import { benchDecode } from './decode.ts'
import { benchDoor512 } from './door.ts'
import { benchFlush } from './flush.ts'
import { benchHour } from './hour.ts'
import { benchLookup } from './lookup.ts'
import { type Effort, fullEffort, quickEffort } from './measure.ts'
import { benchMemory } from './memory.ts'
import { benchMetrics } from './metrics.ts'
import { benchMonth } from './month.ts'
import { benchQueue } from './queue.ts'
import { type Row, tableOf } from './row.ts'
import { benchSearch } from './search.ts'
import { benchSize } from './size.ts'
import { benchSql } from './sql.ts'

const groups: Readonly<Record<string, (effort: Effort) => Promise<Row[]>>> = {
  decode: benchDecode,
  flush: benchFlush,
  memory: benchMemory,
  door: benchDoor512,
  queue: benchQueue,
  ack: benchAck,
  size: benchSize,
  lookup: benchLookup,
  search: benchSearch,
  metrics: benchMetrics,
  sql: benchSql,
  answers: benchAnswers,
  compact: benchCompact,
  hour: benchHour,
  month: benchMonth,
}

// npm run bench [-- GROUP…] [--quick]
const words = process.argv.slice(2)
const chosen = words.filter((word) => !word.startsWith('--'))
const unknown = chosen.filter((name) => !Object.hasOwn(groups, name))
if (unknown.length > 0) {
  process.stderr.write(`bench group must be one of ${Object.keys(groups)}, got ${unknown}\n`)
  process.exit(1)
}
const isQuick = words.includes('--quick')
const effort = isQuick ? quickEffort : fullEffort
const rows: Row[] = []
for (const [name, group] of Object.entries(groups)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue
  process.stderr.write(`${name} …\n`)
  rows.push(...(await group(effort)))
}
const [cpu] = cpus()
// A smoke run measures code that is not compiled yet: to hold it against budgets would say nothing.
const shown = isQuick ? rows.map(({ budget: _, ...row }) => row) : rows
process.stdout.write(`${tableOf(shown)}\n\n`)
process.stdout.write(`Node ${process.versions.node}, ${cpus().length} × ${cpu?.model ?? 'cpu'}`)
process.stdout.write(', generated spans of ~360 B; ')
process.stdout.write(
  isQuick ? 'a smoke run, not a measurement\n' : `medians of up to ${effort.runs} runs\n`,
)
