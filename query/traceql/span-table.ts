import type { AttributeScope, SpanKindName, StatusName } from './ast.ts'

/**
 * Spans as the evaluator asks for them: columns over rows. The rows of one trace stand together, by start and then span id.
 * Columns are functions, so that a source decodes what a query names and nothing else.
 */
export interface SpanTable {
  readonly rows: number
  /** Lower-case hex, 32 digits. */
  readonly traceId: Column<string>
  /** Lower-case hex, 16 digits. */
  readonly spanId: Column<string>
  /** Undefined for a root. */
  readonly parentId: Column<string | undefined>
  /** Whether it is undefined; a source may know without making the id. */
  readonly isRoot?: Column<boolean>
  readonly startNs: Column<bigint>
  readonly durationNs: Column<bigint>
  readonly name: Column<string>
  readonly kind: Column<SpanKindName>
  readonly status: Column<StatusName>
  /** Empty when there is none; so with the scope. */
  readonly statusMessage: Column<string>
  readonly scopeName: Column<string>
  readonly scopeVersion: Column<string>
  /** One value per event, and per link, of the span. */
  readonly eventNames: Column<readonly string[]>
  readonly eventNsSinceStart: Column<readonly bigint[]>
  readonly linkTraceIds: Column<readonly string[]>
  readonly linkSpanIds: Column<readonly string[]>
  /**
   * The attribute's values; undefined when no row has it. Of events and links: the values of those that have it, as one
   * list, and undefined for a span where none has.
   */
  attribute(scope: Exclude<AttributeScope, 'any'>, key: string): Column<FieldValue> | undefined
  /** The keys that `attribute` knows, at least those that any row has: for queries that ask for all. */
  attributeKeys(scope: 'span' | 'resource' | 'instrumentation'): readonly string[]
}

/** A value by row; and, where the source knows them, shorter ways to the same. */
export interface Column<Value> {
  (row: number): Value
  /** Rows of one entry have one value. */
  readonly entries?: ColumnEntries | undefined
  /** The value as a float; NaN where it is no number, or none that a float holds exactly. */
  readonly float?: ((row: number) => number) | undefined
}

export interface ColumnEntries {
  /** Entries are from -1, which is absent, to before `count`. */
  readonly count: number
  readonly byRow: Int32Array | Uint32Array
}

/** Integers and durations are bigints, floats are numbers. Undefined is absent. */
export type FieldValue = ScalarValue | readonly ScalarValue[] | undefined

/** Null is there, and nothing that TraceQL can compare: a map, bytes, a list of several types. */
export type ScalarValue = string | bigint | number | boolean | null

/** The rows of one trace: at least one, `to` exclusive. */
export interface TraceRows {
  readonly from: number
  readonly to: number
}
