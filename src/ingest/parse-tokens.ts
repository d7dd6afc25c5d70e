import { parseDurationMs } from '../config.ts'
import { messageOf, SpanlakeError } from '../errors.ts'
import { isTenantName } from '../layout/keys.ts'
import { retentionMsMax, retentionMsMin } from '../limits.ts'

export const roles = ['write', 'read', 'site', 'admin'] as const

/** What a token may do: `site` is another region asking, `admin` sees and replays dead letters. */
export type Role = (typeof roles)[number]

export interface TokenRecord {
  /** Who holds it, for logs. */
  readonly name: string
  /** SHA-256 of the token, 64 lower-case hex digits: the token itself is kept nowhere. */
  readonly sha256: string
  readonly roles: readonly Role[]
  readonly tenants: readonly string[]
  /** What its holder may send, beside the bound of the tenant. */
  readonly spansPerSecond?: number
}

export interface TenantRecord {
  readonly spansPerSecond?: number
  /** How long its spans are kept after their receipt. */
  readonly retentionMs?: number
}

export interface Tokens {
  readonly tokens: readonly TokenRecord[]
  readonly tenants: ReadonlyMap<string, TenantRecord>
}

type Members = Readonly<Record<string, unknown>>

/**
 * Reads a tokens file: `{"tokens": [{"name", "sha256", "roles", "tenants", "spansPerSecond"?}], "tenants"?: {"acme":
 * {"spansPerSecond"?, "retention"?}}}`. Throws kind `invalid`, naming the entry and what it must be; a member that nobody knows is
 * refused, as a bound with a typo in its name would bind nobody.
 */
export function parseTokens(json: string): Tokens {
  const file = membersOf(parseJson(json), 'tokens file', ['tokens', 'tenants'])
  if (!Array.isArray(file.tokens) || file.tokens.length === 0) {
    throw invalid('tokens file must hold at least one token, as {"tokens": [...]}')
  }
  const tokens = file.tokens.map((entry, i) => parseToken(entry, `token ${i + 1}`))
  refuseTwins(tokens, 'name')
  refuseTwins(tokens, 'sha256')
  const tenants = Object.entries(membersOf(file.tenants ?? {}, 'tenants'))
  return { tokens, tenants: new Map(tenants.map(([name, entry]) => parseTenant(name, entry))) }
}

function parseToken(entry: unknown, what: string): TokenRecord {
  const known = ['name', 'sha256', 'roles', 'tenants', 'spansPerSecond']
  const { name, sha256, roles: given, tenants, spansPerSecond } = membersOf(entry, what, known)
  if (typeof name !== 'string' || name === '') throw invalid(`${what} must have a name`)
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/i.test(sha256)) {
    throw invalid(`${what} (${name}) must have a sha256 of 64 hex digits`)
  }
  if (!isListOf(given, isRole)) {
    throw invalid(`${what} (${name}) must have roles among ${roles.join(', ')}`)
  }
  if (!isListOf(tenants, isTenant)) {
    throw invalid(`${what} (${name}) must have tenants, named with letters, digits, . _ -`)
  }
  return {
    name,
    sha256: sha256.toLowerCase(),
    roles: given,
    tenants,
    ...rateOf(spansPerSecond, `${what} (${name})`),
  }
}

function parseTenant(name: string, entry: unknown): [string, TenantRecord] {
  if (!isTenantName(name)) {
    throw invalid(`tenant must be named with letters, digits, . _ -, got ${name.slice(0, 80)}`)
  }
  const what = `tenant ${name}`
  const { spansPerSecond, retention } = membersOf(entry, what, ['spansPerSecond', 'retention'])
  return [name, { ...rateOf(spansPerSecond, what), ...retentionOf(retention, what) }]
}

function retentionOf(retention: unknown, what: string): { retentionMs?: number } {
  if (retention === undefined) return {}
  if (typeof retention !== 'string') throw invalid(`${what} must have a retention like "30d"`)
  try {
    return { retentionMs: parseDurationMs(retention, retentionMsMin, retentionMsMax) }
  } catch (cause) {
    throw new SpanlakeError('invalid', `${what}: retention ${messageOf(cause)}`, { cause })
  }
}

function rateOf(spansPerSecond: unknown, what: string): { spansPerSecond?: number } {
  if (spansPerSecond === undefined) return {}
  if (typeof spansPerSecond === 'number' && spansPerSecond > 0) return { spansPerSecond }
  throw invalid(`${what} must have a positive number as spansPerSecond`)
}

function refuseTwins(tokens: readonly TokenRecord[], member: 'name' | 'sha256'): void {
  const seen = new Map<string, number>()
  for (const [i, token] of tokens.entries()) {
    const before = seen.get(token[member])
    if (before !== undefined) {
      throw invalid(`tokens ${before + 1} and ${i + 1} must not have the same ${member}`)
    }
    seen.set(token[member], i)
  }
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw new SpanlakeError('invalid', 'tokens file must be JSON', { cause })
  }
}

function membersOf(value: unknown, what: string, known?: readonly string[]): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`${what} must be an object`)
  }
  const stranger = known && Object.keys(value).find((name) => !known.includes(name))
  if (stranger !== undefined) {
    throw invalid(`${what} must hold only ${known?.join(', ')}, got ${stranger.slice(0, 80)}`)
  }
  return value as Members
}

function isListOf<T extends string>(list: unknown, is: (item: unknown) => item is T): list is T[] {
  return Array.isArray(list) && list.length > 0 && list.every(is)
}

function isRole(item: unknown): item is Role {
  return roles.some((role) => role === item)
}

function isTenant(item: unknown): item is string {
  return typeof item === 'string' && isTenantName(item)
}

function invalid(message: string): SpanlakeError {
  return new SpanlakeError('invalid', message)
}
