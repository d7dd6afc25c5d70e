import { SpanlakeError } from '../../../src/errors.ts'
import { traceListMax } from '../../../src/limits.ts'
import type { ListTracesOptions } from '../../../src/lookup/list-traces.ts'
import type { TimeRange } from '../../../src/prune/condition.ts'
import { excerptOf } from '../../traceql/syntax-error.ts'

const limitDefault = 20

/** A parameter of a request by its name; undefined where it is not given. */
export type Parameter = (name: string) => string | undefined

/** `limit`, `after`, `start`, `end` of a trace list. Throws kind `invalid`. */
export function parseListRequest(query: Parameter): ListTracesOptions {
  const after = query('after')
  return {
    limit: parseCount('limit', query, { least: 1, most: traceListMax }) ?? limitDefault,
    ...parseRange(query),
    ...(after === undefined ? {} : { after }),
  }
}

/** `start` and `end`: [fromNs, toNs), each undefined where it is not given. Throws kind `invalid`. */
export function parseRange(query: Parameter): Partial<TimeRange> {
  const fromNs = parseTime('start', query('start'))
  const toNs = parseTime('end', query('end'))
  if (fromNs !== undefined && toNs !== undefined && toNs <= fromNs) {
    throw new SpanlakeError('invalid', `end must be after start, got ${toNs} ns`)
  }
  return { ...(fromNs === undefined ? {} : { fromNs }), ...(toNs === undefined ? {} : { toNs }) }
}

/** The same with both its ends, all time where one is not given; nothing where neither is. */
export function parseWholeRange(query: Parameter): { readonly range?: TimeRange } {
  const { fromNs, toNs } = parseRange(query)
  if (fromNs === undefined && toNs === undefined) return {}
  return { range: { fromNs: fromNs ?? -(2n ** 63n), toNs: toNs ?? 2n ** 63n } }
}

export function parseCount(
  name: string,
  query: Parameter,
  { least, most }: { readonly least: number; readonly most: number },
): number | undefined {
  const text = query(name)
  if (text === undefined) return undefined
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= least && count <= most) return count
  const got = excerptOf(text)
  throw new SpanlakeError('invalid', `${name} must be from ${least} to ${most}, got ${got}`)
}

/** Nanoseconds since 1970, from unix seconds (up to 10 digits) or nanoseconds (more). */
function parseTime(name: string, text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,10}$/.test(text)) return BigInt(text) * 1_000_000_000n
  if (/^\d{11,19}$/.test(text)) return BigInt(text)
  const got = excerptOf(text)
  throw new SpanlakeError('invalid', `${name} must be unix seconds or nanoseconds, got ${got}`)
}
