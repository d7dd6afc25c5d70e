import { SpanlakeError } from '../../../src/errors.ts'
import { sqlLookbackNs } from '../../../src/limits.ts'
import type { TimeRange } from '../../../src/prune/condition.ts'
import { parseTimeParameter } from '../../time-parameter.ts'
import { excerptOf } from '../../traceql/syntax-error.ts'
import type { Parameter } from './request.ts'

export interface SqlRequest {
  readonly sql: string
  readonly range: TimeRange
  readonly format: SqlFormat
}

export type SqlFormat = (typeof sqlFormats)[number]

export const sqlFormats = ['json', 'ndjson', 'parquet'] as const

/** What each format is called as a content type. */
export const sqlContentTypes: Readonly<Record<SqlFormat, string>> = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
}

/** A request's body and what its URL and headers say. */
export interface SqlRequestParts {
  readonly body: string
  readonly contentType: string
  readonly accept: string
  readonly parameter: Parameter
}

/**
 * The SELECT as text with `start`, `end` and `format` in the URL, or all of them as JSON: `{"query", "start", "end",
 * "format"}`. Times are unix seconds, nanoseconds or RFC 3339; without them, the last hour until `nowNs`. Throws kind
 * `invalid`.
 */
export function parseSqlRequest(
  { body, contentType, accept, parameter }: SqlRequestParts,
  nowNs: bigint,
): SqlRequest {
  const isJson = /^application\/json\b/i.test(contentType)
  const fields = isJson ? jsonFields(body) : new Map<string, string>()
  const field: Parameter = (name) => fields.get(name) ?? parameter(name)
  const sql = isJson ? field('query') : body
  if (sql === undefined || sql.trim() === '') {
    throw new SpanlakeError('invalid', 'query must be given: one SELECT over spans and traces')
  }
  return { sql, range: rangeOf(field, nowNs), format: formatOf(field('format'), accept) }
}

const fieldNames = ['query', 'start', 'end', 'format']

function jsonFields(body: string): Map<string, string> {
  const json = parsed(body)
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new SpanlakeError('invalid', 'request body must be a JSON object with a query')
  }
  const fields = new Map<string, string>()
  for (const [name, value] of Object.entries(json)) {
    if (!fieldNames.includes(name) || value === null) continue
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw new SpanlakeError('invalid', `${name} must be a text`)
    }
    fields.set(name, String(value))
  }
  return fields
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch (cause) {
    throw new SpanlakeError('invalid', 'request body must be JSON, or text/plain', { cause })
  }
}

function rangeOf(field: Parameter, nowNs: bigint): TimeRange {
  const [start, end] = [timeOf('start', field('start')), timeOf('end', field('end'))]
  const toNs = end ?? nowNs
  const fromNs = start ?? (toNs > sqlLookbackNs ? toNs - sqlLookbackNs : 0n)
  if (toNs > fromNs) return { fromNs, toNs }
  throw new SpanlakeError('invalid', `end must be after start, got ${toNs} ns`)
}

function timeOf(name: string, text: string | undefined): bigint | undefined {
  return text === undefined ? undefined : parseTimeParameter(name, text)
}

function formatOf(name: string | undefined, accept: string): SqlFormat {
  if (name === undefined) {
    return (
      sqlFormats.find((one) => one !== 'json' && accept.includes(sqlContentTypes[one])) ?? 'json'
    )
  }
  const format = sqlFormats.find((one) => one === name)
  if (format !== undefined) return format
  const known = sqlFormats.join(', ')
  throw new SpanlakeError('invalid', `format must be one of ${known}, got ${excerptOf(name)}`)
}
