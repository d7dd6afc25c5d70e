import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqlPool } from '../../query/engine/sql-pool.ts'
import { querySql } from '../../query/sql/query-sql.ts'
import { sqlResult } from '../../query/sql/sql-result.ts'
import { tenantDefault } from '../../src/limits.ts'
import { silentLog } from '../../src/ports/log.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { fillBeginMs, filledRuntime, spansPerFlush } from './filled-runtime.ts'
import { type Effort, quantile } from './measure.ts'
import type { Row } from './row.ts'

const queries = [
  'select count(*), "resource.service.name" from spans group by all',
  'select count(*) from spans where "span.http.response.status_code" = 500',
  `select name, quantile_cont(duration_ns, 0.99) from spans where kind = 'server' group by all`,
  'select * from traces order by duration_ns desc limit 10',
  "select * from spans where trace_id = '00000000000000000000000000000001'",
]

const dayNs = 86_400_000_000_000n

/** SELECTs over a million compacted spans in memory, footers and a process known from an earlier one. */
export async function benchSql(effort: Effort): Promise<Row[]> {
  const flushes = Math.max(1, Math.round(100 * effort.scale))
  const runtime = await filledRuntime(flushes, 'compacted')
  const folder = await mkdtemp(join(tmpdir(), 'spanlake-bench-sql-'))
  const engine = sqlPool({ folder, log: silentLog })
  const context = { runtime, cache: readCache(), engine }
  const beginNs = BigInt(fillBeginMs) * 1_000_000n
  const range = { fromNs: beginNs - dayNs, toNs: beginNs + dayNs }
  const rows: Row[] = []
  for (const sql of queries) {
    const times: number[] = []
    let bytes = 0
    for (let run = 0; run <= effort.runs; run++) {
      const startMs = performance.now()
      const answer = await querySql(tenantDefault, { sql, range, format: 'rows' }, context)
      await sqlResult(answer.parts)
      if (run > 0) times.push(performance.now() - startMs)
      bytes = answer.cost.bytesRead
      // The next query's process starts meanwhile.
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    const what = `${sql}, ${(flushes * spansPerFlush) / 1_000} k spans`
    rows.push(
      { what, value: quantile(times, 0.5), unit: 'ms', better: 'lower' },
      { what: 'the same, read', value: bytes / 1_000, unit: 'kB', better: 'lower' },
    )
  }
  await engine[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
  return rows
}
