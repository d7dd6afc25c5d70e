import type { Field } from './ast.ts'
import type { SpanCondition } from './conditions.ts'

/** The fields that a condition asks of a span, as often as it names them. */
export function fieldsOfCondition(condition: SpanCondition): readonly Field[] {
  switch (condition.kind) {
    case 'always':
    case 'never':
      return []
    case 'all':
    case 'any':
      return condition.of.flatMap(fieldsOfCondition)
    case 'compare':
    case 'match':
    case 'present':
    case 'absent':
      return [condition.field]
  }
}
