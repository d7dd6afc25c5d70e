import { searchGapBytesMax } from '../../src/limits.ts'
import type { Runtime } from '../../src/runtime.ts'
import { MissingObject } from '../../src/snapshot/missing-object.ts'
import type { FileEnd } from './open-file.ts'

/** Bytes of a file, and what to call them: of a column chunk, its path. */
export interface BytesPlace {
  readonly path: string
  readonly offset: number
  readonly bytes: number
}

/**
 * Column chunks of a file by path: neighbours come in one ranged read, those that lie in the `end` cost none. Throws
 * `MissingObject`.
 */
export async function readChunks(
  key: string,
  places: readonly BytesPlace[],
  { store }: Pick<Runtime, 'store'>,
  end?: FileEnd,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const chunks = new Map<string, Uint8Array>()
  const keep = (place: BytesPlace, bytes: Uint8Array, offset: number) => {
    const from = place.offset - offset
    chunks.set(place.path, bytes.subarray(from, from + place.bytes))
  }
  const missing = places.filter((place) => {
    if (end === undefined || place.offset < end.offset) return true
    keep(place, end.bytes, end.offset)
    return false
  })
  await Promise.all(
    coalesce(missing).map(async ({ offset, length, places: within }) => {
      const stored = await store.get(key, { offset, length })
      if (stored === undefined) throw new MissingObject(key)
      for (const place of within) keep(place, stored.body, offset)
    }),
  )
  return chunks
}

interface Range {
  readonly offset: number
  readonly length: number
  readonly places: readonly BytesPlace[]
}

/** A gap up to `searchGapBytesMax` costs less than another request. */
export function coalesce(places: readonly BytesPlace[]): Range[] {
  const ranges: Range[] = []
  for (const place of [...places].sort((a, b) => a.offset - b.offset)) {
    const last = ranges.at(-1)
    if (last !== undefined && place.offset - last.offset - last.length <= searchGapBytesMax) {
      const length = Math.max(last.length, place.offset + place.bytes - last.offset)
      ranges[ranges.length - 1] = { ...last, length, places: [...last.places, place] }
    } else ranges.push({ offset: place.offset, length: place.bytes, places: [place] })
  }
  return ranges
}
