import type { AttributeScope } from '../layout/columns.ts'

/**
 * What must be true of a row for it to be of interest, as data about columns. It may be true of rows that nobody asked for:
 * queries make it as narrow as columns allow.
 */
export type Condition =
  | { readonly kind: 'always' | 'never' }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] }
  | AttributeCondition
  | ColumnCondition

/** Of an attribute, in any of these scopes; its values may be of several types, each in a column of its own or in rest. */
export interface AttributeCondition {
  readonly kind: 'attribute'
  readonly scopes: readonly AttributeScope[]
  /** The true key: `Http.Route` is not `http.route`. */
  readonly key: string
  readonly test: ValueTest
}

/** Of a column that every file has, by its path. */
export interface ColumnCondition {
  readonly kind: 'column'
  readonly column: string
  readonly type: ColumnType
  readonly test: ValueTest
  /** What null stands for, where it does not mean absent. */
  readonly nullIs?: string
}

export type ColumnType = 'string' | 'int32' | 'int' | 'double' | 'bool' | 'json'

export type ValueTest =
  | { readonly kind: 'present' }
  | { readonly kind: 'absent' }
  /** The value, or one in a list, is text; nothing else is known. */
  | { readonly kind: 'text' }
  | { readonly kind: 'compare'; readonly operator: Operator; readonly value: ComparedValue }

export type Operator = '=' | '!=' | '>' | '>=' | '<' | '<='

export type ComparedValue = string | bigint | number | boolean

/** Spans that start in [fromNs, toNs), signed as files have them. */
export interface TimeRange {
  readonly fromNs: bigint
  readonly toNs: bigint
}
