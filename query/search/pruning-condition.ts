import { fixedColumns as c } from '../../src/layout/columns.ts'
import type {
  AttributeCondition,
  ComparedValue,
  Condition,
  ValueTest,
} from '../../src/prune/condition.ts'
import type { AttributeField, Literal } from '../traceql/ast.ts'
import type { FieldTest, SpanCondition } from '../traceql/conditions.ts'
import type { Intrinsic } from '../traceql/intrinsics.ts'
import { kindNames, statusNames } from './span-values.ts'

/** The same condition about columns, as far as columns can tell; what they cannot tell may be. */
export function pruningCondition(condition: SpanCondition): Condition {
  switch (condition.kind) {
    case 'always':
    case 'never':
      return condition
    case 'all':
    case 'any':
      return { kind: condition.kind, of: condition.of.map(pruningCondition) }
    case 'compare':
    case 'match':
    case 'present':
    case 'absent':
      return fieldCondition(condition)
  }
}

const always: Condition = { kind: 'always' }

function fieldCondition(test: FieldTest): Condition {
  const { field } = test
  if (field.kind === 'attribute') return attributeCondition(field, test)
  if (test.kind === 'compare') return intrinsicCondition(field.name, test)
  return always
}

function attributeCondition({ scope, key }: AttributeField, test: FieldTest): Condition {
  const scopes = columnScopes[scope]
  const valueTest = valueTestOf(test)
  if (scopes === undefined || valueTest === undefined) return always
  return { kind: 'attribute', scopes, key, test: valueTest }
}

/** Attributes of events and links have no columns of their own. */
const columnScopes: Readonly<
  Record<AttributeField['scope'], AttributeCondition['scopes'] | undefined>
> = {
  any: ['span', 'resource'],
  span: ['span'],
  resource: ['resource'],
  instrumentation: ['scope'],
  event: undefined,
  link: undefined,
}

function valueTestOf(test: FieldTest): ValueTest | undefined {
  switch (test.kind) {
    case 'present':
    case 'absent':
      return { kind: test.kind }
    case 'match':
      return { kind: 'text' }
    case 'compare': {
      const value = comparedValue(test.value)
      return value === undefined ? undefined : { ...test, value }
    }
  }
}

function comparedValue(literal: Literal): ComparedValue | undefined {
  switch (literal.kind) {
    case 'int':
    case 'float':
    case 'string':
    case 'bool':
      return literal.value
    case 'duration':
      return literal.ns
    case 'status':
    case 'span-kind':
      return undefined
  }
}

function intrinsicCondition(
  name: Intrinsic,
  test: Extract<FieldTest, { kind: 'compare' }>,
): Condition {
  const value = comparedValue(test.value)
  const valueTest = value === undefined ? undefined : ({ ...test, value } as const)
  switch (name) {
    case 'name':
      return textColumn(c.name, valueTest)
    case 'statusMessage':
      return textColumn(c.statusMessage, valueTest, '')
    case 'instrumentation:name':
      return textColumn(c.scopeName, valueTest)
    case 'instrumentation:version':
      return textColumn(c.scopeVersion, valueTest)
    case 'duration':
      return durationCondition(valueTest)
    case 'status':
      return enumColumn(c.statusCode, statusNames, test)
    case 'kind':
      return enumColumn(c.kind, kindNames, test)
    default:
      return always
  }
}

function textColumn(column: string, test: ValueTest | undefined, nullIs?: string): Condition {
  if (test?.kind !== 'compare' || typeof test.value !== 'string') return always
  return { kind: 'column', column, type: 'string', test, ...(nullIs !== undefined && { nullIs }) }
}

/** Spans with an end of their own have no duration in the column. */
function durationCondition(test: ValueTest | undefined): Condition {
  if (test === undefined) return always
  return {
    kind: 'any',
    of: [
      { kind: 'column', column: c.durationNs, type: 'int', test },
      { kind: 'column', column: c.end, type: 'int', test: { kind: 'present' } },
    ],
  }
}

/** The first name stands for all numbers that the enum does not know, too. */
function enumColumn(
  column: string,
  names: readonly string[],
  { operator, value }: Extract<FieldTest, { kind: 'compare' }>,
): Condition {
  const isName = value.kind === 'status' || value.kind === 'span-kind'
  const number = isName ? names.indexOf(value.value) : -1
  if (number < 0 || (number === 0 && operator === '=')) return always
  const test = { kind: 'compare', operator, value: BigInt(number) } as const
  return { kind: 'column', column, type: 'int32', test }
}
