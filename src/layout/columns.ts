import { columnNameCharsMax } from '../limits.ts'
import type { AttributeType } from '../span/span-batch.ts'
import { wellKnownKeys } from './well-known-keys.ts'

export type AttributeScope = 'resource' | 'scope' | 'span'

/**
 * The physical name of an attribute's column: ASCII lower-case letters, digits and underscores. Two attributes share a
 * name only when two hashes of 32 bits are equal, and no two names differ only in case. Nothing is ever parsed out of
 * a name: the file's metadata says what a column holds.
 */
export function columnName(scope: AttributeScope, key: string, type: AttributeType): string {
  const name = `${scope}_${plainName(key)}${typeSuffixes[type]}`
  if (isBare(key, name)) return name
  const hash = `_${hashOf(`${scope}\0${type}\0${key}`)}`
  const suffix = `${typeSuffixes[type]}${hash}`
  const room = columnNameCharsMax - suffix.length
  return `${`${scope}_${plainName(key)}`.slice(0, room)}${suffix}`
}

/** Tells keys apart that differ in case alone, where names must not: 8 hex digits. */
export function keyHash(scope: AttributeScope, key: string): string {
  return hashOf(`${scope}\0${key}`)
}

/** Columns that every file has; a `?` of DESIGN §4 is a null here. Nested ones are lists of structs. */
export const fixedColumns = {
  traceId: 'trace_id',
  spanId: 'span_id',
  parentSpanId: 'parent_span_id',
  name: 'name',
  kind: 'kind',
  start: 'start',
  durationNs: 'duration_ns',
  /** Only where it is not start + duration: spans that end before they start, or too long after. */
  end: 'end',
  statusCode: 'status_code',
  statusMessage: 'status_message',
  traceState: 'trace_state',
  flags: 'flags',
  droppedAttributesCount: 'dropped_attributes_count',
  droppedEventsCount: 'dropped_events_count',
  droppedLinksCount: 'dropped_links_count',
  scopeName: 'scope_name',
  scopeVersion: 'scope_version',
  scopeDroppedAttributesCount: 'scope_dropped_attributes_count',
  scopeSchemaUrl: 'scope_schema_url',
  resourceDroppedAttributesCount: 'resource_dropped_attributes_count',
  resourceSchemaUrl: 'resource_schema_url',
  envelope: 'envelope',
  resourceRest: 'resource_rest',
  scopeRest: 'scope_rest',
  spanRest: 'span_rest',
  events: 'events',
  links: 'links',
} as const

/** Fields of the structs in `events` and `links`. */
export const nestedColumns = {
  time: 'time',
  name: 'name',
  traceId: 'trace_id',
  spanId: 'span_id',
  traceState: 'trace_state',
  flags: 'flags',
  droppedAttributesCount: 'dropped_attributes_count',
  attributes: 'attributes',
  key: 'key',
  type: 'type',
  value: 'value',
} as const

/** Columns of trace summaries. */
export const summaryColumns = {
  traceId: 'trace_id',
  start: 'start',
  durationNs: 'duration_ns',
  end: 'end',
  rootDelayNs: 'root_delay_ns',
  rootService: 'root_service',
  rootName: 'root_name',
  spans: 'spans',
  errors: 'errors',
  services: 'services',
} as const

/** Keys of a file's key-value metadata. */
export const metadataKeys = {
  version: 'spanlake.version',
  columns: 'spanlake.columns',
  rest: 'spanlake.rest',
} as const

const typeSuffixes: Record<AttributeType, string> = {
  string: '',
  int: '_int',
  double: '_double',
  bool: '_bool',
  json: '_json',
}

const reservedNames: ReadonlySet<string> = new Set(Object.values(fixedColumns))

/** Keys that map to names one to one: without underscores, a dot is the only character that becomes one. */
const dottedKey = /^[a-z0-9]+(\.[a-z0-9]+)*$/

/** What a bare name must not end in, since a type suffix or a hash would look the same. */
const endsLikeSuffix = /(^|[._])(int|double|bool|json|[0-9a-f]{8})$/

const listedKeys: ReadonlySet<string> = new Set(wellKnownKeys)
const listedNames: ReadonlySet<string> = new Set(wellKnownKeys.map(plainName))

function isBare(key: string, name: string): boolean {
  if (name.length > columnNameCharsMax || reservedNames.has(name)) return false
  if (listedKeys.has(key)) return true
  return dottedKey.test(key) && !endsLikeSuffix.test(key) && !listedNames.has(plainName(key))
}

function plainName(key: string): string {
  return key.toLowerCase().replace(/[^a-z0-9]/g, '_')
}

/** FNV-1a over UTF-16 code units, low byte first, with a last mix; 8 hex digits. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193)
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193)
  }
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  return (hash >>> 0).toString(16).padStart(8, '0')
}
