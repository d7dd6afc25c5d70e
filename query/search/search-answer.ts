import type { ReadCost } from '../../src/lookup/read-cost.ts'
import type { Field } from '../traceql/ast.ts'
import type { SpansetAttribute } from '../traceql/evaluate-search.ts'
import type { SearchRest } from './search-rest.ts'

export interface SearchAnswer {
  /** Most recent start first, then by trace id. */
  readonly traces: readonly FoundTrace[]
  readonly complete: boolean
  /** Why traces may be missing; empty when the answer is complete. */
  readonly reasons: readonly string[]
  readonly cost: SearchCost
  /** What is left for later; undefined when there is nothing. */
  readonly rest: SearchRest | undefined
}

export interface SearchCost extends ReadCost {
  filesConsidered: number
  filesRead: number
  groupsConsidered: number
  groupsRead: number
  /** Rows of the row groups that were read. */
  spansScanned: number
  /** Traces that were looked at whole. */
  tracesRead: number
}

export interface FoundTrace {
  /** Lower-case hex, 32 digits. */
  readonly traceId: string
  /** Of the first span without a parent; undefined when there is none. */
  readonly root: { readonly service: string; readonly name: string } | undefined
  /** Of all its spans, whatever the range. */
  readonly startNs: bigint
  readonly durationNs: bigint
  readonly services: ReadonlyMap<string, { readonly spans: number; readonly errors: number }>
  readonly sets: readonly FoundSet[]
}

export interface FoundSet {
  /** All that were found; `spans` are the first of them. */
  readonly matched: number
  readonly spans: readonly FoundSpan[]
  readonly attributes: readonly SpansetAttribute[]
}

export interface FoundSpan {
  /** Lower-case hex, 16 digits. */
  readonly spanId: string
  readonly name: string
  readonly startNs: bigint
  readonly durationNs: bigint
  /** The fields that the query names, as far as the span has them. */
  readonly fields: readonly FoundField[]
}

export interface FoundField extends SpansetAttribute {
  readonly field: Field
}

/** What a scan that has not begun has cost, besides what it asked of the store. */
export const noScan = {
  filesConsidered: 0,
  filesRead: 0,
  groupsConsidered: 0,
  groupsRead: 0,
  spansScanned: 0,
  tracesRead: 0,
}
