import type { MetricsAnswer } from '../../metrics/metrics-answer.ts'
import type { FinalSeries } from '../../traceql/final-series.ts'
import type { Exemplar, SeriesLabel } from '../../traceql/series-parts.ts'
import { anyValueJson } from './any-value-json.ts'
import { costJson } from './search-response.ts'

/** tempo.proto QueryRangeResponse; points that are not there, and series without any, are left out. */
export function queryRangeJson(answer: MetricsAnswer) {
  const timestamps = Array.from({ length: answer.intervals.count }, (_, index) =>
    milliseconds(answer.intervals.timestampNs(index)),
  )
  return { series: answer.series.map((one) => seriesJson(one, timestamps)), ...aboutJson(answer) }
}

/** tempo.proto QueryInstantResponse. Strict clients decode it: no keys but those. */
export function queryInstantJson(answer: MetricsAnswer) {
  const series = answer.series.map(({ labels, values }) => {
    return { labels: labels.map(labelJson), value: doubleJson(values[0] ?? Number.NaN) }
  })
  return { series, ...aboutJson(answer) }
}

function aboutJson({ cost, complete, reasons }: MetricsAnswer) {
  const partial = { status: 'PARTIAL', message: reasons.join('; ') }
  return { metrics: costJson(cost, complete), ...(!complete && partial) }
}

function seriesJson({ labels, values, exemplars }: FinalSeries, timestamps: readonly string[]) {
  const samples: { timestampMs: string | undefined; value: number | string }[] = []
  for (const [index, value] of values.entries()) {
    if (Number.isNaN(value)) continue
    samples.push({ timestampMs: timestamps[index], value: doubleJson(value) })
  }
  return {
    labels: labels.map(labelJson),
    samples,
    ...(exemplars.length > 0 && { exemplars: exemplars.map(exemplarJson) }),
  }
}

function labelJson({ name, type, value }: SeriesLabel) {
  return { key: name, value: anyValueJson(type, value) }
}

/** Grafana finds the trace by this label. */
function exemplarJson({ traceId, startNs, value }: Exemplar) {
  return {
    labels: [{ key: 'trace:id', value: { stringValue: traceId } }],
    value: doubleJson(value),
    timestampMs: milliseconds(startNs),
  }
}

/** proto3 JSON: what is no finite number is text. */
function doubleJson(value: number): number | string {
  return Number.isFinite(value) ? value : String(value)
}

function milliseconds(ns: bigint): string {
  return String(BigInt.asUintN(64, ns) / 1_000_000n)
}
