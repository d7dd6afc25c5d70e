import { SpanlakeError } from '../../../src/errors.ts'
import { jaegerTracesDefault, jaegerTracesMax } from '../../../src/limits.ts'
import type { TimeRange } from '../../../src/prune/condition.ts'
import { checkDurations } from './parse-legacy-search.ts'
import {
  malformed,
  type Parameter,
  parseBool,
  parseCount,
  parseGoDuration,
  parseRfc3339,
} from './parse-parameters.ts'
import { parseTagsObject } from './parse-tags.ts'
import type { JaegerSearch } from './search.ts'

/** `query.*` of `/api/v3/traces` and `/api/v3/trace-summaries`, in both spellings. Throws kind `invalid`. */
export function parseV3Search(one: Parameter): JaegerSearch {
  if (one('query.filter') !== undefined) {
    throw new SpanlakeError('invalid', 'query.filter is not supported: use query.attributes')
  }
  const [minName, minText] = spelled(one, 'query.durationMin')
  const [maxName, maxText] = spelled(one, 'query.durationMax')
  const durationMinNs = parseGoDuration(minName, minText)
  const durationMaxNs = parseGoDuration(maxName, maxText)
  checkDurations(maxName, durationMinNs, durationMaxNs)
  return {
    service: spelled(one, 'query.serviceName')[1],
    operation: spelled(one, 'query.operationName')[1],
    tags: parseTagsObject('query.attributes', one('query.attributes') ?? ''),
    durationMinNs,
    durationMaxNs,
    range: parseV3Range(one, 'query.startTimeMin', 'query.startTimeMax'),
    limit: parseDepth(one),
    isRaw: parseBool(...spelled(one, 'query.rawTraces')),
  }
}

/** Two times that have to be there, the first one included and before the second, which is not. */
export function parseV3Range(one: Parameter, fromName: string, toName: string): TimeRange {
  const [from, to] = [spelled(one, fromName), spelled(one, toName)]
  const [fromNs, toNs] = [parseRfc3339(...from), parseRfc3339(...to)]
  if (fromNs === undefined || toNs === undefined) {
    throw new SpanlakeError('invalid', `${fromName} and ${toName} are required`)
  }
  if (fromNs < toNs) return { fromNs, toNs }
  throw malformed(to[0], `after ${from[0]}`, to[1] ?? '')
}

/** The parameter under its name, or under the older one with underscores; and the name that it came under. */
export function spelled(one: Parameter, name: string): [name: string, text: string | undefined] {
  const text = one(name)
  if (text !== undefined) return [name, text]
  const older = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  const olderText = one(older)
  return [olderText === undefined ? name : older, olderText]
}

/** No depth, or one of zero, is the usual one. */
function parseDepth(one: Parameter): number {
  const [name, text] = spelled(one, 'query.searchDepth')
  const alias = one('query.num_traces')
  const [usedName, used] = text === undefined ? ['query.num_traces', alias] : [name, text]
  const bounds = { least: 0, most: jaegerTracesMax, otherwise: jaegerTracesDefault }
  return parseCount(usedName, used, bounds) || jaegerTracesDefault
}
