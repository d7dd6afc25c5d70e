import { SpanlakeError } from '../errors.ts'
import { isTenantName } from '../layout/keys.ts'
import { tenantDefault, tokenCharsMax } from '../limits.ts'
import type { Codec } from '../ports/codec.ts'
import { hexOf } from '../span/trace-id.ts'

/** What a token may do: `site` is another region asking, `admin` sees and replays dead letters. */
export type Role = 'write' | 'read' | 'site' | 'admin'

const roles: readonly Role[] = ['write', 'read', 'site', 'admin']

export interface TokenRecord {
  /** Who holds it, for logs. */
  readonly name: string
  /** SHA-256 of the token, 64 hex digits: the token itself is kept nowhere. */
  readonly sha256: string
  readonly roles: readonly Role[]
  readonly tenants: readonly string[]
}

export interface TenantRecord {
  readonly spansPerSecond?: number
}

export interface Credentials {
  /** The header as it came: `Bearer TOKEN`, or `Basic` with the token as password. */
  readonly authorization: string | undefined
  /** `X-Scope-OrgID`. */
  readonly orgId: string | undefined
}

export interface Access {
  /**
   * The tenant on whose behalf the request acts. Throws `unauthenticated` without a known token, `forbidden` when the
   * token lacks the role or the tenant, `invalid` when the token has several tenants and none is named.
   */
  authorize(credentials: Credentials, role: Role): { readonly tenant: string }
  /** Spans a second that a tenant may send; undefined is without bound. */
  spansPerSecond(tenant: string): number | undefined
}

/** No tokens: one tenant, and everybody who reaches the port may do everything in it. */
export function openAccess(tenant: string = tenantDefault): Access {
  return {
    authorize({ orgId }) {
      if (orgId === undefined || orgId === '' || orgId === tenant) return { tenant }
      throw new SpanlakeError(
        'forbidden',
        `tenant must be ${tenant} while no tokens are configured`,
      )
    },
    spansPerSecond: () => undefined,
  }
}

/** By the text of a tokens file. Tokens are found by their hash, so comparing them leaks no timing. */
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
      return { tenant: tenantOf(record, orgId) }
    },
    spansPerSecond: (tenant) => tenants.get(tenant)?.spansPerSecond,
  }
}

function tenantOf(record: TokenRecord, orgId: string | undefined): string {
  if (orgId === undefined || orgId === '') {
    const [only, ...others] = record.tenants
    if (only !== undefined && others.length === 0) return only
    throw new SpanlakeError('invalid', 'x-scope-orgid must name one of the tenants of this token')
  }
  if (record.tenants.includes(orgId)) return orgId
  throw new SpanlakeError('forbidden', 'x-scope-orgid must name a tenant of this token')
}

function tokenOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization.length > 2 * tokenCharsMax) return undefined
  const [, scheme, credentials] = authorization.match(/^(Bearer|Basic) +(\S+) *$/i) ?? []
  if (scheme === undefined || credentials === undefined) return undefined
  if (scheme.toLowerCase() === 'bearer') return credentials
  try {
    return atob(credentials).replace(/^[^:]*:/, '')
  } catch {
    return undefined
  }
}

export interface Tokens {
  readonly tokens: readonly TokenRecord[]
  readonly tenants: ReadonlyMap<string, TenantRecord>
}

/** Reads a tokens file. Throws kind `invalid`, naming the entry and what it must be. */
export function parseTokens(json: string): Tokens {
  let file: { tokens?: unknown; tenants?: unknown }
  try {
    file = JSON.parse(json) as typeof file
  } catch (cause) {
    throw new SpanlakeError('invalid', 'tokens file must be JSON', { cause })
  }
  if (!Array.isArray(file?.tokens) || file.tokens.length === 0) {
    throw new SpanlakeError('invalid', 'tokens file must hold {"tokens": [...]}, at least one')
  }
  const tenants = Object.entries((file.tenants ?? {}) as Record<string, TenantRecord>)
  for (const [name, { spansPerSecond }] of tenants) {
    const positive = typeof spansPerSecond === 'number' && spansPerSecond > 0
    if (isTenantName(name) && (spansPerSecond === undefined || positive)) continue
    throw new SpanlakeError(
      'invalid',
      `tenant ${name} must have a name and a positive spansPerSecond`,
    )
  }
  return { tokens: file.tokens.map(parseToken), tenants: new Map(tenants) }
}

function parseToken(entry: unknown, index: number): TokenRecord {
  const { name, sha256, roles: given, tenants } = (entry ?? {}) as Partial<TokenRecord>
  const must = (holds: boolean, what: string): void => {
    if (!holds) throw new SpanlakeError('invalid', `token ${index + 1} must have ${what}`)
  }
  must(typeof name === 'string' && name !== '', 'a name')
  must(typeof sha256 === 'string' && /^[0-9a-f]{64}$/i.test(sha256), 'sha256 of 64 hex digits')
  must(
    isListOf(given, (role) => roles.includes(role as Role)),
    `roles among ${roles.join(', ')}`,
  )
  must(
    isListOf(tenants, (tenant) => isTenantName(tenant)),
    'tenants of letters, digits, . _ -',
  )
  const record = entry as TokenRecord
  return { ...record, sha256: record.sha256.toLowerCase() }
}

function isListOf(list: unknown, holds: (item: string) => boolean): boolean {
  const isText = (item: unknown) => typeof item === 'string'
  return Array.isArray(list) && list.length > 0 && list.every((item) => isText(item) && holds(item))
}
