/** Says what is wrong with a value, by its place; nothing when it is what the client knows. */
export type Shape = (value: unknown, place: string) => string[]

const wrong = (value: unknown, place: string, rule: string) => [
  `${place || 'reply'} must be ${rule}, got ${JSON.stringify(value)?.slice(0, 80)}`,
]

const matching =
  (pattern: RegExp, rule: string): Shape =>
  (value, place) =>
    typeof value === 'string' && pattern.test(value) ? [] : wrong(value, place, rule)

export const text = matching(/^/, 'a string')
/** 64 bits as proto3's JSON has them. */
export const uint64 = matching(/^\d{1,20}$/, 'digits')
export const int64 = matching(/^-?\d{1,19}$/, 'a number in a string')
export const hexId = (digits: number) => matching(new RegExp(`^[0-9a-f]{${digits}}$`), 'hex')
export const base64 = matching(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2,3}={1,2})?$/, 'base64')
export const oneOf = (...words: readonly string[]) =>
  matching(new RegExp(`^(?:${words.join('|')})$`), `one of ${words.join(', ')}`)

export const bool: Shape = (value, place) =>
  typeof value === 'boolean' ? [] : wrong(value, place, 'true or false')

export const number: Shape = (value, place) =>
  typeof value === 'number' ? [] : wrong(value, place, 'a number')

export const count: Shape = (value, place) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? [] : wrong(value, place, 'a count')

export const nothing: Shape = (value, place) => (value === null ? [] : wrong(value, place, 'null'))

export const orNull =
  (shape: Shape): Shape =>
  (value, place) =>
    value === null ? [] : shape(value, place)

export const listOf =
  (shape: Shape, least = 0): Shape =>
  (value, place) => {
    if (!Array.isArray(value) || value.length < least) {
      return wrong(value, place, `a list of at least ${least}`)
    }
    return value.flatMap((item, i) => shape(item, `${place}[${i}]`))
  }

export const mapOf =
  (shape: Shape): Shape =>
  (value, place) =>
    isObject(value)
      ? Object.entries(value).flatMap(([key, item]) => shape(item, `${place}.${key}`))
      : wrong(value, place, 'an object')

/** No keys but these; those that end in a question mark may be missing. */
export const record =
  (fields: Readonly<Record<string, Shape>>): Shape =>
  (value, place) => {
    if (!isObject(value)) return wrong(value, place, 'an object')
    const known = new Map(Object.entries(fields).map(([name, shape]) => [bare(name), shape]))
    const unknown = Object.keys(value).filter((key) => !known.has(key))
    const missing = Object.keys(fields).filter((key) => !key.endsWith('?') && !(key in value))
    return [
      ...unknown.map((key) => `${place}.${key} is unknown`),
      ...missing.map((key) => `${place}.${key} is missing`),
      ...Object.entries(value).flatMap(
        ([key, item]) => known.get(key)?.(item, `${place}.${key}`) ?? [],
      ),
    ]
  }

/** An object of which exactly one of these is there. */
export const oneField =
  (fields: Readonly<Record<string, Shape>>): Shape =>
  (value, place) =>
    isObject(value) && Object.keys(value).length === 1
      ? record(Object.fromEntries(Object.entries(fields).map(([k, shape]) => [`${k}?`, shape])))(
          value,
          place,
        )
      : wrong(value, place, `one of ${Object.keys(fields).join(', ')}`)

function bare(name: string): string {
  return name.replace(/\?$/, '')
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
