import { keyHash } from '../../src/layout/columns.ts'
import { type AttributeType, attributeTypes } from '../../src/span/span-batch.ts'
import { restColumns } from '../search/column-paths.ts'
import type { KnownKey } from './known-keys.ts'
import {
  fixed,
  quoted,
  type SourceColumn,
  type SourceRef,
  type ViewColumn,
} from './source-column.ts'

export interface AttributeViewColumn extends ViewColumn {
  readonly of: KnownKey
  /** Only for those who name it: `*` has the key under its first name. */
  readonly isAlias: boolean
}

/**
 * The columns of `spans` that attributes make, under scope and true key: `resource.service.name`. A key whose values are
 * of one type has that type, else it is text, and `:int`, `:string` and so on behind the name are the values of one type
 * alone. SQL does not tell names apart by case: of keys that differ in nothing else, the name means the one in lower case,
 * or else the first; each key with capitals is also there with `#` and its hash behind, which always means it alone.
 */
export function attributeViewColumns(keys: readonly KnownKey[]): AttributeViewColumn[] {
  const columns: AttributeViewColumn[] = []
  const taken = new Set<string>()
  const add = (name: string, column: Omit<AttributeViewColumn, 'name'>) => {
    const folded = name.toLowerCase()
    if (taken.has(folded)) return false
    taken.add(folded)
    columns.push({ name, ...column })
    return true
  }
  const byPreference = [...keys].sort(
    (a, b) => Number(isFolded(b)) - Number(isFolded(a)) || (a.key < b.key ? -1 : 1),
  )
  const named = byPreference.map((of) => {
    const [name, hashed] = [nameOf(of), hashedNameOf(of)]
    const first = !name.includes('\0') && add(name, { ...columnOf(of), isAlias: false })
    return { of, names: first ? [name] : [], hashed }
  })
  // True keys come before all names that we make up.
  for (const { of, names, hashed } of named) {
    if (names.length > 0 && isFolded(of)) continue
    if (add(hashed, { ...columnOf(of), isAlias: names.length > 0 })) names.push(hashed)
  }
  for (const { of, names } of named) {
    for (const name of names) {
      for (const type of attributeTypes) {
        add(`${name}:${type}`, { ...typedColumnOf(of, type), isAlias: true })
      }
    }
  }
  return columns
}

function nameOf({ scope, key }: KnownKey): string {
  return `${scope}.${key}`
}

/** No name in SQL may hold a NUL. */
function hashedNameOf(of: KnownKey): string {
  return `${nameOf(of).replaceAll('\0', '\ufffd')}#${keyHash(of.scope, of.key)}`
}

function isFolded({ key }: KnownKey): boolean {
  return key === key.toLowerCase()
}

const sqlTypes: Readonly<Record<AttributeType, string>> = {
  string: 'VARCHAR',
  int: 'BIGINT',
  double: 'DOUBLE',
  bool: 'BOOLEAN',
  json: 'VARCHAR',
}

type Unnamed = Omit<AttributeViewColumn, 'name' | 'isAlias'>

function columnOf(of: KnownKey): Unnamed {
  const [only, ...more] = of.types.keys()
  if (only !== undefined && more.length === 0) return typedColumnOf(of, only)
  // A text in quotes would not be the text: scalars first, JSON is what none of them is.
  const types = attributeTypes.filter((type) => of.types.has(type))
  const typed = types.map((type) => typedColumnOf(of, type))
  return {
    of,
    type: 'VARCHAR',
    sources: typed.flatMap(({ sources }) => sources),
    sql: (ref) => {
      const texts = typed.flatMap(({ type, sql }) => {
        const value = sql(ref)
        if (value === undefined) return []
        return [type === 'VARCHAR' ? value : `CAST(${value} AS VARCHAR)`]
      })
      return coalesced(texts)
    },
  }
}

/** The values of one type. */
function typedColumnOf(of: KnownKey, type: AttributeType): Unnamed {
  const { scope, key } = of
  const places = of.types.get(type)
  const own: SourceColumn = { kind: 'attribute', scope, key, type }
  const rest = fixed(restColumns[scope])
  return {
    of,
    type: sqlTypes[type],
    sources: [...(places?.own ? [own] : []), ...(places?.rest ? [rest] : [])],
    sql: (ref) => {
      const column = places?.own ? ref(own) : undefined
      const others = places?.rest ? restSql(ref, rest, key, type) : undefined
      return coalesced([column, others].filter((one) => one !== undefined))
    },
  }
}

function coalesced(values: readonly string[]): string | undefined {
  const [only, ...more] = values
  return more.length === 0 ? only : `coalesce(${values.join(', ')})`
}

/** Rest columns hold objects: key → OTLP/JSON AnyValue. Pointers (RFC 6901) can name any key. */
function restSql(
  ref: SourceRef,
  rest: SourceColumn,
  key: string,
  type: AttributeType,
): string | undefined {
  const column = ref(rest)
  if (column === undefined) return undefined
  const pointer = `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
  const member = (name: string) =>
    `json_extract_string(${column}, ${pointerSql(`${pointer}/${name}`)})`
  if (type === 'json') {
    const scalars = Object.values(scalarMembers).map((name) => `${member(name)} IS NULL`)
    const whole = `json_extract(${column}, ${pointerSql(pointer)})`
    return `CASE WHEN ${scalars.join(' AND ')} THEN CAST(${whole} AS VARCHAR) END`
  }
  const text = member(scalarMembers[type])
  return type === 'string' ? text : `CAST(${text} AS ${sqlTypes[type]})`
}

const scalarMembers = {
  string: 'stringValue',
  int: 'intValue',
  double: 'doubleValue',
  bool: 'boolValue',
} as const

function pointerSql(pointer: string): string {
  return pointer.split('\0').map(quoted).join(' || chr(0) || ')
}
