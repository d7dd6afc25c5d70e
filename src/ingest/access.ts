import { SpanlakeError } from '../errors.ts'
import { tenantDefault, tokenCharsMax } from '../limits.ts'
import type { Codec } from '../ports/codec.ts'
import { parseBase64 } from '../span/base64.ts'
import { hexOf } from '../span/trace-id.ts'
import { parseTokens, type Role, type TenantRecord, type TokenRecord } from './parse-tokens.ts'
import type { Budget } from './rate-limit.ts'

export { parseTokens, type Role }

export interface Credentials {
  /** The header as it came: `Bearer TOKEN`, or `Basic` with the token as password. */
  readonly authorization: string | undefined
  /** `X-Scope-OrgID`. */
  readonly orgId: string | undefined
}

/** On whose behalf a request acts, and how much it may send. */
export interface Grant {
  readonly tenant: string
  readonly budgets: readonly Budget[]
}

export interface Access {
  /**
   * Throws `unauthenticated` without a known token, `forbidden` when the token lacks the role or the tenant, `invalid`
   * when `X-Scope-OrgID` names several tenants (`a|b`), or none while the token has several.
   */
  authorize(credentials: Credentials, role: Role): Grant
}

/** No tokens: one tenant, and everybody who reaches the port may do everything in it. */
export function openAccess(tenant: string = tenantDefault): Access {
  return {
    authorize({ orgId }) {
      const asked = oneTenant(orgId)
      if (asked === undefined || asked === tenant) return { tenant, budgets: [] }
      throw new SpanlakeError(
        'forbidden',
        `x-scope-orgid must be ${tenant} while no tokens are configured`,
      )
    },
  }
}

/**
 * By the text of a tokens file. Tokens are found by their SHA-256: how long the search takes says something of the hash
 * of what was tried, and nothing of any token.
 */
export function tokenAccess(tokensJson: string, codec: Codec): Access {
  const { tokens, tenants } = parseTokens(tokensJson)
  const byHash = new Map(tokens.map((record) => [record.sha256, record]))
  const encoder = new TextEncoder()
  return {
    authorize({ authorization, orgId }, role) {
      const token = tokenOf(authorization)
      const record = token && byHash.get(hexOf(codec.sha256(encoder.encode(token))))
      if (!record) throw new SpanlakeError('unauthenticated', 'token must be given and known')
      if (!record.roles.includes(role)) {
        throw new SpanlakeError('forbidden', `token must have the role ${role}`)
      }
      const tenant = tenantOf(record, oneTenant(orgId))
      const budgets = [
        ...budgetOf(`tenant ${tenant}`, tenants.get(tenant)),
        ...budgetOf(`token ${record.name}`, record),
      ]
      return { tenant, budgets }
    },
  }
}

function budgetOf(name: string, { spansPerSecond }: TenantRecord = {}): Budget[] {
  return spansPerSecond === undefined ? [] : [{ name, spansPerSecond }]
}

/** What `X-Scope-OrgID` asks for; `a|b`, several at once, is something that no request here can act for. */
function oneTenant(orgId: string | undefined): string | undefined {
  if (orgId?.includes('|')) {
    throw new SpanlakeError(
      'invalid',
      `x-scope-orgid must name one tenant, got ${orgId.slice(0, 80)}`,
    )
  }
  return orgId === '' ? undefined : orgId
}

function tenantOf({ tenants }: TokenRecord, asked: string | undefined): string {
  if (asked !== undefined) {
    if (tenants.includes(asked)) return asked
    throw new SpanlakeError('forbidden', 'x-scope-orgid must name a tenant of this token')
  }
  const [only, ...others] = tenants
  if (only !== undefined && others.length === 0) return only
  throw new SpanlakeError('invalid', 'x-scope-orgid must name one of the tenants of this token')
}

/** The token in an `Authorization` header: RFC 6750 §2.1, or the password of RFC 7617 for senders that know only that. */
function tokenOf(authorization: string | undefined): string | undefined {
  // Base64 of user and password is a third longer than they are.
  if (authorization === undefined || authorization.length > 2 * tokenCharsMax) return undefined
  const [, scheme, credentials] = authorization.match(/^(Bearer|Basic) +(\S+) *$/i) ?? []
  if (scheme === undefined || credentials === undefined) return undefined
  if (scheme.toLowerCase() === 'bearer') return credentials
  const decoded = parseBase64(credentials)
  const pair = decoded && new TextDecoder().decode(decoded)
  return pair?.includes(':') ? pair.slice(pair.indexOf(':') + 1) : undefined
}
