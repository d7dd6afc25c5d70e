import { SpanlakeError } from '../../../src/errors.ts'
import {
  exemplarsMax,
  metricsAnswerSeriesDefault,
  metricsAnswerSeriesMax,
} from '../../../src/limits.ts'
import type { MetricsOptions } from '../../metrics/query-metrics.ts'
import type { Hint, MetricsQuery } from '../../traceql/ast.ts'
import { checkTraceql } from '../../traceql/check.ts'
import { durationPattern, parseDuration } from '../../traceql/duration-literal.ts'
import { parseTraceql } from '../../traceql/parse.ts'
import { patternFault } from '../../traceql/pattern.ts'
import { alignedRange, defaultStepNs } from '../../traceql/step-intervals.ts'
import { excerptOf } from '../../traceql/syntax-error.ts'
import { parseTime } from './parse-time.ts'

type MetricsRequest = Omit<MetricsOptions, 'signal'>

/** Tempo's parameters of a query over a range: a point a step, the first at the start. Throws kind `invalid`. */
export function parseQueryRange(parameters: URLSearchParams, nowMs: number): MetricsRequest {
  const { startNs, endNs } = parseBounds(parameters, nowMs)
  const step = parameters.get('step') ?? ''
  const stepNs = step === '' ? defaultStepNs(startNs, endNs) : parseSpan('step', step)
  if (stepNs <= 0n)
    throw new SpanlakeError('invalid', `step must be positive, got ${excerptOf(step)}`)
  const query = parseQuery(parameters)
  // A step of the whole range asks for one number, as Tempo has it; any other range is cut where everybody's is.
  const isInstant = stepNs === endNs - startNs
  const range = alignedRange({ startNs, endNs, stepNs, isInstant })
  return {
    query,
    range,
    ...parseLimits(query, parameters),
    exemplars: exemplarsOf(query, parameters),
  }
}

/** The same for one value over the whole range: a step and exemplars are ignored. */
export function parseQueryInstant(parameters: URLSearchParams, nowMs: number): MetricsRequest {
  const range = { ...parseBounds(parameters, nowMs), stepNs: 0n, isInstant: true }
  const query = parseQuery(parameters)
  return { query, range, ...parseLimits(query, parameters), exemplars: 0 }
}

function parseQuery(parameters: URLSearchParams): MetricsQuery {
  const query = parseTraceql(parameters.get('q') || (parameters.get('query') ?? ''))
  checkTraceql(query, patternFault)
  if (query.kind === 'metrics') return query
  throw new SpanlakeError('invalid', 'q must be a metrics query, got a search')
}

const sinceDefaultNs = 3_600_000_000_000n

/** `since` counts from the end, or from now where the end lies in the future. */
function parseBounds(
  parameters: URLSearchParams,
  nowMs: number,
): { readonly startNs: bigint; readonly endNs: bigint } {
  const nowNs = BigInt(Math.trunc(nowMs)) * 1_000_000n
  const [start, end] = [parameters.get('start') ?? '', parameters.get('end') ?? '']
  const endNs = end === '' ? nowNs : parseTime('end', end)
  const since = parameters.get('since') ?? ''
  const sinceNs = since === '' ? sinceDefaultNs : parseSpan('since', since)
  const startNs =
    start === '' ? (endNs > nowNs ? nowNs : endNs) - sinceNs : parseTime('start', start)
  if (startNs < 0n) throw new SpanlakeError('invalid', `start must be after 1970, got ${startNs}`)
  if (endNs > startNs) return { startNs, endNs }
  throw new SpanlakeError('invalid', `end must be after start, got ${excerptOf(end)}`)
}

/** Go's and Prometheus' durations, `1m30s`, or seconds. */
function parseSpan(name: string, text: string): bigint {
  if (/^\d{1,12}(\.\d{1,9})?$/.test(text)) return parseDuration(`${text}s`) ?? 0n
  const isDuration = new RegExp(`^${durationPattern.source}$`).test(text)
  const ns = isDuration ? parseDuration(text) : undefined
  if (ns !== undefined) return ns
  const rule = `${name} must be a duration such as 15s`
  throw new SpanlakeError('invalid', `${rule}, got ${excerptOf(text)}`)
}

function parseLimits(
  { expression }: MetricsQuery,
  parameters: URLSearchParams,
): Pick<MetricsOptions, 'seriesMax'> {
  // A comparison has series for each attribute, and bounds them itself.
  const isCompare = expression.kind === 'series' && expression.function.kind === 'compare'
  const unasked = isCompare ? metricsAnswerSeriesMax : metricsAnswerSeriesDefault
  const asked = countOf(parameters, 'maxSeries') || unasked
  return { seriesMax: Math.min(asked, metricsAnswerSeriesMax) }
}

/** What the query itself says comes before the parameter. */
function exemplarsOf({ hints }: MetricsQuery, parameters: URLSearchParams): number {
  const asked = Math.min(countOf(parameters, 'exemplars') ?? 0, exemplarsMax)
  return hints.reduce((count, hint) => hinted(hint) ?? count, asked)
}

function hinted({ name, value }: Hint): number | undefined {
  if (name !== 'exemplars') return undefined
  if (value.kind === 'bool') return value.value ? exemplarsMax : 0
  if (value.kind !== 'int') return undefined
  return Math.max(0, Math.min(Number(value.value), exemplarsMax))
}

function countOf(parameters: URLSearchParams, name: string): number | undefined {
  const text = parameters.get(name) ?? ''
  if (text === '') return undefined
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new SpanlakeError('invalid', `${name} must be a count, got ${excerptOf(text)}`)
}
