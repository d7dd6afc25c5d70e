import type { Span } from '../../../src/span/span.ts'
import type { SearchQuery } from '../../traceql/ast.ts'
import type { Dependency } from './count-dependencies.ts'
import type { TimeRange } from './search.ts'

/** What Jaeger's routes ask beyond traces by id. A route is there when its reader is. */
export interface JaegerReaders {
  readonly searchTraces?: SearchTraces
  /** All services of a tenant, sorted. Clients ask without a time. */
  readonly listServices?: (
    tenant: string,
    signal: AbortSignal,
  ) => Promise<Answered<readonly string[]>>
  /** The names of a service's spans with their kinds, sorted, each pair once; none for an unknown service. */
  readonly listOperations?: (
    tenant: string,
    service: string,
    signal: AbortSignal,
  ) => Promise<Answered<readonly Operation[]>>
  /** Calls between services by spans that start in the range (`countDependencies`), each pair once. */
  readonly readDependencies?: (
    tenant: string,
    range: TimeRange,
    signal: AbortSignal,
  ) => Promise<Answered<readonly Dependency[]>>
}

/** The newest traces that the query finds, at most `limit`, whole. The spans that are found start in the range. */
export type SearchTraces = (
  tenant: string,
  query: SearchQuery,
  range: TimeRange,
  limit: number,
  signal: AbortSignal,
) => Promise<Answered<readonly TraceSpans[]>>

export interface Answered<Value> {
  readonly value: Value
  /** Why something may be missing; empty when nothing is. */
  readonly reasons: readonly string[]
}

export interface TraceSpans {
  readonly traceId: Uint8Array
  /** All of them, each once. */
  readonly spans: readonly Span[]
}

export interface Operation {
  readonly name: string
  /** OTLP's number. */
  readonly kind: number
}
