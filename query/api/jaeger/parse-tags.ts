import { jaegerTagsMax } from '../../../src/limits.ts'
import { malformed } from './parse-parameters.ts'

type Tags = Map<string, string | undefined>

/**
 * The tags of a legacy search: `tag=key:value` or `tag=key`, then `tags={"key":"value"}`. Of a key that comes again the last
 * one holds, as in Jaeger.
 */
export function parseLegacyTags(simple: readonly string[], objects: readonly string[]): Tags {
  const tags: Tags = new Map()
  for (const text of simple) {
    const colon = text.indexOf(':')
    const key = colon < 0 ? text : text.slice(0, colon)
    tags.set(key, colon < 0 ? undefined : text.slice(colon + 1))
  }
  for (const text of objects) {
    for (const [key, value] of parseTagsObject('tags', text)) tags.set(key, value)
  }
  return checked('tags', tags)
}

/** A JSON object all of whose values are texts; nothing for an empty one. */
export function parseTagsObject(name: string, text: string): Tags {
  if (text === '') return new Map()
  const json = jsonOf(text)
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json)
  const entries = isObject ? Object.entries(json) : undefined
  if (entries?.every((entry): entry is [string, string] => typeof entry[1] === 'string')) {
    return checked(name, new Map(entries))
  }
  throw malformed(name, 'a json object with texts as its values', text)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function checked(name: string, tags: Tags): Tags {
  if (tags.size > jaegerTagsMax) {
    throw malformed(name, `at most ${jaegerTagsMax} tags`, `${tags.size}`)
  }
  for (const [key, value = ''] of tags) {
    if (key === '') throw malformed(name, 'keys with their values', `:${value}`)
    if (!key.isWellFormed() || !value.isWellFormed()) throw malformed(name, 'unicode text', key)
  }
  return tags
}
