import type { CountedAttribute, FileColumns } from '../index/day-list.ts'
import type { AttributeScope } from '../layout/columns.ts'
import { type AttributeType, attributeTypes } from '../span/span-batch.ts'
import { type ColumnFacts, type Facts, someValues } from './column-facts.ts'
import type { ColumnType } from './condition.ts'

/** What a file's columns tell, as the day list or the file's own footer names them; nothing of the fixed ones. */
export function fileFacts({ own, rest }: FileColumns, rows: number): Facts {
  const counted = (scope: AttributeScope, key: string) => {
    const isIt = (one: CountedAttribute) => one.key === key && one.scope === scope
    // Types in rest columns are as exact as those of columns; past their bound nothing is known.
    return { own: own.filter(isIt), rest: rest === 'any' ? rest : rest.filter(isIt) }
  }
  return {
    column: () => undefined,
    attribute(scope, key) {
      const found = counted(scope, key)
      if (found.rest === 'any') return attributeTypes.map(someValues)
      return countsByType([...found.own, ...found.rest], rows)
    },
  }
}

/** A type may stand in a column and in rest: its rows are those of both. */
function countsByType(found: readonly CountedAttribute[], rows: number): ColumnFacts[] {
  const counts = new Map<AttributeType, number>()
  for (const { type, count } of found) counts.set(type, (counts.get(type) ?? 0) + count)
  return Array.from(counts, ([type, count]) => countFacts(type, count, rows))
}

function countFacts(type: ColumnType, count: number, rows: number): ColumnFacts {
  return { ...someValues(type), mightBePresent: count > 0, mightBeNull: count < rows }
}
