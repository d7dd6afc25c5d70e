import type { Intrinsic } from './intrinsics.ts'

/**
 * A TraceQL query as data. Parentheses are gone: the tree says what they said. The parser makes one tree for queries that
 * differ in blanks, brackets and aliases alone; what that means for a node stands beside it ("Normal form").
 */
export type TraceqlQuery = SearchQuery | MetricsQuery

/** Selects spans, trace by trace. */
export interface SearchQuery {
  readonly kind: 'search'
  /** At least one. Each works on the span sets that the one before it left. */
  readonly stages: readonly Stage[]
  readonly hints: readonly Hint[]
}

/** Makes series of numbers over time. */
export interface MetricsQuery {
  readonly kind: 'metrics'
  readonly expression: SeriesExpression
  readonly hints: readonly Hint[]
}

/** One `name=value` of `with(...)`; the same name may come again. */
export interface Hint {
  readonly name: string
  readonly value: Literal
}

// --- Stages -------------------------------------------------------------------------------------------------------------

export type Stage = SpansetFilter | SpansetOperation | ScalarFilter | GroupBy | Coalesce | Select

/** `{ condition }`: the spans of a set for which it is true; `{ }` has the condition true. */
export interface SpansetFilter {
  readonly kind: 'filter'
  readonly condition: FieldExpression
}

export type SpansetOperation = SpansetLogic | SpansetStructure

/** `left && right`: both sides found something, all of it; `left || right`: whatever either side found. */
export interface SpansetLogic {
  readonly kind: 'spanset-logic'
  readonly operator: LogicOperator
  readonly left: SpansetOperand
  readonly right: SpansetOperand
}

/** `left >> right` and its kin: how spans of the right side are related to spans of the left side. */
export interface SpansetStructure {
  readonly kind: 'spanset-structure'
  readonly relation: Relation
  readonly form: StructureForm
  readonly left: SpansetOperand
  readonly right: SpansetOperand
}

export type SpansetOperand = SpansetFilter | SpansetOperation | SpansetPipeline

/**
 * `({ a } | count() > 2)` as an operand. Normal form: what would be a filter or an operation alone is that, and a
 * pipeline that is no operand is part of the pipeline around it.
 */
export interface SpansetPipeline {
  readonly kind: 'spanset-pipeline'
  readonly stages: readonly Stage[]
}

/** What a span of the right side is to one of the left side. */
export type Relation = 'child' | 'descendant' | 'parent' | 'ancestor' | 'sibling'

/** Which spans come out: those of the right side, those of both sides, those of the right side that are not so related. */
export type StructureForm = 'plain' | 'union' | 'negated'

/** `avg(duration) > 1s`: the span sets for which it is true. */
export interface ScalarFilter {
  readonly kind: 'scalar-filter'
  readonly operator: CompareOperator
  readonly left: ScalarExpression
  readonly right: ScalarExpression
}

/** `by(field)`: one span set per value. */
export interface GroupBy {
  readonly kind: 'by'
  readonly expression: FieldExpression
}

/** `coalesce()`: one span set again. */
export interface Coalesce {
  readonly kind: 'coalesce'
}

/** `select(a, b)`: fields that the answer shows too. */
export interface Select {
  readonly kind: 'select'
  readonly fields: readonly Field[]
}

// --- Scalars: one number per span set -----------------------------------------------------------------------------------

export type ScalarExpression = Aggregate | NumberLiteral | ScalarArithmetic | ScalarPipeline

export type Aggregate = CountAggregate | FieldAggregate

export interface CountAggregate {
  readonly kind: 'count'
}

export interface FieldAggregate {
  readonly kind: 'aggregate'
  readonly function: AggregateFunction
  readonly expression: FieldExpression
}

export type AggregateFunction = 'min' | 'max' | 'avg' | 'sum'

export interface ScalarArithmetic {
  readonly kind: 'scalar-arithmetic'
  readonly operator: ArithmeticOperator
  readonly left: ScalarExpression
  readonly right: ScalarExpression
}

/** `({ a } | count())` as a number. */
export interface ScalarPipeline {
  readonly kind: 'scalar-pipeline'
  readonly stages: readonly Stage[]
  readonly aggregate: Aggregate
}

// --- Fields: one value per span -----------------------------------------------------------------------------------------

export type FieldExpression =
  | Literal
  | Field
  | FieldLogic
  | FieldComparison
  | FieldMatch
  | FieldArithmetic
  | FieldPresence
  | FieldNot
  | FieldNegation

export type Literal =
  | NumberLiteral
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'status'; readonly value: StatusName }
  | { readonly kind: 'span-kind'; readonly value: SpanKindName }

/** Integers and durations are signed 64-bit; a float is finite. */
export type NumberLiteral = IntLiteral | FloatLiteral | DurationLiteral

export interface IntLiteral {
  readonly kind: 'int'
  readonly value: bigint
}

export interface FloatLiteral {
  readonly kind: 'float'
  readonly value: number
}

export interface DurationLiteral {
  readonly kind: 'duration'
  readonly ns: bigint
}

export type StatusName = 'ok' | 'error' | 'unset'

export type SpanKindName =
  | 'unspecified'
  | 'internal'
  | 'server'
  | 'client'
  | 'producer'
  | 'consumer'

export type Field = AttributeField | IntrinsicField

export interface AttributeField {
  readonly kind: 'attribute'
  readonly scope: AttributeScope
  /** Never empty. */
  readonly key: string
}

/** `any` is written as a dot alone: the span's attribute, else the resource's. */
export type AttributeScope = 'any' | 'span' | 'resource' | 'event' | 'link' | 'instrumentation'

/** Normal form: `span:name` is `name`. */
export interface IntrinsicField {
  readonly kind: 'intrinsic'
  readonly name: Intrinsic
}

export interface FieldLogic {
  readonly kind: 'logic'
  readonly operator: LogicOperator
  readonly left: FieldExpression
  readonly right: FieldExpression
}

export interface FieldComparison {
  readonly kind: 'compare'
  readonly operator: CompareOperator
  readonly left: FieldExpression
  readonly right: FieldExpression
}

/** `=~` and `!~`: an RE2 expression that matches the whole value, or does not. */
export interface FieldMatch {
  readonly kind: 'match'
  readonly operator: '=~' | '!~'
  readonly left: FieldExpression
  readonly pattern: string
}

export interface FieldArithmetic {
  readonly kind: 'arithmetic'
  readonly operator: ArithmeticOperator
  readonly left: FieldExpression
  readonly right: FieldExpression
}

/** `operand != nil` and `operand = nil`; nil on the left means the same. */
export interface FieldPresence {
  readonly kind: 'present' | 'absent'
  readonly operand: FieldExpression
}

export interface FieldNot {
  readonly kind: 'not'
  readonly operand: FieldExpression
}

/** Normal form: the negation of a number is a number. */
export interface FieldNegation {
  readonly kind: 'negate'
  readonly operand: FieldExpression
}

export type LogicOperator = '&&' | '||'
export type CompareOperator = '=' | '!=' | '>' | '>=' | '<' | '<='
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '^'

// --- Metrics ------------------------------------------------------------------------------------------------------------

export type SeriesExpression = Series | SeriesArithmetic

/** `{ a } | rate() by (b) | topk(3) > 2` */
export interface Series {
  readonly kind: 'series'
  /** At least one: what selects the spans. */
  readonly stages: readonly Stage[]
  readonly function: MetricsFunction
  /** In the order in which they are written. */
  readonly second: readonly SecondStage[]
}

/** At least one side is, or holds, a series. */
export interface SeriesArithmetic {
  readonly kind: 'series-arithmetic'
  readonly operator: SeriesOperator
  readonly left: SeriesOperand
  readonly right: SeriesOperand
  readonly second: readonly SecondStage[]
}

export type SeriesOperator = '+' | '-' | '*' | '/'

export type SeriesOperand = SeriesExpression | SeriesNumber

/** Numbers among themselves: two integers divide as integers. */
export type SeriesNumber = IntLiteral | FloatLiteral | SeriesNumberArithmetic

export interface SeriesNumberArithmetic {
  readonly kind: 'number-arithmetic'
  readonly operator: SeriesOperator
  readonly left: SeriesNumber
  readonly right: SeriesNumber
}

export type MetricsFunction = CountOverTime | FieldOverTime | QuantileOverTime | Compare

/** Needs no field: `rate()` is per second, `count_over_time()` per step. */
export interface CountOverTime {
  readonly kind: 'rate' | 'count_over_time'
  readonly by: readonly Field[]
}

export interface FieldOverTime {
  readonly kind: FieldOverTimeName
  readonly field: Field
  readonly by: readonly Field[]
}

export type FieldOverTimeName =
  | 'min_over_time'
  | 'max_over_time'
  | 'sum_over_time'
  | 'avg_over_time'
  | 'histogram_over_time'

export interface QuantileOverTime {
  readonly kind: 'quantile_over_time'
  readonly field: Field
  /** At least one. */
  readonly quantiles: readonly number[]
  readonly by: readonly Field[]
}

/** The spans that `selection` holds against all the others, attribute by attribute. */
export interface Compare {
  readonly kind: 'compare'
  readonly selection: SpansetFilter
  /** Values of one attribute that are kept apart. */
  readonly top: number
  /** When a span must start to belong to the selection; undefined is any time. */
  readonly window: CompareWindow | undefined
}

export interface CompareWindow {
  readonly startNs: bigint
  readonly endNs: bigint
}

export type SecondStage =
  | { readonly kind: 'topk' | 'bottomk'; readonly count: number }
  | {
      readonly kind: 'series-filter'
      readonly operator: CompareOperator
      readonly value: NumberLiteral
    }
