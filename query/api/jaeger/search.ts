import type { TimeRange } from '../../../src/prune/condition.ts'
import type { Field, FieldExpression, Literal, SearchQuery } from '../../traceql/ast.ts'
import { noServiceName } from './names.ts'
import { tagCondition } from './tag-condition.ts'

/** What a search in either of Jaeger's APIs asks for. */
export interface JaegerSearch {
  readonly service: string | undefined
  readonly operation: string | undefined
  /** Keys with their values; undefined is any value. */
  readonly tags: ReadonlyMap<string, string | undefined>
  /** Both inclusive. */
  readonly durationMinNs: bigint | undefined
  readonly durationMaxNs: bigint | undefined
  readonly range: TimeRange
  /** Traces in the answer. */
  readonly limit: number
  /** Spans as they came, without adjustments. */
  readonly isRaw: boolean
}

/** The traces with one span of which all is true: its service, its operation, its tags, its duration. */
export function searchTraceql(search: JaegerSearch): SearchQuery {
  const { service, operation, tags, durationMinNs, durationMaxNs } = search
  const conditions = [
    ...when(service, isOfService),
    ...when(operation, (value) => compare('=', name, { kind: 'string', value })),
    ...when(durationMinNs, (ns) => compare('>=', duration, { kind: 'duration', ns })),
    ...when(durationMaxNs, (ns) => compare('<=', duration, { kind: 'duration', ns })),
    ...Array.from(tags, ([key, value]) => tagCondition(key, value)),
  ]
  const condition = conditions.length === 0 ? always : conditions.reduce(both)
  return { kind: 'search', stages: [{ kind: 'filter', condition }], hints: [] }
}

const always: FieldExpression = { kind: 'bool', value: true }
const serviceName: Field = { kind: 'attribute', scope: 'resource', key: 'service.name' }
const name: Field = { kind: 'intrinsic', name: 'name' }
const duration: Field = { kind: 'intrinsic', name: 'duration' }

/** What is shown in the place of a service's name finds the spans that have none. */
function isOfService(value: string): FieldExpression {
  if (value === noServiceName) return { kind: 'absent', operand: serviceName }
  return compare('=', serviceName, { kind: 'string', value })
}

function when<Value>(
  value: Value | undefined,
  condition: (value: Value) => FieldExpression,
): FieldExpression[] {
  return value === undefined ? [] : [condition(value)]
}

function both(left: FieldExpression, right: FieldExpression): FieldExpression {
  return { kind: 'logic', operator: '&&', left, right }
}

function compare(operator: '=' | '>=' | '<=', left: Field, right: Literal): FieldExpression {
  return { kind: 'compare', operator, left, right }
}
