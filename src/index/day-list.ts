import type { AttributeScope } from '../layout/columns.ts'
import type { AttributeType } from '../span/span-batch.ts'

/** The span files of one date, by the hour of their key. */
export interface DayList {
  readonly date: string
  /** Files by hour, then name. */
  readonly files: readonly SpanFile[]
}

/** What is known of a span file without reading it. */
export interface SpanFile {
  readonly date: string
  readonly hour: string
  readonly name: string
  readonly bytes: number
  readonly rows: number
  readonly traces: number
  /** True bounds in nanoseconds, signed as they are stored. */
  readonly startMinNs: bigint
  readonly startMaxNs: bigint
  readonly endMaxNs: bigint
  /** Of the envelopes whose spans it holds, in ms since 1970: retention counts from `receivedToMs`. */
  readonly receivedFromMs: number
  readonly receivedToMs: number
  /** Minutes of its hour, [from, to), in which its traces begin; 0 to 60 where nobody knows better. */
  readonly fromMinute: number
  readonly toMinute: number
  readonly groups: readonly SpanFileGroup[]
  readonly columns: FileColumns
  /** Of the summaries object of the same name. */
  readonly summaryBytes: number
}

/** One row group: one range of the file, its own footer included. */
export interface SpanFileGroup {
  readonly offset: number
  readonly bytes: number
  readonly rows: number
  /** 16 bytes each. */
  readonly minTraceId: Uint8Array
  readonly maxTraceId: Uint8Array
  readonly startMinNs: bigint
  readonly startMaxNs: bigint
}

/** The attributes that a file's rows have. */
export interface FileColumns {
  /** Those with a column of their own. */
  readonly own: readonly CountedAttribute[]
  /** Those in the rest columns, the most frequent first; `any` when there are more than `restKeysMax`. */
  readonly rest: readonly CountedAttribute[] | 'any'
}

export interface CountedAttribute {
  readonly scope: AttributeScope
  readonly key: string
  readonly type: AttributeType
  /** Rows that have it. */
  readonly count: number
}
