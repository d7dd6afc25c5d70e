import fc, { type Arbitrary, type LetrecTypedTie } from 'fast-check'
import type {
  Aggregate,
  ArithmeticOperator,
  CompareOperator,
  Field,
  FieldExpression,
  Hint,
  Literal,
  MetricsFunction,
  NumberLiteral,
  ScalarExpression,
  SecondStage,
  Series,
  SeriesExpression,
  SeriesNumber,
  SeriesOperand,
  SpansetFilter,
  SpansetOperand,
  Stage,
  TraceqlQuery,
} from '../../../../query/traceql/ast.ts'
import { type Intrinsic, intrinsicTypes } from '../../../../query/traceql/intrinsics.ts'
import { int64Max, int64Min } from '../../../../query/traceql/number-literal.ts'

/** Any tree in normal form (see ast.ts), whether or not it makes sense. */
export function arbitraryQuery(): Arbitrary<TraceqlQuery> {
  return fc.oneof(
    fc.record({ kind: fc.constant('search'), stages: stages(), hints }),
    fc.record({ kind: fc.constant('metrics'), expression: seriesExpression(), hints }),
  )
}

const compareOperator = fc.constantFrom<CompareOperator>('=', '!=', '>', '>=', '<', '<=')
const logicOperator = fc.constantFrom('&&' as const, '||' as const)
const arithmeticOperator = fc.constantFrom<ArithmeticOperator>('+', '-', '*', '/', '%', '^')
const seriesOperator = fc.constantFrom('+' as const, '-' as const, '*' as const, '/' as const)

// --- Values -------------------------------------------------------------------------------------------------------------

const int64 = fc.oneof(
  fc.bigInt({ min: int64Min, max: int64Max }),
  fc.constantFrom(0n, -1n, int64Min, int64Max),
)
const int = fc.record({ kind: fc.constant('int' as const), value: int64 })
const float = fc.record({
  kind: fc.constant('float' as const),
  value: fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0, -0, 3, 1e21),
  ),
})
// The least duration has no text: -106751 days, and no keyword as integers have.
const duration = fc.record({
  kind: fc.constant('duration' as const),
  ns: fc.oneof(fc.bigInt({ min: -int64Max, max: int64Max }), fc.bigInt(-4_000_000n, 4_000_000n)),
})
const number: Arbitrary<NumberLiteral> = fc.oneof(int, float, duration)

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('"', '\\', '`', '\n', '\r', '\0', '\u2028', 'a', '.', ' ') }),
)

const notNumber: Arbitrary<Literal> = fc.oneof(
  fc.record({ kind: fc.constant('string' as const), value: text }),
  fc.record({ kind: fc.constant('bool' as const), value: fc.boolean() }),
  fc.record({
    kind: fc.constant('status' as const),
    value: fc.constantFrom('ok' as const, 'error' as const, 'unset' as const),
  }),
  fc.record({
    kind: fc.constant('span-kind' as const),
    value: fc.constantFrom('unspecified' as const, 'server' as const, 'consumer' as const),
  }),
)

const unsigned = fc.oneof(
  notNumber,
  fc.record({ kind: fc.constant('int' as const), value: fc.bigInt(0n, int64Max) }),
)

const hints: Arbitrary<Hint[]> = fc.array(
  fc.record({ name: fc.constantFrom('most_recent', 'sample', 'debug', 'with'), value: unsigned }),
  { maxLength: 2 },
)

const key = fc.oneof(
  fc.constantFrom('a', 'service.name', 'app.kubernetes.io/name', 'a b', '5xx', 'a"b\\c', '.x', 'ü'),
  text.filter((value) => value !== ''),
)

const field: Arbitrary<Field> = fc.oneof(
  fc.record({
    kind: fc.constant('attribute' as const),
    scope: fc.constantFrom('any', 'span', 'resource', 'event', 'link', 'instrumentation'),
    key,
  }),
  fc.record({
    kind: fc.constant('intrinsic' as const),
    name: fc.constantFrom(...(Object.keys(intrinsicTypes) as Intrinsic[])),
  }),
)

// --- Fields -------------------------------------------------------------------------------------------------------------

const { fieldExpression } = fc.letrec<{ fieldExpression: FieldExpression }>((tie) => {
  const inner = tie('fieldExpression')
  const binary = <Kind extends string, Operator>(kind: Kind, operator: Arbitrary<Operator>) =>
    fc.record({ kind: fc.constant(kind), operator, left: inner, right: inner })
  return {
    fieldExpression: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.oneof(number, notNumber, field),
      binary('logic', logicOperator),
      binary('compare', compareOperator),
      binary('arithmetic', arithmeticOperator),
      fc.record({
        kind: fc.constant('match' as const),
        operator: fc.constantFrom('=~' as const, '!~' as const),
        left: inner,
        pattern: text,
      }),
      fc.record({ kind: fc.constantFrom('present' as const, 'absent' as const), operand: inner }),
      fc.record({ kind: fc.constant('not' as const), operand: inner }),
      fc.record({ kind: fc.constant('negate' as const), operand: inner.filter(isNoNumber) }),
    ),
  }
})

function isNoNumber({ kind }: FieldExpression): boolean {
  return kind !== 'int' && kind !== 'float' && kind !== 'duration'
}

const filter: Arbitrary<SpansetFilter> = fc.record({
  kind: fc.constant('filter'),
  condition: fieldExpression,
})

// --- Stages -------------------------------------------------------------------------------------------------------------

const aggregate: Arbitrary<Aggregate> = fc.oneof(
  fc.record({ kind: fc.constant('count' as const) }),
  fc.record({
    kind: fc.constant('aggregate' as const),
    function: fc.constantFrom('min' as const, 'max' as const, 'avg' as const, 'sum' as const),
    expression: fieldExpression,
  }),
)

interface Tied {
  readonly operand: SpansetOperand
  readonly scalar: ScalarExpression
  readonly first: Stage
  readonly stage: Stage
}

const tied = fc.letrec<Tied>((tie: LetrecTypedTie<Tied>) => {
  const operand = tie('operand')
  const scalar = tie('scalar')
  const pipelineStages = fc
    .tuple(tie('first'), fc.array(tie('stage'), { maxLength: 2 }))
    .map(([first, rest]) => [first, ...rest])
  const logic = fc.record({
    kind: fc.constant('spanset-logic' as const),
    operator: logicOperator,
    left: operand,
    right: operand,
  })
  const structure = fc.record({
    kind: fc.constant('spanset-structure' as const),
    relation: fc.constantFrom('child', 'descendant', 'parent', 'ancestor', 'sibling'),
    form: fc.constantFrom('plain', 'union', 'negated'),
    left: operand,
    right: operand,
  })
  const pipeline = fc
    .record({ kind: fc.constant('spanset-pipeline' as const), stages: pipelineStages })
    .filter(({ stages: [one, two] }) => two !== undefined || one === undefined || !isOperand(one))
  const named: Arbitrary<Stage> = fc.oneof(
    fc.record({ kind: fc.constant('by' as const), expression: fieldExpression }),
    fc.record({
      kind: fc.constant('select' as const),
      fields: fc.array(field, { minLength: 1, maxLength: 3 }),
    }),
  )
  const scalarFilter = fc.record({
    kind: fc.constant('scalar-filter' as const),
    operator: compareOperator,
    left: scalar,
    right: scalar,
  })
  const first: Arbitrary<Stage> = fc.oneof(
    { depthSize: 'small' },
    filter,
    named,
    logic,
    structure,
    scalarFilter,
  )
  return {
    operand: fc.oneof({ depthSize: 'small' }, filter, logic, structure, pipeline),
    scalar: fc.oneof(
      { depthSize: 'small' },
      number,
      aggregate,
      fc.record({
        kind: fc.constant('scalar-arithmetic' as const),
        operator: arithmeticOperator,
        left: scalar,
        right: scalar,
      }),
      fc.record({
        kind: fc.constant('scalar-pipeline' as const),
        stages: pipelineStages,
        aggregate,
      }),
    ),
    first,
    stage: fc.oneof(first, fc.record({ kind: fc.constant('coalesce' as const) })),
  }
})

function isOperand({ kind }: Stage): boolean {
  return kind === 'filter' || kind === 'spanset-logic' || kind === 'spanset-structure'
}

function stages(): Arbitrary<Stage[]> {
  return fc
    .tuple(tied.first, fc.array(tied.stage, { maxLength: 2 }))
    .map(([first, rest]) => [first, ...rest])
}

// --- Metrics ------------------------------------------------------------------------------------------------------------

const by = fc.array(field, { maxLength: 2 })
const count = fc.nat()

const metricsFunction: Arbitrary<MetricsFunction> = fc.oneof(
  fc.record({ kind: fc.constantFrom('rate' as const, 'count_over_time' as const), by }),
  fc.record({
    kind: fc.constantFrom(
      'min_over_time' as const,
      'max_over_time' as const,
      'sum_over_time' as const,
      'avg_over_time' as const,
      'histogram_over_time' as const,
    ),
    field,
    by,
  }),
  fc.record({
    kind: fc.constant('quantile_over_time' as const),
    field,
    quantiles: fc.array(fc.double({ min: 0, max: 1, noNaN: true }).map(Math.abs), { minLength: 1 }),
    by,
  }),
  fc.record({
    kind: fc.constant('compare' as const),
    selection: filter,
    top: count,
    window: fc.option(
      fc.record({ startNs: fc.bigInt(0n, int64Max), endNs: fc.bigInt(1n, int64Max) }),
      { nil: undefined },
    ),
  }),
)

const second: Arbitrary<SecondStage[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constantFrom('topk' as const, 'bottomk' as const), count }),
    fc.record({
      kind: fc.constant('series-filter' as const),
      operator: compareOperator,
      value: number,
    }),
  ),
  { maxLength: 2 },
)

const series: Arbitrary<Series> = fc.record({
  kind: fc.constant('series'),
  stages: stages(),
  function: metricsFunction,
  second,
})

const { seriesNumber } = fc.letrec<{ seriesNumber: SeriesNumber }>((tie) => ({
  seriesNumber: fc.oneof(
    { depthSize: 'small' },
    int,
    float,
    fc.record({
      kind: fc.constant('number-arithmetic' as const),
      operator: seriesOperator,
      left: tie('seriesNumber'),
      right: tie('seriesNumber'),
    }),
  ),
}))

function seriesExpression(): Arbitrary<SeriesExpression> {
  const { expression } = fc.letrec<{ expression: SeriesExpression }>((tie) => {
    const operand: Arbitrary<SeriesOperand> = fc.oneof(tie('expression'), seriesNumber)
    const sides = fc.oneof(
      fc.record({ left: tie('expression'), right: operand }),
      fc.record({ left: operand, right: tie('expression') }),
    )
    const arithmetic = fc
      .record({ operator: seriesOperator, sides, second })
      .map(({ operator, sides: { left, right }, second: after }) => ({
        kind: 'series-arithmetic' as const,
        operator,
        left,
        right,
        second: after,
      }))
    return { expression: fc.oneof({ depthSize: 'small' }, series, arithmetic) }
  })
  return expression
}
