import type { TraceSummary } from '../../../src/index/summaries.ts'
import type { TraceList } from '../../../src/lookup/list-traces.ts'
import type { TraceAnswer } from '../../../src/lookup/lookup-trace.ts'
import { otlpJson } from '../../../src/otlp/encode-json.ts'
import { hexOf } from '../../../src/span/trace-id.ts'

/** One trace as OTLP/JSON, which readers of OTLP/JSON take as it is, with one key more: how it came about. */
export function traceResponse(answer: TraceAnswer, region: string) {
  const { spans, complete, reasons, readFrom, cost } = answer
  const spanlake = { complete, reasons, region, spans: spans.length, readFrom, cost }
  return { ...otlpJson(spans), spanlake }
}

/** 64-bit numbers are decimal strings, as in OTLP/JSON. */
export function traceListResponse({ traces, next, complete, reasons, cost }: TraceList) {
  return { traces: traces.map(summaryJson), next, spanlake: { complete, reasons, cost } }
}

/** A name that is empty is none, as in a search. */
function summaryJson(summary: TraceSummary) {
  const { traceId, startNs, endNs, rootService, rootName, spans, errors, services } = summary
  return {
    traceId: hexOf(traceId),
    startTimeUnixNano: unsigned(startNs),
    endTimeUnixNano: unsigned(endNs),
    durationNs: String(endNs > startNs ? endNs - startNs : 0n),
    rootService: rootService || undefined,
    rootName,
    spans,
    errors,
    services: services.filter((name) => name !== ''),
  }
}

/** OTLP's times are unsigned, those at rest signed. */
function unsigned(ns: bigint): string {
  return BigInt.asUintN(64, ns).toString()
}
