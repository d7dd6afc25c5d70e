import { writeSync } from 'node:fs'

/**
 * Ends the whole process at once, from any thread. For when it is unknown what is durable: after a failed fsync the
 * kernel may have dropped the pages, so neither a retry nor a graceful stop can tell the truth
 * (https://wiki.postgresql.org/wiki/Fsync_Errors). What was not acknowledged will be sent again.
 */
export function endProcess(why: string): never {
  writeSync(2, `${JSON.stringify({ level: 'fatal', msg: 'process ends', why })}\n`)
  process.kill(process.pid, 'SIGKILL')
  throw new Error(why)
}
