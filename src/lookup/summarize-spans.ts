import type { TraceSummary } from '../index/summaries.ts'
import type { Span } from '../span/span.ts'
import { hexOf } from '../span/trace-id.ts'

const statusError = 2

/** The summary of each trace among the spans: what `press/summarize.ts` makes of a batch, made of objects. */
export function summarizeSpans(spans: readonly Span[]): TraceSummary[] {
  const traces = Map.groupBy(spans, (span) => hexOf(span.traceId))
  return [...traces.values()].map((ofTrace) => {
    const starts = ofTrace.map(({ startNs }) => BigInt.asIntN(64, startNs))
    const ends = ofTrace.map(({ endNs }) => BigInt.asIntN(64, endNs))
    const root = ofTrace.find(({ parentSpanId }) => parentSpanId === undefined)
    const services = ofTrace.flatMap((span) => serviceOf(span) ?? [])
    return {
      traceId: ofTrace[0]!.traceId,
      startNs: least(starts),
      endNs: ends.reduce((a, b) => (a > b ? a : b)),
      rootService: root && serviceOf(root),
      rootName: root?.name,
      spans: ofTrace.length,
      errors: ofTrace.filter(({ statusCode }) => statusCode === statusError).length,
      services: [...new Set(services)].sort(),
    }
  })
}

function serviceOf({ resource }: Span): string | undefined {
  const service = resource.attributes.find(({ key }) => key === 'service.name')?.value
  return service?.kind === 'string' ? service.value : undefined
}

function least(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (a < b ? a : b))
}
