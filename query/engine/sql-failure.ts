import { type ErrorKind, kindOf, messageOf, SpanlakeError } from '../../src/errors.ts'
import { bytesExceeded } from './check-result.ts'
import type { SqlBounds } from './sql-bounds.ts'
import type { SqlReply } from './sql-protocol.ts'

/** What DuckDB begins a message with, for example `Binder Error: `. */
const duckDbError = /(?:^|: )([A-Z][A-Za-z ]*) Error: /

/** Of DuckDB's kinds of errors, those that are no fault of the SELECT's. */
const ours = new Set(['INTERNAL', 'FATAL', 'IO', 'Permission', 'HTTP', 'Serialization'])

/** Characters of what DuckDB says: it may quote a value whole. */
const messageCharsMax = 2_000

/** What to say of anything thrown in the process of a query. */
export function failureOf(error: unknown, bounds: SqlBounds): SqlReply {
  const message = messageOf(error).slice(0, messageCharsMax)
  if (error instanceof SpanlakeError) return failed(kindOf(error), message)
  const [, kind] = message.match(duckDbError) ?? []
  if (kind === 'INTERRUPT') return failed('unavailable', 'sql query was interrupted')
  if (kind === 'Out of Memory' || message === 'Invalid string length') {
    const bytes = bounds.memoryBytes
    return failed('invalid', `sql must get by with ${bytes} bytes of memory: select less`)
  }
  // EFBIG: the kernel bounds what this process writes, and it writes nothing but a result.
  if (kind === 'IO' && message.includes('File too large'))
    return failureOf(bytesExceeded(bounds), bounds)
  if (kind === undefined || ours.has(kind))
    return failed('internal', `sql engine fails: ${message}`)
  return failed('invalid', `sql fails: ${message}`)
}

function failed(error: ErrorKind, message: string): SqlReply {
  return { kind: 'failed', error, message }
}
