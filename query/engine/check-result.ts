import { SpanlakeError } from '../../src/errors.ts'
import type { SqlBounds } from './sql-bounds.ts'

/** Throws kind `invalid` for more than a result may have. */
export function checkResult(rows: number, bytes: number, bounds: SqlBounds): void {
  if (rows > bounds.resultRows) throw tooMuch(`${bounds.resultRows} rows`)
  if (bytes > bounds.resultBytes) throw bytesExceeded(bounds)
}

/** For a result that did not fit into its file. */
export function bytesExceeded(bounds: SqlBounds): SpanlakeError {
  return tooMuch(`${bounds.resultBytes} bytes`)
}

function tooMuch(most: string): SpanlakeError {
  return new SpanlakeError(
    'invalid',
    `sql result must have at most ${most}: select less, or aggregate`,
  )
}
