import { SpanlakeError } from '../../src/errors.ts'
import { sqlResultBytesMax, sqlResultRowsMax } from '../../src/limits.ts'

/** Throws kind `invalid` for more than a result may have. */
export function checkResult(rows: number, bytes: number): void {
  const help = 'select fewer, or aggregate'
  if (rows > sqlResultRowsMax) {
    throw new SpanlakeError(
      'invalid',
      `sql result must have at most ${sqlResultRowsMax} rows: ${help}`,
    )
  }
  if (bytes > sqlResultBytesMax) {
    throw new SpanlakeError(
      'invalid',
      `sql result must have at most ${sqlResultBytesMax} bytes: ${help}`,
    )
  }
}
