import { readFile } from 'node:fs/promises'
import { SpanlakeError } from '../../src/errors.ts'
import { type Access, openAccess, tokenAccess } from '../../src/ingest/access.ts'
import type { Runtime } from '../../src/runtime.ts'

/** Who may do what: by the tokens file's text, or open where there is none. */
export function accessOf(tokensJson: string | undefined, runtime: Runtime): Access {
  return tokensJson === undefined ? openAccess() : tokenAccess(tokensJson, runtime.codec)
}

/** The tokens file's text. Throws kind `invalid` when it cannot be read. */
export async function readTokens(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new SpanlakeError('invalid', `tokens file must be readable, got ${file}`, { cause })
  }
}
