import { createHash, randomBytes } from 'node:crypto'
import { parseTokens } from '../../src/ingest/access.ts'

export interface TokenOptions {
  readonly name: string
  readonly role: readonly string[]
  readonly tenant: readonly string[]
}

/** Prints a new token once, and the record that holds its hash. The token itself is kept nowhere. */
export function createTokenCommand({ name, role, tenant }: TokenOptions): void {
  const token = `slk_${randomBytes(24).toString('base64url')}`
  const sha256 = createHash('sha256').update(token).digest('hex')
  const record = { name, sha256, roles: role, tenants: tenant }
  parseTokens(JSON.stringify({ tokens: [record] })) // refuses here what `serve` would refuse later
  process.stderr.write('the token, shown this once:\n')
  process.stdout.write(`${token}\n`)
  process.stderr.write(
    `its line for the tokens file ({"tokens": [...]}):\n${JSON.stringify(record)}\n`,
  )
}
