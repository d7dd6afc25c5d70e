import { floatArithmetic, intArithmetic } from './arithmetic.ts'
import type {
  AttributeField,
  CompareOperator,
  FieldArithmetic,
  FieldComparison,
  FieldExpression,
  FieldLogic,
  FieldMatch,
} from './ast.ts'
import { compareNumbers, compareValues, isList, isNumber } from './compare-values.ts'
import { derivedColumn } from './derived-column.ts'
import { type Intrinsic, intrinsicTypes } from './intrinsics.ts'
import { type Pattern, patternOf, rememberingPattern } from './pattern.ts'
import type { Column, FieldValue, ScalarValue } from './span-table.ts'
import type { TraceFrame } from './trace-frame.ts'
import type { ValueType } from './value-type.ts'

/** An expression, ready to be asked of any row of the trace that the frame is in. */
export interface CompiledField {
  /** What the value is, if it is there; `any` when only the value itself tells. */
  readonly type: ValueType
  readonly read: Column<FieldValue>
}

export function compileField(expression: FieldExpression, frame: TraceFrame): CompiledField {
  switch (expression.kind) {
    case 'attribute':
      return { type: 'any', read: attributeColumn(expression, frame) }
    case 'intrinsic':
      return {
        type: intrinsicTypes[expression.name],
        read: intrinsicColumn(expression.name, frame),
      }
    case 'logic':
      return logic(expression, frame)
    case 'compare':
      return comparison(expression, frame)
    case 'match':
      return match(expression, frame)
    case 'arithmetic':
      return arithmetic(expression, frame)
    case 'present':
    case 'absent': {
      const { read } = compileField(expression.operand, frame)
      const isPresent = expression.kind === 'present'
      const test = (value: FieldValue) => (value !== undefined) === isPresent
      return { type: 'bool', read: derivedColumn(read, test) }
    }
    case 'not': {
      const { read } = compileField(expression.operand, frame)
      return { type: 'bool', read: (row) => negatedBool(read(row)) }
    }
    case 'negate': {
      const { type, read } = compileField(expression.operand, frame)
      return { type, read: (row) => negatedNumber(read(row)) }
    }
    case 'duration':
      return constant('duration', expression.ns)
    case 'int':
    case 'float':
    case 'string':
    case 'bool':
    case 'status':
    case 'span-kind':
      return constant(expression.kind, expression.value)
  }
}

/** The field's value where only one can stand, as behind `by` and in answers: of events and links the first. */
export function compileSingle(expression: FieldExpression, frame: TraceFrame): CompiledField {
  const compiled = compileField(expression, frame)
  if (!isOfMany(expression)) return compiled
  const { type, read } = compiled
  return {
    type,
    read(row) {
      const value = read(row)
      return isList(value) ? value[0] : value
    },
  }
}

/** Whether the field is one of events or links, of which a span has several. */
function isOfMany(expression: FieldExpression): boolean {
  if (expression.kind === 'attribute') {
    return expression.scope === 'event' || expression.scope === 'link'
  }
  return expression.kind === 'intrinsic' && /^(event|link):/.test(expression.name)
}

function constant(type: ValueType, value: FieldValue): CompiledField {
  return { type, read: () => value }
}

function negatedBool(value: FieldValue): boolean | undefined {
  return typeof value === 'boolean' ? !value : undefined
}

function negatedNumber(value: FieldValue): FieldValue {
  if (typeof value === 'bigint') return BigInt.asIntN(64, -value)
  return typeof value === 'number' ? -value : undefined
}

// --- Fields -------------------------------------------------------------------------------------------------------------

const absent: Column<undefined> = () => undefined

/** A key without a scope is the span's, else the resource's; events, links and scopes are asked by name alone. */
function attributeColumn(
  { scope, key }: AttributeField,
  { table }: TraceFrame,
): Column<FieldValue> {
  if (scope !== 'any') return table.attribute(scope, key) ?? absent
  const ofSpan = table.attribute('span', key)
  const ofResource = table.attribute('resource', key)
  if (ofSpan === undefined || ofResource === undefined) return ofSpan ?? ofResource ?? absent
  return (row) => {
    const value = ofSpan(row)
    return value === undefined ? ofResource(row) : value
  }
}

function intrinsicColumn(name: Intrinsic, frame: TraceFrame): Column<FieldValue> {
  const { table } = frame
  switch (name) {
    case 'duration':
      return table.durationNs
    case 'name':
      return table.name
    case 'status':
      return table.status
    case 'statusMessage':
      return table.statusMessage
    case 'kind':
      return table.kind
    case 'trace:id':
      return table.traceId
    case 'span:id':
      return table.spanId
    case 'span:parentID':
      return (row) => table.parentId(row) ?? noParent
    case 'instrumentation:name':
      return table.scopeName
    case 'instrumentation:version':
      return table.scopeVersion
    case 'event:name':
      return listColumn(table.eventNames)
    case 'event:timeSinceStart':
      return listColumn(table.eventNsSinceStart)
    case 'link:traceID':
      return listColumn(table.linkTraceIds)
    case 'link:spanID':
      return listColumn(table.linkSpanIds)
    case 'rootName':
      return frame.rootName
    case 'rootServiceName':
      return frame.rootServiceName
    case 'traceDuration':
      return frame.durationNs
    case 'nestedSetLeft':
      return (row) => BigInt(frame.tree().lefts[placeOf(row, frame)] ?? 0)
    case 'nestedSetRight':
      return (row) => BigInt(frame.tree().rights[placeOf(row, frame)] ?? 0)
    case 'nestedSetParent':
      return (row) => nestedSetParent(placeOf(row, frame), frame)
    case 'span:childCount':
      return (row) => BigInt(frame.tree().childCounts[placeOf(row, frame)] ?? 0)
  }
}

/** What OTLP writes where a root's parent would stand. */
const noParent = '0'.repeat(16)

/** A span without events has none of their fields, which is not the same as an empty list. */
function listColumn(column: Column<readonly (string | bigint)[]>): Column<FieldValue> {
  return (row) => {
    const values = column(row)
    return values.length === 0 ? undefined : values
  }
}

function placeOf(row: number, frame: TraceFrame): number {
  return row - frame.rows().from
}

/** The parent's left; -1 for a root, 0 for what hangs below none. */
function nestedSetParent(place: number, frame: TraceFrame): bigint {
  const { parents, lefts } = frame.tree()
  if ((lefts[place] ?? 0) === 0) return 0n
  const parent = parents[place] ?? -1
  return parent < 0 ? -1n : BigInt(lefts[parent] ?? 0)
}

// --- Operators ----------------------------------------------------------------------------------------------------------

/** True or false, whatever the sides hold: what is not true counts as false. */
function logic({ operator, left, right }: FieldLogic, frame: TraceFrame): CompiledField {
  const { read: leftOf } = compileField(left, frame)
  const { read: rightOf } = compileField(right, frame)
  const read: Column<boolean> =
    operator === '&&'
      ? (row) => leftOf(row) === true && rightOf(row) === true
      : (row) => leftOf(row) === true || rightOf(row) === true
  return { type: 'bool', read }
}

function comparison({ operator, left, right }: FieldComparison, frame: TraceFrame): CompiledField {
  const sides = [compileField(left, frame), compileField(right, frame)] as const
  const [{ type: leftType }, { type: rightType }] = sides
  if (isEnum(leftType) !== isEnum(rightType)) return constant('bool', false)
  if (isRootTest({ operator, left, right })) return rootTest(operator, frame)
  const isOfIds = leftType === 'id' || rightType === 'id'
  const [leftOf, rightOf] = sides.map(({ read }) => (isOfIds ? idColumn(read) : read))
  if (leftOf === undefined || rightOf === undefined) return constant('bool', false)
  const value = isOfIds ? undefined : literalValue(right)
  if (value !== undefined) return { type: 'bool', read: comparedColumn(operator, leftOf, value) }
  return { type: 'bool', read: (row) => compareValues(operator, leftOf(row), rightOf(row)) }
}

/** The value that a literal stands for. */
function literalValue(expression: FieldExpression): ScalarValue | undefined {
  switch (expression.kind) {
    case 'duration':
      return expression.ns
    case 'int':
    case 'float':
    case 'string':
    case 'bool':
    case 'status':
    case 'span-kind':
      return expression.value
    default:
      return undefined
  }
}

/** Most queries compare with a literal: by entries, or as floats where those are exact. */
function comparedColumn(
  operator: CompareOperator,
  column: Column<FieldValue>,
  literal: ScalarValue,
): Column<boolean> {
  const { float } = column
  const bound = typeof literal === 'bigint' ? Number(literal) : literal
  if (float === undefined || typeof bound !== 'number' || Math.abs(bound) > 2 ** 53) {
    return derivedColumn(column, (value) => compareValues(operator, value, literal))
  }
  return (row) => {
    const value = float(row)
    if (Number.isNaN(value)) return compareValues(operator, column(row), literal)
    return compareNumbers(operator, value, bound)
  }
}

/** `span:parentID = "0"`: whatever the id, only whether there is one. */
function isRootTest({
  operator,
  left,
  right,
}: Pick<FieldComparison, 'operator' | 'left' | 'right'>): boolean {
  if (left.kind !== 'intrinsic' || left.name !== 'span:parentID') return false
  if (operator !== '=' && operator !== '!=') return false
  return right.kind === 'string' && idText(right.value) === noId
}

const noId = '0'.repeat(32)

function rootTest(operator: CompareOperator, { table }: TraceFrame): CompiledField {
  const isRoot = table.isRoot ?? ((row) => idText(table.parentId(row) ?? '') === noId)
  return { type: 'bool', read: operator === '=' ? isRoot : (row) => !isRoot(row) }
}

/** Their values look like text here, and are no text: no attribute equals them. */
function isEnum(type: ValueType): boolean {
  return type === 'status' || type === 'span-kind'
}

/** Ids as people write them: in any case, with or without leading zeros. */
function idColumn(column: Column<FieldValue>): Column<FieldValue> {
  return (row) => {
    const value = column(row)
    if (isList(value)) return value.map((one) => (typeof one === 'string' ? idText(one) : one))
    return typeof value === 'string' ? idText(value) : value
  }
}

/** What two spellings of one id have in common; in the order of the ids, of which the longest have 32 digits. */
export function idText(text: string): string {
  return text.replace(/^0+/, '').toLowerCase().padStart(32, '0')
}

function match({ operator, left, pattern }: FieldMatch, frame: TraceFrame): CompiledField {
  const { read } = compileField(left, frame)
  const matches = rememberingPattern(patternOf(pattern))
  const isWanted = operator === '=~'
  const test = (value: FieldValue) => matchesValue(value, matches, isWanted)
  return { type: 'bool', read: derivedColumn(read, test) }
}

/** In a list `=~` wants one element that matches, `!~` wants that none does. */
function matchesValue(value: FieldValue, matches: Pattern, isWanted: boolean): boolean {
  if (typeof value === 'string') return matches(value) === isWanted
  if (!isList(value)) return false
  const test = (element: FieldValue) => typeof element === 'string' && matches(element) === isWanted
  return isWanted ? value.some(test) : value.every(test)
}

/** Integers among themselves give integers; durations are nanoseconds as soon as they are calculated with. */
function arithmetic({ operator, left, right }: FieldArithmetic, frame: TraceFrame): CompiledField {
  const { type: leftType, read: leftOf } = compileField(left, frame)
  const { type: rightType, read: rightOf } = compileField(right, frame)
  const mightBeInts = [leftType, rightType].every((type) => type === 'any' || type === 'int')
  return {
    type: mightBeInts ? 'any' : 'float',
    read(row) {
      const a = leftOf(row)
      const b = rightOf(row)
      if (mightBeInts && typeof a === 'bigint' && typeof b === 'bigint') {
        return intArithmetic(operator, a, b)
      }
      return isNumber(a) && isNumber(b)
        ? floatArithmetic(operator, Number(a), Number(b))
        : undefined
    },
  }
}
