import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { sqlPool } from '../../query/engine/sql-pool.ts'
import { silentLog } from '../../src/ports/log.ts'

// Asks one query and holds the session of another, as a thread or as a process, until somebody ends it.
const folder = isMainThread ? (process.argv[2] ?? '') : String(workerData)
const pool = sqlPool({ folder, log: silentLog, spare: false })
const session = await pool.open(undefined)
const parts = await Array.fromAsync(session.run({ setup: [], sql: 'SELECT 42', format: 'rows' }))
const answer = JSON.stringify(parts[1])
if (isMainThread) process.stdout.write(`${answer}\n`)
parentPort?.postMessage(answer)
setInterval(() => session, 60_000)
