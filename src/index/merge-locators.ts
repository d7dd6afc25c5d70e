import { locatorBlockEntries, locatorBucketEntriesMax, locatorBytes } from '../limits.ts'
import type { Codec } from '../ports/codec.ts'
import {
  type BlockRange,
  blocksOf,
  decodeLocatorBlocks,
  type EncodedBucket,
  encodeLocatorBucket,
  type SpanFileName,
} from './locator-bucket.ts'
import { compareRecords, type LocatorRecords } from './locator-records.ts'
import type { LocatorSet } from './manifest.ts'

/** A set and its list of span files. */
export interface LocatorsToMerge {
  readonly set: LocatorSet
  readonly files: readonly SpanFileName[]
}

/** What a merge asks for, or has made. */
export type LocatorStep =
  | {
      readonly kind: 'read'
      readonly set: number
      readonly bucket: number
      readonly range: BlockRange
    }
  | { readonly kind: 'bucket'; readonly bucket: EncodedBucket }

/** Blocks of a set that are held at once: half a megabyte. */
const blocksHeld = 128

/**
 * Merges sets into one, in bounded memory: yields the blocks that it needs next and is given their bytes, and yields
 * each bucket as it is full. Locators into dropped files are left out; `filesOf` says which files the new set lists.
 */
export function* mergeLocators(
  sets: readonly LocatorsToMerge[],
  codec: Codec,
): Generator<LocatorStep, void, Uint8Array | undefined> {
  const files = filesOf(sets)
  const cursors: Cursor[] = []
  let firstFile = 0
  for (const [number, { set }] of sets.entries()) {
    const cursor = new Cursor(set, number, newNumbers(set, firstFile))
    firstFile += set.files - set.dropped.length
    yield* cursor.fill()
    cursors.push(cursor)
  }
  let out = new Uint8Array(locatorBucketEntriesMax * locatorBytes)
  let entries = 0
  const emit = function* (): Generator<LocatorStep, void, Uint8Array | undefined> {
    if (entries === 0) return
    const records = out.subarray(0, entries * locatorBytes)
    yield { kind: 'bucket', bucket: encodeLocatorBucket(records, files, codec) }
    out = new Uint8Array(out.length)
    entries = 0
  }
  for (;;) {
    const least = leastOf(cursors)
    if (least === undefined) break
    if (entries === locatorBucketEntriesMax) yield* emit()
    least.copyTo(out, entries++)
    least.at++
    if (least.at === least.count) yield* least.fill()
  }
  yield* emit()
}

/** The span files that the merged set lists: those of the sets that are not dropped, one after the other. */
export function filesOf(sets: readonly LocatorsToMerge[]): SpanFileName[] {
  return sets.flatMap(({ set, files }) => {
    const dropped = new Set(set.dropped)
    return files.filter((_, number) => !dropped.has(number))
  })
}

/** By old number the new one; -1 for a dropped file. */
function newNumbers({ files, dropped }: LocatorSet, first: number): Int32Array {
  const gone = new Set(dropped)
  let next = first
  return Int32Array.from({ length: files }, (_, number) => (gone.has(number) ? -1 : next++))
}

/** Sets are few: looking at each is as fast as a heap. */
function leastOf(cursors: readonly Cursor[]): Cursor | undefined {
  let least: Cursor | undefined
  for (const cursor of cursors) {
    if (cursor.at === cursor.count) continue
    if (!least || compareRecords(cursor.records, cursor.at, least.records, least.at) < 0)
      least = cursor
  }
  return least
}

/** Reads a set from its first record to its last, without those of dropped files. */
class Cursor {
  records: LocatorRecords = new Uint8Array(0)
  at = 0
  count = 0
  readonly #set: LocatorSet
  readonly #number: number
  readonly #files: Int32Array
  #bucket = 0
  #block = 0

  constructor(set: LocatorSet, number: number, files: Int32Array) {
    this.#set = set
    this.#number = number
    this.#files = files
  }

  /** Makes `records` hold the next ones; `count` is 0 at the end. */
  *fill(): Generator<LocatorStep, void, Uint8Array | undefined> {
    this.at = 0
    this.count = 0
    while (this.count === 0) {
      const bucket = this.#set.buckets[this.#bucket]
      if (bucket === undefined) return
      const to = Math.min(this.#block + blocksHeld, blocksOf(bucket.entries))
      const range = { from: this.#block, to }
      const bytes = yield { kind: 'read', set: this.#number, bucket: this.#bucket, range }
      const name = `locators ${bucket.name}`
      this.records = decodeLocatorBlocks(bytes ?? new Uint8Array(0), range, bucket.entries, name)
      this.#keepLive()
      this.#block = to
      if (to * locatorBlockEntries >= bucket.entries) {
        this.#bucket++
        this.#block = 0
      }
    }
  }

  copyTo(out: Uint8Array, entry: number): void {
    const from = this.at * locatorBytes
    out.set(this.records.subarray(from, from + locatorBytes), entry * locatorBytes)
  }

  /** Moves the records of live files together, with their new numbers. */
  #keepLive(): void {
    const { records } = this
    const view = new DataView(records.buffer, records.byteOffset, records.length)
    for (let from = 0; from < records.length; from += locatorBytes) {
      const file = this.#files[view.getUint32(from + 20, true)] ?? -1
      if (file < 0) continue
      const to = this.count * locatorBytes
      if (to !== from) records.copyWithin(to, from, from + locatorBytes)
      view.setUint32(to + 20, file, true)
      this.count++
    }
  }
}
