import { SpanlakeError } from '../../../src/errors.ts'
import { traceListMax } from '../../../src/limits.ts'
import type { ListTracesOptions } from '../../../src/lookup/list-traces.ts'
import type { SummaryFilter } from '../../../src/lookup/summary-test.ts'
import type { TimeRange } from '../../../src/prune/condition.ts'
import { parseDurationParameter } from '../../duration-parameter.ts'
import { parseTimeParameter } from '../../time-parameter.ts'
import { excerptOf } from '../../traceql/syntax-error.ts'

const limitDefault = 20

/** A parameter of a request by its name; undefined where it is not given. */
export type Parameter = (name: string) => string | undefined

/**
 * `limit`, `after`, `start`, `end` of a trace list, and its filters: `service`, `rootName`, `minDuration`, `maxDuration`
 * (both inclusive), `error`. Throws kind `invalid`.
 */
export function parseListRequest(query: Parameter): ListTracesOptions {
  const after = query('after')
  return {
    limit: parseCount('limit', query, { least: 1, most: traceListMax }) ?? limitDefault,
    ...parseRange(query),
    ...parseFilter(query),
    ...(after === undefined ? {} : { after }),
  }
}

function parseFilter(query: Parameter): { readonly filter?: SummaryFilter } {
  const [service, rootName, error] = [query('service'), query('rootName'), query('error')]
  const [durationMinNs, durationMaxNs] = ['minDuration', 'maxDuration'].map((name) => {
    const text = query(name)
    return text === undefined ? undefined : parseDurationParameter(name, text)
  })
  if (durationMinNs !== undefined && durationMaxNs !== undefined && durationMaxNs < durationMinNs) {
    throw new SpanlakeError('invalid', 'maxDuration must not be less than minDuration')
  }
  if (error !== undefined && error !== 'true' && error !== 'false') {
    throw new SpanlakeError('invalid', `error must be true or false, got ${excerptOf(error)}`)
  }
  const filter = {
    ...(service === undefined ? {} : { service }),
    ...(rootName === undefined ? {} : { rootName }),
    ...(durationMinNs === undefined ? {} : { durationMinNs }),
    ...(durationMaxNs === undefined ? {} : { durationMaxNs }),
    ...(error === undefined ? {} : { hasError: error === 'true' }),
  }
  return Object.keys(filter).length === 0 ? {} : { filter }
}

/** `start` and `end`: [fromNs, toNs), each undefined where it is not given. Throws kind `invalid`. */
export function parseRange(query: Parameter): Partial<TimeRange> {
  const [fromNs, toNs] = ['start', 'end'].map((name) => {
    const text = query(name)
    return text === undefined ? undefined : parseTimeParameter(name, text)
  })
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
