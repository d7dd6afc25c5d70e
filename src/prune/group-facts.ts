import type { FileColumns } from '../index/day-list.ts'
import { type AttributeScope, fixedColumns } from '../layout/columns.ts'
import { type AttributeType, attributeTypes } from '../span/span-batch.ts'
import { type ColumnFacts, type Facts, someValues } from './column-facts.ts'
import type { ColumnType } from './condition.ts'

/** What a row group's footer says of it. */
export interface GroupStatistics {
  readonly rows: number
  /** By path; undefined: the group has no such column. */
  readonly chunk: (path: string) => ChunkStatistics | undefined
  /** Of its file: the attributes with columns of their own. */
  readonly attributes: readonly AttributeColumn[]
  /** Of its file: what else its rows have. */
  readonly rest: FileColumns['rest']
}

export interface AttributeColumn {
  readonly name: string
  readonly scope: AttributeScope
  readonly key: string
  readonly type: AttributeType
}

export interface ChunkStatistics {
  /** Undefined: not known. */
  readonly nulls: number | undefined
  readonly min: Uint8Array | undefined
  readonly max: Uint8Array | undefined
  /** As in `ColumnFacts`. */
  readonly mightHold?: ((plain: Uint8Array) => boolean) | undefined
}

/** What a row group's statistics tell. */
export function groupFacts(group: GroupStatistics): Facts {
  return {
    column(path, type) {
      const chunk = group.chunk(path)
      return chunk && chunkFacts(type, chunk, group.rows)
    },
    attribute(scope, key) {
      const own = group.attributes
        .filter((one) => one.scope === scope && one.key === key)
        .flatMap(({ name, type }) => {
          const chunk = group.chunk(name)
          return chunk === undefined ? [] : [chunkFacts(type, chunk, group.rows)]
        })
      return [...own, ...restFacts(group, scope, key)]
    },
  }
}

/** Where any row has a rest, it may be this key, in the types that the file knows it in. */
function restFacts(group: GroupStatistics, scope: AttributeScope, key: string): ColumnFacts[] {
  const chunk = group.chunk(restColumns[scope])
  if (chunk === undefined || chunk.nulls === group.rows) return []
  if (group.rest === 'any') return attributeTypes.map(someValues)
  return group.rest
    .filter((one) => one.scope === scope && one.key === key)
    .map(({ type }) => someValues(type))
}

const restColumns = {
  resource: fixedColumns.resourceRest,
  scope: fixedColumns.scopeRest,
  span: fixedColumns.spanRest,
} as const

function chunkFacts(type: ColumnType, chunk: ChunkStatistics, rows: number): ColumnFacts {
  const { nulls, min, max, mightHold } = chunk
  return {
    type,
    mightBePresent: nulls !== rows,
    mightBeNull: nulls !== 0,
    min,
    max,
    mightHold,
  }
}
