import { tenantCharsMax } from '../limits.ts'

/**
 * The only place that spells an object key. Each has its inverse, which is undefined for any other key. Tenant names
 * hold no slash and do not begin with `_` or `.`, so no tenant can reach another's prefix or ours.
 */
const tenantPattern = '[A-Za-z0-9][A-Za-z0-9._-]*'
const idPattern = '[0-9a-f]{32}'

export function isTenantName(text: string): boolean {
  return text.length <= tenantCharsMax && wholeTenant.test(text)
}

const wholeTenant = new RegExp(`^${tenantPattern}$`)

/** What a flush writes; hour of the latest receipt in it. */
export interface FreshFileRef {
  readonly tenant: string
  /** `2026-11-20`, in UTC. */
  readonly date: string
  /** `00` to `23`. */
  readonly hour: string
  /** 32 hex digits. */
  readonly id: string
}

export function freshFileKey({ tenant, date, hour, id }: FreshFileRef): string {
  return `${freshPrefix(tenant)}date=${date}/hour=${hour}/${id}.parquet`
}

export function parseFreshFileKey(key: string): FreshFileRef | undefined {
  const [, tenant, date, hour, id] = key.match(freshFilePattern) ?? []
  return tenant && date && hour && id ? { tenant, date, hour, id } : undefined
}

const freshFilePattern = new RegExp(
  `^(${tenantPattern})/fresh/date=(\\d{4}-\\d{2}-\\d{2})/hour=([01]\\d|2[0-3])/(${idPattern})\\.parquet$`,
)

export function freshPrefix(tenant: string): string {
  return `${tenant}/fresh/`
}

/** A body too large for the queue, by the date of its receipt, so that age alone can remove it. */
export interface SpillRef {
  readonly tenant: string
  readonly date: string
  readonly id: string
}

export function spillKey({ tenant, date, id }: SpillRef): string {
  return `${tenant}/spill/date=${date}/${id}`
}

export function parseSpillKey(key: string): SpillRef | undefined {
  const [, tenant, date, id] = key.match(spillPattern) ?? []
  return tenant && date && id ? { tenant, date, id } : undefined
}

const spillPattern = new RegExp(
  `^(${tenantPattern})/spill/date=(\\d{4}-\\d{2}-\\d{2})/(${idPattern})$`,
)

/** What could not be processed. `owner` is a tenant, or `unknownOwner` where not even that could be read. */
export interface DeadRef {
  readonly owner: string
  readonly date: string
  readonly id: string
}

/** No tenant name begins with an underscore. */
export const unknownOwner = '_unknown'

export function deadKey({ owner, date, id }: DeadRef): string {
  return `${deadPrefix(owner)}date=${date}/${id}`
}

export function parseDeadKey(key: string): DeadRef | undefined {
  const [, owner, date, id] = key.match(deadPattern) ?? []
  return owner && date && id ? { owner, date, id } : undefined
}

const deadPattern = new RegExp(
  `^(${tenantPattern}|${unknownOwner})/dead/date=(\\d{4}-\\d{2}-\\d{2})/(${idPattern})$`,
)

export function deadPrefix(owner: string): string {
  return `${owner}/dead/`
}

/** The UTC date and hour that hold a time in ms since 1970; times outside the years 1970 to 9999 are clamped to them. */
export function hourOf(ms: number): { date: string; hour: string } {
  const clamped = Math.min(Math.max(ms, 0), yearLastMs)
  const text = new Date(clamped).toISOString()
  return { date: text.slice(0, 10), hour: text.slice(11, 13) }
}

const yearLastMs = Date.UTC(9999, 11, 31, 23)
