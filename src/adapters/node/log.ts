import { pino } from 'pino'
import type { Log } from '../../ports/log.ts'

/** JSON lines on stderr, from `level` up; each thread has its own and writes whole lines. */
export function nodeLog(level: string): Log {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime }
  const logger = pino(options, pino.destination({ dest: 2, sync: true }))
  return {
    debug: (event, fields) => logger.debug(fields ?? {}, event),
    info: (event, fields) => logger.info(fields ?? {}, event),
    warn: (event, fields) => logger.warn(fields ?? {}, event),
    error: (event, fields) => logger.error(fields ?? {}, event),
  }
}
