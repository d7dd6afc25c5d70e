import {
  jaegerDependenciesLookbackNs,
  jaegerLookbackNs,
  jaegerTracesDefault,
  jaegerTracesMax,
} from '../../../src/limits.ts'
import type { TimeRange } from '../../../src/prune/condition.ts'
import { durationPattern, parseDuration } from '../../traceql/duration-literal.ts'
import {
  malformed,
  type Parameter,
  parseBool,
  parseCount,
  parseGoDuration,
  parseUnits,
} from './parse-parameters.ts'
import { parseLegacyTags } from './parse-tags.ts'
import type { JaegerSearch } from './search.ts'

/** Every parameter of a query string, in order. */
export type Parameters = (name: string) => readonly string[]

/** `GET /api/traces` without ids. Times are microseconds, the end included. Throws kind `invalid`. */
export function parseLegacySearch(all: Parameters, nowMs: number): JaegerSearch {
  const one: Parameter = (name) => all(name)[0] || undefined
  const durationMinNs = parseGoDuration('minDuration', one('minDuration'))
  const durationMaxNs = parseGoDuration('maxDuration', one('maxDuration'))
  checkDurations('maxDuration', durationMinNs, durationMaxNs)
  return {
    service: one('service'),
    operation: one('operation'),
    tags: parseLegacyTags(all('tag'), all('tags')),
    durationMinNs,
    durationMaxNs,
    range: parseRange(one, nowMs),
    limit: parseCount('limit', one('limit'), {
      least: 1,
      most: jaegerTracesMax,
      otherwise: jaegerTracesDefault,
    }),
    isRaw: parseBool('raw', one('raw')),
  }
}

/** Throws kind `invalid` when no duration lies between the two. */
export function checkDurations(
  name: string,
  minNs: bigint | undefined,
  maxNs: bigint | undefined,
): void {
  if (minNs === undefined || maxNs === undefined || minNs <= maxNs) return
  throw malformed(name, `at least the least duration, ${minNs} ns`, `${maxNs} ns`)
}

function parseRange(one: Parameter, nowMs: number): TimeRange {
  const lastNs = parseUnits('end', one('end'), 1_000n, 'microseconds')
  const toNs = lastNs === undefined ? afterMs(nowMs) : lastNs + 1n
  const startNs = parseUnits('start', one('start'), 1_000n, 'microseconds')
  const fromNs = startNs ?? toNs - lookbackNs(one('lookback'))
  if (fromNs < toNs) return { fromNs, toNs }
  throw malformed('start', 'before the end', `${fromNs} ns`)
}

/** The UI says beside `start` and `end` how it came to them: `2d`, `custom`. Alone it is the only thing that tells. */
function lookbackNs(text: string | undefined): bigint {
  const isDuration = text?.match(new RegExp(`^(?:${durationPattern.source})$`)) ?? null
  return (isDuration && parseDuration(text ?? '')) || jaegerLookbackNs
}

/** Spans of the millisecond that is now belong to it. */
function afterMs(nowMs: number): bigint {
  return (BigInt(nowMs) + 1n) * 1_000_000n
}

/** `GET /api/dependencies`: milliseconds, both. Throws kind `invalid`. */
export function parseLegacyDependencies(one: Parameter, nowMs: number): TimeRange {
  const lastNs = parseUnits('endTs', one('endTs'), 1_000_000n, 'milliseconds')
  const toNs = lastNs === undefined ? afterMs(nowMs) : lastNs + 1n
  const backNs = parseUnits('lookback', one('lookback'), 1_000_000n, 'milliseconds')
  return { fromNs: toNs - (backNs ?? jaegerDependenciesLookbackNs), toNs }
}
