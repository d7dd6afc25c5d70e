import type { FoundSet, FoundSpan, FoundTrace } from '../../search/search-answer.ts'
import type { SearchPage } from '../../search/search-page.ts'
import type { SpansetAttribute } from '../../traceql/evaluate-search.ts'
import { type AnyValueJson, anyValueJson } from '../tempo/any-value-json.ts'

/** A page of found traces. 64-bit numbers are decimal strings, as in OTLP/JSON. */
export interface SearchResponse {
  /** Most recent start first, then by trace id. */
  readonly traces: readonly FoundTraceJson[]
  /** The `after` of the next page; not there on the last. */
  readonly next?: string | undefined
  readonly spanlake: Pick<SearchPage, 'complete' | 'reasons' | 'cost'>
}

/** What a trace list says of each trace, too, and what was found in it. */
export interface FoundTraceJson {
  readonly traceId: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly durationNs: string
  /** Not there while no span without a parent has arrived. */
  readonly rootService?: string | undefined
  readonly rootName?: string | undefined
  readonly spans: number
  readonly errors: number
  readonly services: readonly string[]
  /** Spans that were found, in all sets together. */
  readonly matched: number
  readonly sets: readonly FoundSetJson[]
}

interface FoundSetJson {
  readonly matched: number
  readonly attributes: readonly AttributeJson[]
  readonly spans: readonly {
    readonly spanId: string
    readonly name: string
    readonly startTimeUnixNano: string
    readonly durationNs: string
    readonly attributes: readonly AttributeJson[]
  }[]
}

interface AttributeJson {
  /** As TraceQL writes it: `span.http.route`, `duration`, `count()`. */
  readonly key: string
  readonly value: AnyValueJson
}

export function searchResponse({ traces, next, ...told }: SearchPage): SearchResponse {
  const { complete, reasons, cost } = told
  return { traces: traces.map(traceJson), next, spanlake: { complete, reasons, cost } }
}

function traceJson({ traceId, root, startNs, durationNs, services, sets }: FoundTrace) {
  const counts = [...services.values()]
  return {
    traceId,
    startTimeUnixNano: String(startNs),
    endTimeUnixNano: String(BigInt.asUintN(64, startNs + durationNs)),
    durationNs: String(durationNs),
    rootService: root?.service || undefined,
    rootName: root?.name,
    spans: counts.reduce((sum, { spans }) => sum + spans, 0),
    errors: counts.reduce((sum, { errors }) => sum + errors, 0),
    services: [...services.keys()].filter((name) => name !== '').sort(),
    matched: sets.reduce((sum, { matched }) => sum + matched, 0),
    sets: sets.map(setJson),
  }
}

function setJson({ matched, attributes, spans }: FoundSet): FoundSetJson {
  return { matched, attributes: attributes.map(attributeJson), spans: spans.map(spanJson) }
}

function spanJson({ spanId, name, startNs, durationNs, fields }: FoundSpan) {
  return {
    spanId,
    name,
    startTimeUnixNano: String(startNs),
    durationNs: String(durationNs),
    attributes: fields.map(attributeJson),
  }
}

function attributeJson({ name, type, value }: SpansetAttribute): AttributeJson {
  return { key: name, value: anyValueJson(type, value) }
}
