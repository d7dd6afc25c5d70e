import type {
  AttributeField,
  FieldExpression,
  IntrinsicField,
  Literal,
  Stage,
} from '../../traceql/ast.ts'
import { int64Max, int64Min } from '../../traceql/number-literal.ts'

/** Tempo's older search: tags that one span has, and bounds of the trace's duration. */
export interface TagSearch {
  readonly tags: ReadonlyMap<string, string>
  readonly durationMinNs: bigint | undefined
  readonly durationMaxNs: bigint | undefined
}

/** The same search in TraceQL; a tag's value is a part of the attribute's text, in any case, or its number. */
export function tagSearchStages(search: TagSearch): readonly Stage[] {
  const { tags, durationMinNs, durationMaxNs } = search
  const conditions = [
    ...Array.from(tags, ([key, value]) => tagCondition(key, value)),
    ...(durationMinNs === undefined ? [] : [compare('>=', durationMinNs)]),
    ...(durationMaxNs === undefined ? [] : [compare('<=', durationMaxNs)]),
  ]
  const condition = conditions.length === 0 ? always : conditions.reduce(both)
  return [{ kind: 'filter', condition }]
}

const always: FieldExpression = { kind: 'bool', value: true }

function compare(operator: '>=' | '<=', ns: bigint): FieldExpression {
  const left = { kind: 'intrinsic', name: 'traceDuration' } as const
  return { kind: 'compare', operator, left, right: { kind: 'duration', ns } }
}

function both(left: FieldExpression, right: FieldExpression): FieldExpression {
  return { kind: 'logic', operator: '&&', left, right }
}

function either(left: FieldExpression, right: FieldExpression): FieldExpression {
  return { kind: 'logic', operator: '||', left, right }
}

function tagCondition(key: string, value: string): FieldExpression {
  if (key === 'error') return errorCondition(value)
  if (key === 'status.code') return statusCondition(value)
  const name = intrinsics.get(key)
  if (name !== undefined) return contains({ kind: 'intrinsic', name }, value)
  const field: AttributeField = { kind: 'attribute', scope: 'any', key }
  const literal = literalOf(value)
  const text = contains(field, value)
  if (literal === undefined) return text
  return either(text, { kind: 'compare', operator: '=', left: field, right: literal })
}

/** Tags that Tempo reads as more than an attribute. */
const intrinsics: ReadonlyMap<string, IntrinsicField['name']> = new Map([
  ['name', 'name'],
  ['root.name', 'rootName'],
  ['root.service.name', 'rootServiceName'],
])

function errorCondition(value: string): FieldExpression {
  const operator = value.toLowerCase() === 'false' ? '!=' : '='
  return isStatus(operator, 'error')
}

function statusCondition(value: string): FieldExpression {
  const name = value.toLowerCase()
  if (name === 'ok' || name === 'error' || name === 'unset') return isStatus('=', name)
  return { kind: 'bool', value: false }
}

function isStatus(operator: '=' | '!=', value: 'ok' | 'error' | 'unset'): FieldExpression {
  const left = { kind: 'intrinsic', name: 'status' } as const
  return { kind: 'compare', operator, left, right: { kind: 'status', value } }
}

function contains(left: AttributeField | IntrinsicField, value: string): FieldExpression {
  const escaped = value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  return { kind: 'match', operator: '=~', left, pattern: `(?is).*${escaped}.*` }
}

/** The number or boolean that the text also is. */
function literalOf(text: string): Literal | undefined {
  if (text === 'true' || text === 'false') return { kind: 'bool', value: text === 'true' }
  if (/^-?\d{1,19}$/.test(text)) {
    const value = BigInt(text)
    if (value >= int64Min && value <= int64Max) return { kind: 'int', value }
  }
  const value = Number(text)
  if (/^-?\d+\.\d+$/.test(text) && Number.isFinite(value)) return { kind: 'float', value }
  return undefined
}
