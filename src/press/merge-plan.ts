import type { CountedAttribute, FileColumns } from '../index/day-list.ts'
import { type AttributeScope, fixedColumns as c } from '../layout/columns.ts'
import { type Leaf, leavesOf, type SchemaNode } from '../parquet/schema.ts'
import type { AttributeType } from '../span/span-batch.ts'
import { type AttributeColumnInfo, groupKeyValues } from './attribute-columns.ts'
import { chooseColumns } from './choose-columns.ts'
import type { GroupShape } from './lay-group.ts'
import { spanSchema } from './span-schema.ts'

/** The columns of all files that a merge writes. */
export interface MergePlan {
  readonly shape: GroupShape
  readonly attributes: readonly AttributeColumnInfo[]
  /** The flat columns that are held as places in tables, in the order of the schema. */
  readonly columns: readonly FlatTarget[]
  readonly columnOfName: ReadonlyMap<string, number>
  /** Where an attribute's values go, by `attributeId`; those not in it go to the rest columns. */
  readonly columnOfAttribute: ReadonlyMap<string, number>
  /** The place among the columns, or just behind them, that holds each row's `service.name`. */
  readonly serviceColumn: number
}

export interface FlatTarget {
  readonly name: string
  readonly kind: TargetKind
  readonly required: boolean
  /** An attribute that may have a bloom filter. */
  readonly bloom: boolean
}

export type TargetKind = 'strings' | 'int32' | 'uint32' | 'int64' | 'double' | 'bool'

export function attributeId(scope: AttributeScope, key: string, type: AttributeType): string {
  return `${scope} ${type} ${key}`
}

export const serviceNameId = attributeId('resource', 'service.name', 'string')

/** One schema for all that a merge writes, from what its inputs say of their `rows` rows. */
export function planMerge(inputs: readonly FileColumns[], rows: number): MergePlan {
  const { own } = chooseColumns(countTogether(inputs), rows)
  const attributes = own.map(({ name, scope, key, type }) => ({ name, scope, key, type }))
  const schema: SchemaNode[] = spanSchema(attributes, 'compacted')
  const leaves = leavesOf(schema)
  const attributeOf = new Map(attributes.map((attribute) => [attribute.name, attribute]))
  const columns = leaves
    .filter((leaf) => leaf.path.length === 1 && !wideColumns.has(leaf.path[0]!))
    .map((leaf) => targetOf(leaf, attributeOf.get(leaf.path[0]!)?.type))
  const columnOfName = new Map(columns.map(({ name }, i) => [name, i]))
  const columnOfAttribute = new Map(
    attributes.map(({ name, scope, key, type }) => [
      attributeId(scope, key, type),
      columnOfName.get(name)!,
    ]),
  )
  return {
    shape: { schema, leaves, keyValues: groupKeyValues(attributes) },
    attributes,
    columns,
    columnOfName,
    columnOfAttribute,
    serviceColumn: columnOfAttribute.get(serviceNameId) ?? columns.length,
  }
}

/** Those that are held by value, not by their place in a table. */
export const wideColumns: ReadonlySet<string> = new Set([
  c.traceId,
  c.spanId,
  c.parentSpanId,
  c.start,
  c.durationNs,
  c.end,
])

function targetOf(leaf: Leaf, attribute: AttributeType | undefined): FlatTarget {
  const [name] = leaf.path
  return {
    name: name!,
    kind: kindOf(leaf),
    required: leaf.definitionMax === 0,
    bloom: attribute === 'string' || attribute === 'int',
  }
}

function kindOf({ type, logical }: Leaf): TargetKind {
  if (type === 'BYTE_ARRAY') return 'strings'
  if (type === 'INT64') return 'int64'
  if (type === 'DOUBLE') return 'double'
  if (type === 'BOOLEAN') return 'bool'
  return logical === 'uint32' ? 'uint32' : 'int32'
}

/** Rest keys count as well as columns do, as far as files name them. */
function countTogether(inputs: readonly FileColumns[]): CountedAttribute[] {
  const counts = new Map<string, CountedAttribute>()
  for (const { own, rest } of inputs) {
    for (const attribute of rest === 'any' ? own : [...own, ...rest]) {
      const id = attributeId(attribute.scope, attribute.key, attribute.type)
      const count = attribute.count + (counts.get(id)?.count ?? 0)
      counts.set(id, { ...attribute, count })
    }
  }
  return [...counts.values()]
}
