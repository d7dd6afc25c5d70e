/** Integers are bigints; the same number as a float is another value. */
export type TagScalar = string | bigint | number | boolean

/** Distinct values, as many as there may be and of as many bytes. */
export interface DistinctSet {
  readonly add: (value: TagScalar) => void
  /** In the order in which they came. */
  readonly all: () => readonly TagScalar[]
  readonly bytes: () => number
  /** What comes now is left out. */
  readonly isFull: () => boolean
}

export function distinctSet(valuesMax: number, bytesMax: number): DistinctSet {
  const values = new Set<TagScalar>()
  let bytes = 0
  let isFull = false
  return {
    add(value) {
      if (values.has(value)) return
      // UTF-16, and about what an entry of a set takes.
      const more = 32 + (typeof value === 'string' ? 2 * value.length : 0)
      if (isFull || values.size >= valuesMax || bytes + more > bytesMax) {
        isFull = true
        return
      }
      values.add(value)
      bytes += more
    },
    all: () => [...values],
    bytes: () => bytes,
    isFull: () => isFull,
  }
}
