import { writeFileSync } from 'node:fs'
import { sqlMemoryBytesMax, sqlThreadsMax } from '../../src/limits.ts'
import { answerSql } from './answer-sql.ts'
import { openDuckDb } from './duckdb.ts'
import type { SqlReply, SqlRequest } from './sql-protocol.ts'

// The process of one query. It has no environment, no folder but its own, and ends with the one that started it.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
takeBlameFirst()
const answer = answerSql(await openDuckDb(sqlThreadsMax, sqlMemoryBytesMax))
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
