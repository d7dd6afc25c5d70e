import { type AttributeScope, metadataKeys } from '../layout/columns.ts'
import { corrupt } from '../parquet/byte-reader.ts'
import { type AttributeType, attributeTypes } from '../span/span-batch.ts'

/** What an attribute column holds. */
export interface AttributeColumnInfo {
  readonly name: string
  readonly scope: AttributeScope
  readonly key: string
  readonly type: AttributeType
}

/** From a file's key-value metadata. Throws kind `corrupt`. */
export function readAttributeColumns(
  keyValues: ReadonlyMap<string, string>,
): AttributeColumnInfo[] {
  const json = parseColumns(keyValues.get(metadataKeys.columns))
  return json.map((entry: unknown) => {
    if (!Array.isArray(entry)) throw corrupt(metadataKeys.columns, 'must hold lists')
    const [name, scope, key, type]: unknown[] = entry
    if (typeof name !== 'string' || typeof key !== 'string' || !isScope(scope) || !isType(type)) {
      throw corrupt(metadataKeys.columns, 'must hold [name, scope, key, type]')
    }
    return { name, scope, key, type }
  })
}

function parseColumns(text: string | undefined): readonly unknown[] {
  try {
    const json: unknown = JSON.parse(text ?? '')
    if (Array.isArray(json)) return json
  } catch (cause) {
    throw corrupt(metadataKeys.columns, 'must be json', cause)
  }
  throw corrupt(metadataKeys.columns, 'must be a list')
}

function isScope(scope: unknown): scope is AttributeScope {
  return scope === 'resource' || scope === 'scope' || scope === 'span'
}

function isType(type: unknown): type is AttributeType {
  return attributeTypes.some((known) => known === type)
}
