import { regionCharsMax, tenantCharsMax } from '../limits.ts'

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

export function spillPrefix(tenant: string): string {
  return `${tenant}/spill/`
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
  /** The letter while it is replayed: 16 random hex digits. No flush writes at such a key. */
  readonly replay?: string
}

/** No tenant name begins with an underscore. */
export const unknownOwner = '_unknown'

export function deadKey({ owner, date, id, replay }: DeadRef): string {
  return `${deadPrefix(owner)}date=${date}/${id}${replay === undefined ? '' : `-${replay}`}`
}

export function parseDeadKey(key: string): DeadRef | undefined {
  const [, owner, date, id, replay] = key.match(deadPattern) ?? []
  if (!owner || !date || !id) return undefined
  return { owner, date, id, ...(replay && { replay }) }
}

const deadPattern = new RegExp(
  `^(${tenantPattern}|${unknownOwner})/dead/date=(\\d{4}-\\d{2}-\\d{2})/(${idPattern})(?:-([0-9a-f]{16}))?$`,
)

export function deadPrefix(owner: string): string {
  return `${owner}/dead/`
}

/**
 * The name of an object that a manifest may name, within its folder: the number of the manifest that its maker started
 * from, which tells the sweep what it may remove (DESIGN §4.4), and 16 random hex digits.
 */
export function objectName(base: number, random: Uint8Array): string {
  const hex = Array.from(random.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0'))
  return `${numberText(base)}-${hex.join('')}`
}

/** The base in an object's name. */
export function baseOf(name: string): number {
  return Number(name.slice(0, numberDigits))
}

export function isObjectName(text: string): boolean {
  return wholeName.test(text)
}

export function isRegionName(text: string): boolean {
  return text.length <= regionCharsMax && /^[a-z0-9-]+$/.test(text)
}

const numberDigits = 10

/** The greatest number that a manifest's key can spell. */
export const manifestNumberMax = 10 ** numberDigits - 1

const numberPattern = `\\d{${numberDigits}}`
const namePattern = `${numberPattern}-[0-9a-f]{16}`
const wholeName = new RegExp(`^${namePattern}$`)
const datePattern = '\\d{4}-\\d{2}-\\d{2}'
const hourPattern = '[01]\\d|2[0-3]'

function numberText(number: number): string {
  return String(number).padStart(numberDigits, '0')
}

/** What compaction writes: spans of one hour of starts. */
export interface SpanFileRef {
  readonly tenant: string
  readonly date: string
  readonly hour: string
  readonly name: string
}

export function spanFileKey({ tenant, date, hour, name }: SpanFileRef): string {
  return `${spanPrefix(tenant)}date=${date}/hour=${hour}/${name}.parquet`
}

export function parseSpanFileKey(key: string): SpanFileRef | undefined {
  const [, tenant, date, hour, name] = key.match(spanFilePattern) ?? []
  return tenant && date && hour && name ? { tenant, date, hour, name } : undefined
}

const spanFilePattern = new RegExp(
  `^(${tenantPattern})/spans/date=(${datePattern})/hour=(${hourPattern})/(${namePattern})\\.parquet$`,
)

export function spanPrefix(tenant: string): string {
  return `${tenant}/spans/`
}

/** A tenant's index of one region's spans. */
export interface IndexRef {
  readonly tenant: string
  readonly region: string
}

export function indexPrefix({ tenant, region }: IndexRef): string {
  return `${tenant}/index/${region}/`
}

export function manifestPrefix(index: IndexRef): string {
  return `${indexPrefix(index)}manifest/`
}

export function manifestKey(index: IndexRef, number: number): string {
  return `${manifestPrefix(index)}${numberText(number)}`
}

/** An object that is written to learn the store's time: the listing that follows tells when. */
export function storeTimeKey(index: IndexRef): string {
  return `${indexPrefix(index)}store-time`
}

/** The number in a manifest's key. */
export function parseManifestKey(
  key: string,
): (IndexRef & { readonly number: number }) | undefined {
  const [, tenant, region, number] = key.match(manifestPattern) ?? []
  return tenant && region && number ? { tenant, region, number: Number(number) } : undefined
}

const regionPattern = '[a-z0-9-]+'
const manifestPattern = new RegExp(
  `^(${tenantPattern})/index/(${regionPattern})/manifest/(${numberPattern})$`,
)

/** The parts of the index that a manifest names, each with what stands between their folder and their name. */
export type IndexObjectRef = IndexRef & { readonly name: string } & (
    | { readonly kind: 'day'; readonly date: string }
    | { readonly kind: 'locators' }
    /** Beside the span file of the same name. */
    | { readonly kind: 'summaries'; readonly date: string; readonly hour: string }
    /** By the hour of receipt. */
    | { readonly kind: 'receipts'; readonly date: string; readonly hour: string }
  )

export function indexObjectKey(ref: IndexObjectRef): string {
  const prefix = indexPrefix(ref)
  if (ref.kind === 'day') return `${prefix}days/${ref.date}/${ref.name}`
  if (ref.kind === 'locators') return `${prefix}locators/${ref.name}`
  if (ref.kind === 'receipts') return `${prefix}receipts/${ref.date}-${ref.hour}/${ref.name}`
  return `${prefix}traces/date=${ref.date}/hour=${ref.hour}/${ref.name}.parquet`
}

export function parseIndexObjectKey(key: string): IndexObjectRef | undefined {
  const [, tenant, region, rest] = key.match(indexPattern) ?? []
  if (!tenant || !region || !rest) return undefined
  const index = { tenant, region }
  const [, day, dayName] = rest.match(dayPattern) ?? []
  if (day && dayName) return { ...index, kind: 'day', date: day, name: dayName }
  const [, locators] = rest.match(locatorsPattern) ?? []
  if (locators) return { ...index, kind: 'locators', name: locators }
  for (const [kind, pattern] of hourlyPatterns) {
    const [, date, hour, name] = rest.match(pattern) ?? []
    if (date && hour && name) return { ...index, kind, date, hour, name }
  }
  return undefined
}

const indexPattern = new RegExp(`^(${tenantPattern})/index/(${regionPattern})/(.+)$`)
const dayPattern = new RegExp(`^days/(${datePattern})/(${namePattern})$`)
const locatorsPattern = new RegExp(`^locators/(${namePattern})$`)
const hourlyPatterns = [
  ['receipts', new RegExp(`^receipts/(${datePattern})-(${hourPattern})/(${namePattern})$`)],
  [
    'summaries',
    new RegExp(`^traces/date=(${datePattern})/hour=(${hourPattern})/(${namePattern})\\.parquet$`),
  ],
] as const

/** The UTC date and hour that hold a time in ms since 1970; times outside the years 1970 to 9999 are clamped to them. */
export function hourOf(ms: number): { date: string; hour: string } {
  const clamped = Math.min(Math.max(ms, 0), yearLastMs)
  const text = new Date(clamped).toISOString()
  return { date: text.slice(0, 10), hour: text.slice(11, 13) }
}

const yearLastMs = Date.UTC(9999, 11, 31, 23)
