import { SpanlakeError } from '../../../src/errors.ts'
import { tagValuesMax } from '../../../src/limits.ts'
import type { TimeRange } from '../../../src/prune/condition.ts'
import { type ListTagsOptions, type TagScope, tagScopes } from '../../tags/list-tags.ts'
import type { TagValuesOptions } from '../../tags/tag-values.ts'
import type { Field } from '../../traceql/ast.ts'
import { type Intrinsic, intrinsicOf } from '../../traceql/intrinsics.ts'
import { parseFieldText } from '../../traceql/parse-field-text.ts'
import { excerptOf } from '../../traceql/syntax-error.ts'

/** Tempo's parameters of both versions of its tag lists. Throws kind `invalid`. */
export function parseTagsRequest(parameters: URLSearchParams): TagsRequest {
  const scope = parameters.get('scope') ?? ''
  const scopes = scopesOf(scope)
  if (scopes === undefined) {
    const known = [...tagScopes, 'intrinsic', 'none'].join(', ')
    throw new SpanlakeError('invalid', `scope must be one of ${known}, got ${excerptOf(scope)}`)
  }
  return { scopes, isOfIntrinsics: isAll(scope) || scope === 'intrinsic', ...common(parameters) }
}

export interface TagsRequest extends Omit<ListTagsOptions, 'signal'> {
  readonly scopes: readonly TagScope[]
  readonly isOfIntrinsics: boolean
}

function scopesOf(scope: string): readonly TagScope[] | undefined {
  if (isAll(scope)) return tagScopes
  if (scope === 'intrinsic') return []
  const known = tagScopes.find((one) => one === scope)
  return known && [known]
}

function isAll(scope: string): boolean {
  return scope === '' || scope === 'none'
}

/** Tempo's parameters of tag values. Throws kind `invalid`. */
export function parseTagValuesRequest(
  parameters: URLSearchParams,
): Omit<TagValuesOptions, 'signal'> {
  return common(parameters)
}

/** Version 2 names a field as TraceQL does. Throws kind `invalid`. */
export function parseTagField(tag: string): Field {
  const field = parseFieldText(tag)
  if (field !== undefined) return field
  const rule = 'tag must be a field of TraceQL such as span.http.route'
  throw new SpanlakeError('invalid', `${rule}, got ${excerptOf(tag)}`)
}

/** Version 1 names an attribute, or what Tempo's older search takes for more than one. */
export function parsePlainTag(tag: string): Field {
  const name = older.get(tag) ?? intrinsicOf(tag)
  return name === undefined
    ? { kind: 'attribute', scope: 'any', key: tag }
    : { kind: 'intrinsic', name }
}

const older: ReadonlyMap<string, Intrinsic> = new Map<string, Intrinsic>([
  ['status.code', 'status'],
  ['root.name', 'rootName'],
  ['root.service.name', 'rootServiceName'],
])

function common(parameters: URLSearchParams) {
  const limit = parseLimit(parameters)
  const range = parseRange(parameters)
  const q = parameters.get('q') ?? ''
  return { q, ...(limit !== undefined && { limit }), ...(range && { range }) }
}

/** None, and zero, is as many as there may be. */
function parseLimit(parameters: URLSearchParams): number | undefined {
  const text = parameters.get('limit') ?? ''
  if (text === '') return undefined
  if (!/^\d{1,15}$/.test(text)) {
    throw new SpanlakeError('invalid', `limit must be a whole number, got ${excerptOf(text)}`)
  }
  return Number(text) === 0 ? undefined : Math.min(Number(text), tagValuesMax)
}

/** Unix seconds: [start, end). */
function parseRange(parameters: URLSearchParams): TimeRange | undefined {
  const [start, end] = [secondsOf(parameters, 'start'), secondsOf(parameters, 'end')]
  if (start === undefined && end === undefined) return undefined
  const [from, to] = [start ?? 0n, end ?? secondsMax]
  if (to <= from) throw new SpanlakeError('invalid', `end must be after start, got ${to}`)
  return { fromNs: from * 1_000_000_000n, toNs: to * 1_000_000_000n }
}

/** What 64 bits hold as nanoseconds. */
const secondsMax = 9_223_372_036n

function secondsOf(parameters: URLSearchParams, name: string): bigint | undefined {
  const text = parameters.get(name) ?? ''
  if (text === '' || text === '0') return undefined
  if (/^\d{1,10}$/.test(text)) return BigInt(text)
  throw new SpanlakeError('invalid', `${name} must be unix seconds, got ${excerptOf(text)}`)
}
