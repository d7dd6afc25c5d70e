import { type Access, openAccess, tokenAccess } from '../../src/ingest/access.ts'
import type { Runtime } from '../../src/runtime.ts'

/** Who may do what: by the tokens file's text, or open where there is none. */
export function accessOf(tokensJson: string | undefined, runtime: Runtime): Access {
  return tokensJson === undefined ? openAccess() : tokenAccess(tokensJson, runtime.codec)
}
