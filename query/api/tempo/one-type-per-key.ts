import type { AnyValueJson } from './any-value-json.ts'

export interface AttributeJson {
  readonly key: string
  readonly value: AnyValueJson
}

/**
 * The same lists of attributes; where a key has numbers in one and text in another, all its values are text. Grafana makes
 * one column of a key over all spans of a reply, and a column has one type: its first.
 */
export function oneTypePerKey(
  lists: readonly (readonly AttributeJson[])[],
): (attributes: readonly AttributeJson[]) => readonly AttributeJson[] {
  const kinds = new Map<string, string>()
  const mixed = new Set<string>()
  for (const { key, value } of lists.flat()) {
    const kind = columnKind(value)
    const known = kinds.get(key) ?? kind
    kinds.set(key, known)
    if (known !== kind) mixed.add(key)
  }
  if (mixed.size === 0) return (attributes) => attributes
  return (attributes) =>
    attributes.map(({ key, value }) => ({ key, value: mixed.has(key) ? asText(value) : value }))
}

/** Integers and floats share a column. */
function columnKind(value: AnyValueJson): string {
  if ('intValue' in value || 'doubleValue' in value) return 'number'
  return 'boolValue' in value ? 'bool' : 'text'
}

function asText(value: AnyValueJson): AnyValueJson {
  if ('intValue' in value) return { stringValue: value.intValue }
  if ('doubleValue' in value) return { stringValue: String(value.doubleValue) }
  return 'boolValue' in value ? { stringValue: String(value.boolValue) } : value
}
