import type { CountedAttribute, FileColumns } from '../index/day-list.ts'
import { type AttributeScope, metadataKeys } from '../layout/columns.ts'
import { restKeysMax } from '../limits.ts'
import { corrupt } from '../parquet/byte-reader.ts'
import type { KeyValues } from '../parquet/footer.ts'
import { type AttributeType, attributeTypes } from '../span/span-batch.ts'
import { freshFileVersion } from './fresh-tail.ts'

/** What an attribute column holds. */
export interface AttributeColumnInfo {
  readonly name: string
  readonly scope: AttributeScope
  readonly key: string
  readonly type: AttributeType
}

/** The same in all row groups' own footers, which say no counts: `spanlake.columns` as [name, scope, key, type]. */
export function groupKeyValues(own: readonly AttributeColumnInfo[]): KeyValues {
  return [
    [metadataKeys.version, String(freshFileVersion)],
    [
      metadataKeys.columns,
      JSON.stringify(own.map(({ name, scope, key, type }) => [name, scope, key, type])),
    ],
  ]
}

/**
 * Of the file's footer. `spanlake.columns`: [name, scope, key, type, rows that have it] a column; `spanlake.rest`:
 * [scope, key, type, rows] an attribute in the rest columns, the most frequent first, or "any" for more than
 * `restKeysMax`.
 */
export function fileKeyValues(
  own: readonly (AttributeColumnInfo & CountedAttribute)[],
  rest: readonly CountedAttribute[] | 'any',
): KeyValues {
  const columns = own.map(({ name, scope, key, type, count }) => [name, scope, key, type, count])
  const others =
    rest === 'any' || rest.length > restKeysMax
      ? 'any'
      : rest.map(({ scope, key, type, count }) => [scope, key, type, count])
  return [
    [metadataKeys.version, String(freshFileVersion)],
    [metadataKeys.columns, JSON.stringify(columns)],
    [metadataKeys.rest, JSON.stringify(others)],
  ]
}

/** The attributes that a file's rows have, by its footer: of its columns those with values. Throws kind `corrupt`. */
export function readFileColumns(keyValues: ReadonlyMap<string, string>): FileColumns {
  const own = listIn(keyValues, metadataKeys.columns).map((entry) =>
    countedOf(metadataKeys.columns, listOf(metadataKeys.columns, entry).slice(1)),
  )
  const rest = jsonIn(keyValues, metadataKeys.rest)
  if (rest === 'any') return { own: own.filter(({ count }) => count > 0), rest }
  return {
    own: own.filter(({ count }) => count > 0),
    rest: listOf(metadataKeys.rest, rest).map((entry) =>
      countedOf(metadataKeys.rest, listOf(metadataKeys.rest, entry)),
    ),
  }
}

/** From the key-value metadata of a file or of a row group. Throws kind `corrupt`. */
export function readAttributeColumns(
  keyValues: ReadonlyMap<string, string>,
): AttributeColumnInfo[] {
  return listIn(keyValues, metadataKeys.columns).map((entry) => {
    const [name, ...attribute] = listOf(metadataKeys.columns, entry)
    if (typeof name !== 'string') {
      throw corrupt(metadataKeys.columns, 'must hold [name, scope, key, type]')
    }
    return { name, ...attributeOf(metadataKeys.columns, attribute) }
  })
}

function attributeOf(
  name: string,
  [scope, key, type]: readonly unknown[],
): Omit<AttributeColumnInfo, 'name'> {
  if (typeof key !== 'string' || !isScope(scope) || !isType(type)) {
    throw corrupt(name, 'must name attributes by scope, key and type')
  }
  return { scope, key, type }
}

function countedOf(name: string, entry: readonly unknown[]): CountedAttribute {
  const count = entry[3]
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) {
    throw corrupt(name, 'must count the rows of each attribute')
  }
  return { ...attributeOf(name, entry), count }
}

function jsonIn(keyValues: ReadonlyMap<string, string>, key: string): unknown {
  try {
    return JSON.parse(keyValues.get(key) ?? '')
  } catch (cause) {
    throw corrupt(key, 'must be json', cause)
  }
}

function listIn(keyValues: ReadonlyMap<string, string>, key: string): readonly unknown[] {
  return listOf(key, jsonIn(keyValues, key))
}

function listOf(name: string, json: unknown): readonly unknown[] {
  if (Array.isArray(json)) return json
  throw corrupt(name, 'must be a list')
}

function isScope(scope: unknown): scope is AttributeScope {
  return scope === 'resource' || scope === 'scope' || scope === 'span'
}

function isType(type: unknown): type is AttributeType {
  return attributeTypes.some((known) => known === type)
}
