import type { AttributeScope } from '../layout/columns.ts'
import type { ColumnType } from './condition.ts'

/** What is known of one column's values in a file or a row group. */
export interface ColumnFacts {
  readonly type: ColumnType
  /** Whether any row may have a value, and whether any may have none. */
  readonly mightBePresent: boolean
  readonly mightBeNull: boolean
  /** PLAIN bytes without length, exact or tighter than nothing; undefined: not known. */
  readonly min: Uint8Array | undefined
  readonly max: Uint8Array | undefined
  /** False is a proof that no row has exactly this value, given as PLAIN bytes without length. */
  readonly mightHold: ((plain: Uint8Array) => boolean) | undefined
}

/** What a file or a row group tells of itself. */
export interface Facts {
  /** Undefined: nothing is known. */
  readonly column: (path: string, type: ColumnType) => ColumnFacts | undefined
  /** One a type that rows may have the attribute in, the rest columns included; empty: no row has it. */
  readonly attribute: (scope: AttributeScope, key: string) => readonly ColumnFacts[]
}

/** Of a column that has values, and nothing else is known of it. */
export function someValues(type: ColumnType): ColumnFacts {
  return {
    type,
    mightBePresent: true,
    mightBeNull: true,
    min: undefined,
    max: undefined,
    mightHold: undefined,
  }
}
