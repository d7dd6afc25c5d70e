import type { CountedAttribute, FileColumns } from '../../src/index/day-list.ts'
import type { AttributeScope } from '../../src/layout/columns.ts'
import type { AttributeType } from '../../src/span/span-batch.ts'

/** An attribute key that some file has, in the types that its values are of. */
export interface KnownKey {
  readonly scope: AttributeScope
  readonly key: string
  /** Rows that have it. */
  readonly count: number
  readonly types: ReadonlyMap<AttributeType, KeyPlaces>
}

/** Whether some file has it in a column of its own, and whether some has it in its rest column. */
export interface KeyPlaces {
  readonly own: boolean
  readonly rest: boolean
}

/** The keys of all files together, the most frequent first. */
export function knownKeys(files: readonly ListedColumns[]): KnownKey[] {
  const found = new Map<string, { -readonly [Name in keyof KnownKey]: KnownKey[Name] }>()
  const add = ({ scope, key, type, count }: CountedAttribute, place: keyof KeyPlaces) => {
    const id = `${scope} ${key}`
    const known = found.get(id) ?? { scope, key, count: 0, types: new Map() }
    const places = known.types.get(type) ?? { own: false, rest: false }
    known.count += count
    known.types = new Map([...known.types, [type, { ...places, [place]: true }]])
    found.set(id, known)
  }
  for (const { own, rest } of files) {
    for (const one of own) add(one, 'own')
    for (const one of rest) add(one, 'rest')
  }
  return [...found.values()].sort((a, b) => b.count - a.count || (idOf(a) < idOf(b) ? -1 : 1))
}

/** `FileColumns` of a file that names all keys of its rest columns. */
export interface ListedColumns extends FileColumns {
  readonly rest: readonly CountedAttribute[]
}

function idOf({ scope, key }: KnownKey): string {
  return `${scope} ${key}`
}
