import { writeFileSync } from 'node:fs'
import { answerSql } from './answer-sql.ts'
import { openDuckDb } from './duckdb.ts'
import type { SqlBounds } from './sql-bounds.ts'
import type { SqlReply, SqlRequest } from './sql-protocol.ts'

// The process of one query. It has no environment, no folder but its own, and ends with the one that started it.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
takeBlameFirst()
const bounds = JSON.parse(process.argv[2] ?? '') as SqlBounds
const answer = answerSql(await openDuckDb(bounds.threads, bounds.memoryBytes), bounds)
process.on('message', (request: SqlRequest) => {
  void answer(request).then((reply) => reply && send(reply))
})
send({ kind: 'ready' })

function send(reply: SqlReply): void {
  process.send?.(reply)
}

/** When memory runs out, Linux ends this process before others: proc_pid_oom_score_adj(5). */
function takeBlameFirst(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000')
  } catch {
    // Elsewhere the other bounds hold alone.
  }
}
