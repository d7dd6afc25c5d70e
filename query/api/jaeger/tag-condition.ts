import type {
  AttributeScope,
  Field,
  FieldExpression,
  Literal,
  SpanKindName,
  StatusName,
} from '../../traceql/ast.ts'
import { int64Max, int64Min } from '../../traceql/number-literal.ts'
import { boolOf } from './parse-parameters.ts'

/**
 * What Jaeger means by a tag: the span has it among its attributes, its resource's, its scope's, or those of any of its
 * events or links, and its text is the one asked for: `200` finds the integer, the float and the text. Without a value the
 * tag is merely there. What OTLP says in fields of their own is found by the tags that Jaeger shows for them. Of a list,
 * one element is enough; what is in maps and bytes is not found by its text.
 */
export function tagCondition(key: string, value: string | undefined): FieldExpression {
  if (key === 'error' && value !== undefined && boolOf(value) === false) return noError
  return anyOf([...fieldConditions(key, value), ...attributeConditions(key, value)])
}

/** At least one of the conditions. */
function anyOf(conditions: readonly FieldExpression[]): FieldExpression {
  return conditions.reduce((left, right) => ({ kind: 'logic', operator: '||', left, right }))
}

// --- Attributes ---------------------------------------------------------------------------------------------------------

const scopes: readonly AttributeScope[] = ['span', 'resource', 'instrumentation', 'event', 'link']
const resourcePrefix = 'resource.'

function attributeConditions(key: string, value: string | undefined): FieldExpression[] {
  const fields: Field[] = scopes.map((scope) => ({ kind: 'attribute', scope, key }))
  // Jaeger's own stores take such a key for the resource's; here it may also be the whole key.
  const ofResource = key.startsWith(resourcePrefix) ? key.slice(resourcePrefix.length) : ''
  if (ofResource !== '') fields.push({ kind: 'attribute', scope: 'resource', key: ofResource })
  return fields.flatMap((field) => conditionsOn(field, value))
}

function conditionsOn(field: Field, value: string | undefined): FieldExpression[] {
  if (value === undefined) return [{ kind: 'present', operand: field }]
  return literalsOf(value).map((literal) => equals(field, literal))
}

function equals(left: Field, right: Literal): FieldExpression {
  return { kind: 'compare', operator: '=', left, right }
}

/** The values whose text is this one. */
function literalsOf(text: string): Literal[] {
  return [{ kind: 'string', value: text }, ...boolLiterals(text), ...numberLiterals(text)]
}

function boolLiterals(text: string): Literal[] {
  return text === 'true' || text === 'false' ? [{ kind: 'bool', value: text === 'true' }] : []
}

/** Integers and floats of one value are equal, so that one of them will do where both are exact. */
function numberLiterals(text: string): Literal[] {
  const int = intOf(text)
  const float = Number(text)
  const isFloat = Number.isFinite(float) && String(float) === text
  const literals: Literal[] = int === undefined ? [] : [{ kind: 'int', value: int }]
  if (isFloat && (int === undefined || BigInt(float) !== int)) {
    literals.push({ kind: 'float', value: float })
  }
  return literals
}

function intOf(text: string): bigint | undefined {
  if (!/^(0|-?[1-9]\d{0,18})$/.test(text)) return undefined
  const value = BigInt(text)
  return value >= int64Min && value <= int64Max ? value : undefined
}

// --- Fields -------------------------------------------------------------------------------------------------------------

/** What a tag says of the span's own fields; nothing for most tags. */
function fieldConditions(key: string, value: string | undefined): FieldExpression[] {
  switch (key) {
    case 'error':
      return errorConditions(value)
    case 'span.kind':
      return kindConditions(value)
    case 'otel.status_code':
    case 'span.status':
      return statusConditions(value)
    case 'otel.status_description':
      return textConditions('statusMessage', value)
    case 'otel.scope.name':
    case 'otel.library.name':
    case 'scope.name':
      return textConditions('instrumentation:name', value)
    case 'otel.scope.version':
    case 'otel.library.version':
    case 'scope.version':
      return textConditions('instrumentation:version', value)
    case 'event':
      return eventConditions(value)
    default:
      return []
  }
}

const status: Field = { kind: 'intrinsic', name: 'status' }
const kind: Field = { kind: 'intrinsic', name: 'kind' }

/** `error=false` finds what `status` does not call an error, also where nobody has said how it went (jaeger#9096). */
const noError = unless(status, { kind: 'status', value: 'error' })

/** Jaeger shows `error` with status ERROR. */
function errorConditions(value: string | undefined): FieldExpression[] {
  const isError = value === undefined || boolOf(value) === true
  return isError ? [equals(status, { kind: 'status', value: 'error' })] : []
}

const kinds: readonly SpanKindName[] = [
  'unspecified',
  'internal',
  'server',
  'client',
  'producer',
  'consumer',
]

function kindConditions(value: string | undefined): FieldExpression[] {
  const name = kinds.find((one) => one === value?.toLowerCase())
  if (name !== undefined) return [equals(kind, { kind: 'span-kind', value: name })]
  return value === undefined ? [unless(kind, { kind: 'span-kind', value: 'unspecified' })] : []
}

const statuses: readonly StatusName[] = ['ok', 'error', 'unset']

function statusConditions(value: string | undefined): FieldExpression[] {
  const name = statuses.find((one) => one === value?.toLowerCase())
  if (name !== undefined) return [equals(status, { kind: 'status', value: name })]
  return value === undefined ? [unless(status, { kind: 'status', value: 'unset' })] : []
}

/** An empty text is one that is not there. */
function textConditions(
  name: 'statusMessage' | 'instrumentation:name' | 'instrumentation:version',
  value: string | undefined,
): FieldExpression[] {
  const field: Field = { kind: 'intrinsic', name }
  if (value === '') return []
  if (value === undefined) return [unless(field, { kind: 'string', value: '' })]
  return [equals(field, { kind: 'string', value })]
}

/** Jaeger shows an event's name as a field of its log. */
function eventConditions(value: string | undefined): FieldExpression[] {
  const field: Field = { kind: 'intrinsic', name: 'event:name' }
  if (value === '') return []
  if (value === undefined) return [{ kind: 'present', operand: field }]
  return [equals(field, { kind: 'string', value })]
}

function unless(left: Field, right: Literal): FieldExpression {
  return { kind: 'compare', operator: '!=', left, right }
}
