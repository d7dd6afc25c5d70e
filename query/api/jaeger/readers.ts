import type { TimeRange } from '../../../src/prune/condition.ts'
import type { Span } from '../../../src/span/span.ts'
import type { Dependency } from '../../dependencies/call-sums.ts'
import type { Operation } from '../../tags/list-operations.ts'
import type { SearchQuery } from '../../traceql/ast.ts'

/** What Jaeger's routes ask beyond traces by id. A route is there when its reader is. */
export interface JaegerReaders {
  readonly searchTraces?: SearchTraces
  /** The same search, for those who do not need the spans; without it they are read and counted. */
  readonly summarizeTraces?: SummarizeTraces
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
  /** Calls between services by spans that start in the range, each pair once. */
  readonly readDependencies?: (
    tenant: string,
    range: TimeRange,
    signal: AbortSignal,
  ) => Promise<Answered<readonly Dependency[]>>
}

/** The newest traces that the query finds, at most `limit`, whole. The spans that are found start in the range. */
export type SearchTraces = (...search: SearchArguments) => Promise<Answered<readonly TraceSpans[]>>
export type SummarizeTraces = (
  ...search: SearchArguments
) => Promise<Answered<readonly TraceFacts[]>>

export type SearchArguments = readonly [
  tenant: string,
  query: SearchQuery,
  range: TimeRange,
  limit: number,
  signal: AbortSignal,
]

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

/** What a summary says of a whole trace. */
export interface TraceFacts {
  readonly traceId: Uint8Array
  /** The earliest span without a parent; undefined when there is none. */
  readonly root: { readonly service: string; readonly name: string } | undefined
  readonly startNs: bigint
  readonly endNs: bigint
  /** Spans whose parent is not among them. */
  readonly orphans: number
  /** Spans by their own service's name; empty where there is none. */
  readonly services: ReadonlyMap<string, { readonly spans: number; readonly errors: number }>
}
