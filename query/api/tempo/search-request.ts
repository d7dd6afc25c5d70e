import { SpanlakeError } from '../../../src/errors.ts'
import { searchLimitMax, searchSpansPerSetMax } from '../../../src/limits.ts'
import type { TimeRange } from '../../../src/prune/condition.ts'
import { parseDurationParameter } from '../../duration-parameter.ts'
import type { SearchOptions } from '../../search/search-traces.ts'
import type { Stage } from '../../traceql/ast.ts'
import { checkTraceql } from '../../traceql/check.ts'
import { parseTraceql } from '../../traceql/parse.ts'
import { patternFault } from '../../traceql/pattern.ts'
import { excerptOf } from '../../traceql/syntax-error.ts'
import { parseLogfmt } from './logfmt.ts'
import { tagSearchStages } from './tag-search.ts'

const limitDefault = 20
const spansPerSetDefault = 3

/** Tempo's search parameters. Throws kind `invalid`. */
export function parseSearchRequest(parameters: URLSearchParams): Omit<SearchOptions, 'signal'> {
  const range = parseRange(parameters)
  const limit = parseCount(parameters, 'limit', { least: 1, most: searchLimitMax })
  const spansPerSet = parseCount(parameters, 'spss', { least: 0, most: searchSpansPerSetMax })
  return {
    stages: parseStages(parameters),
    limit: limit ?? limitDefault,
    // Tempo's word for all there may be.
    spansPerSet: spansPerSet === 0 ? searchSpansPerSetMax : (spansPerSet ?? spansPerSetDefault),
    ...(range && { range }),
  }
}

function parseStages(parameters: URLSearchParams): readonly Stage[] {
  const q = parameters.get('q') ?? ''
  const tags = parameters.get('tags') ?? ''
  if (q !== '' && tags !== '')
    throw new SpanlakeError('invalid', 'q and tags must not both be given')
  if (q !== '') return traceqlStages(q)
  const [durationMinNs, durationMaxNs] = [
    durationOf(parameters, 'minDuration'),
    durationOf(parameters, 'maxDuration'),
  ]
  if (durationMinNs !== undefined && durationMaxNs !== undefined && durationMaxNs < durationMinNs) {
    throw new SpanlakeError('invalid', 'maxDuration must not be less than minDuration')
  }
  const pairs = tags === '' ? otherParameters(parameters) : parseLogfmt(tags)
  return tagSearchStages({ tags: pairs, durationMinNs, durationMaxNs })
}

function traceqlStages(text: string): readonly Stage[] {
  const query = parseTraceql(text)
  checkTraceql(query, patternFault)
  if (query.kind === 'search') return query.stages
  throw new SpanlakeError('invalid', 'q must be a search, got a metrics query')
}

const known = ['q', 'tags', 'minDuration', 'maxDuration', 'limit', 'spss', 'start', 'end']

/** The oldest form: a parameter is a tag, where no newer form is used. */
function otherParameters(parameters: URLSearchParams): ReadonlyMap<string, string> {
  if (['q', 'tags', 'start', 'end'].some((name) => parameters.has(name))) return new Map()
  return new Map([...parameters].filter(([name]) => !known.includes(name)))
}

function parseCount(
  parameters: URLSearchParams,
  name: string,
  { least, most }: { readonly least: number; readonly most: number },
): number | undefined {
  const text = parameters.get(name) ?? ''
  if (text === '') return undefined
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= least && count <= most) return count
  const got = excerptOf(text)
  throw new SpanlakeError('invalid', `${name} must be from ${least} to ${most}, got ${got}`)
}

/** Unix seconds: [start, end). */
function parseRange(parameters: URLSearchParams): TimeRange | undefined {
  const [start, end] = [secondsOf(parameters, 'start'), secondsOf(parameters, 'end')]
  if (start === undefined && end === undefined) return undefined
  const [from, to] = [start ?? 0n, end ?? 0n]
  if (to <= from) throw new SpanlakeError('invalid', `end must be after start, got ${to}`)
  return { fromNs: from * 1_000_000_000n, toNs: to * 1_000_000_000n }
}

function secondsOf(parameters: URLSearchParams, name: string): bigint | undefined {
  const text = parameters.get(name) ?? ''
  if (text === '' || text === '0') return undefined
  if (/^\d{1,10}$/.test(text)) return BigInt(text)
  throw new SpanlakeError('invalid', `${name} must be unix seconds, got ${excerptOf(text)}`)
}

function durationOf(parameters: URLSearchParams, name: string): bigint | undefined {
  const text = parameters.get(name) ?? ''
  return text === '' ? undefined : parseDurationParameter(name, text)
}
