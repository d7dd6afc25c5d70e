import { type AttributeScope, columnName, fixedColumns } from '../layout/columns.ts'
import { attributeColumnRowsPerValueMax, attributeColumnsMax } from '../limits.ts'
import type { AttributeType } from '../span/span-batch.ts'

/** What is asked of an attribute to decide over its column. */
export interface CountedName {
  readonly scope: AttributeScope
  readonly key: string
  readonly type: AttributeType
  /** Rows that have it. */
  readonly count: number
}

/**
 * Which attributes of `rows` rows get a column of their own, in the order of their names, and which share the rest
 * columns, the most frequent first.
 */
export function chooseColumns<T extends CountedName>(
  attributes: readonly T[],
  rows: number,
): { own: (T & { readonly name: string })[]; rest: T[] } {
  // The most frequent first, so that the bound on columns costs the fewest rows; ties in a fixed order.
  const byCount = [...attributes].sort((a, b) => b.count - a.count || compareNames(a, b))
  const taken = new Set<string>(Object.values(fixedColumns))
  const own: (T & { readonly name: string })[] = []
  const rest: T[] = []
  for (const attribute of byCount) {
    const name = columnName(attribute.scope, attribute.key, attribute.type)
    const frequent = attribute.count * attributeColumnRowsPerValueMax >= rows
    // Two attributes of one name: a collision of hashes, once in four billion pairs.
    if (frequent && own.length < attributeColumnsMax && !taken.has(name)) {
      taken.add(name)
      own.push({ ...attribute, name })
    } else rest.push(attribute)
  }
  return { own: own.sort(compareNames), rest }
}

function compareNames(a: CountedName, b: CountedName): number {
  const [left, right] = [`${a.scope} ${a.key} ${a.type}`, `${b.scope} ${b.key} ${b.type}`]
  return left < right ? -1 : left > right ? 1 : 0
}
