import { SpanlakeError } from '../errors.ts'
import type { FileColumns } from '../index/day-list.ts'
import { fixedColumns as c } from '../layout/columns.ts'
import { mergeOpenRowsMax, mergeReadAheadBytes } from '../limits.ts'
import { corrupt } from '../parquet/byte-reader.ts'
import type { Codec } from '../ports/codec.ts'
import { type BufferPool, bufferPool } from './buffer-pool.ts'
import { dropRepeats } from './drop-repeats.ts'
import { type HeldGroup, holdGroup } from './held-group.ts'
import { MergePartition } from './merge-partition.ts'
import { type MergePlan, planMerge } from './merge-plan.ts'
import { type HeldInput, isStuck, type MergeWindow, nextWindow } from './merge-window.ts'
import { type GroupColumns, type GroupScratch, groupScratch, readGroup } from './read-group.ts'
import { compareKeys, keyWords, traceWords } from './row-keys.ts'
import type { MergedFile } from './span-file-writer.ts'
import { int32At } from './span-of-row.ts'

export type { MergedFile } from './span-file-writer.ts'
export type { TracePlaces } from './trace-rows.ts'

/** A fresh file or a span file that is merged. */
export interface MergeInput {
  /** In the order of the file. */
  readonly groups: readonly MergeInputGroup[]
  /** From the file's footer: `readFileColumns`. */
  readonly columns: FileColumns
  /** Rows that are not to be kept, by the place of their envelope in the file's list. */
  readonly dropEnvelopes?: ReadonlySet<number>
  /** The same by number in the file. */
  readonly dropRows?: ReadonlySet<number>
}

export interface MergeInputGroup {
  /** The chunks and the group's own footer behind them. */
  readonly offset: number
  readonly bytes: number
  readonly rows: number
  /** Where it is known, two groups of one input need not be held at once. */
  readonly minTraceId?: Uint8Array
}

/** A range of an input, by its place in the list. */
export interface GroupRead {
  readonly input: number
  readonly offset: number
  readonly length: number
}

export interface MergeOptions {
  readonly codec: Codec
  /** How many outputs lie beside each other, and which takes a trace that first starts at `startNs`, signed. */
  readonly partitions: number
  readonly partitionOf: (startNs: bigint) => number
  /** A file ends before it is larger, between two traces. */
  readonly fileBytesMax: number
  /** Makes the tables' hashes unforeseeable to senders. */
  readonly hashSeed?: number
}

export interface MergeResult {
  /** By partition, then trace id; of one partition no two hold the same trace, unless it fills more than a file. */
  readonly files: readonly MergedFile[]
  readonly rowsRead: number
  /** Left out because the input said so, and because another copy stays. */
  readonly rowsDropped: number
  readonly repeatsDropped: number
}

/**
 * Merges files with different columns into span files: whole traces side by side, one copy of repeats, columns chosen
 * anew from the counts of all inputs. Yields the reads it needs next, is given their bytes in the same order, and holds
 * one decoded group an input (two while a trace crosses from one to the next). Throws kind `corrupt` for broken inputs.
 */
export function* mergeSpans(
  inputs: readonly MergeInput[],
  options: MergeOptions,
): Generator<readonly GroupRead[], MergeResult, readonly Uint8Array[]> {
  const sizes = inputs.flatMap(({ groups }) => groups)
  const rowsRead = sizes.reduce((sum, { rows }) => sum + rows, 0)
  const bytes = sizes.reduce((sum, group) => sum + group.bytes, 0)
  const plan = planMerge(
    inputs.map(({ columns }) => columns),
    rowsRead,
  )
  const shared = { plan, codec: options.codec, scratch: groupScratch(), pool: bufferPool() }
  const readers = inputs.map((input, i) => new InputReader(input, i, shared))
  const output = new MergeOutput(plan, options, bytes)
  for (;;) {
    yield* readOn(readers)
    const window = nextWindow(readers)
    if (window.groups.length === 0) break
    output.add(window)
    for (const reader of readers) {
      for (const group of reader.passed()) {
        output.release(group)
        for (const memory of group.columns.memory) shared.pool.give(memory)
      }
    }
  }
  const rowsDropped = readers.reduce((sum, reader) => sum + reader.rowsDropped, 0)
  return { files: output.finish(), rowsRead, rowsDropped, repeatsDropped: output.repeatsDropped }
}

/** Reads for every input that can go no further, and ahead for others while the store is asked anyway. */
function* readOn(
  readers: readonly InputReader[],
): Generator<readonly GroupRead[], void, readonly Uint8Array[]> {
  for (;;) {
    const stuck = readers.filter((reader) => isStuck(reader, readers))
    if (stuck.length === 0) return
    const waiting = stuck.filter(({ ahead }) => ahead === undefined)
    if (waiting.length > 0) {
      const asked = [...waiting, ...worthReadingAhead(readers, waiting)]
      const answers = yield asked.map((reader) => reader.nextRead())
      for (const [i, reader] of asked.entries()) reader.ahead = answers[i]
    }
    for (const reader of stuck) reader.hold()
  }
}

function worthReadingAhead(
  readers: readonly InputReader[],
  waiting: readonly InputReader[],
): InputReader[] {
  let bytes = readers.reduce((sum, { ahead }) => sum + (ahead?.length ?? 0), 0)
  return readers.filter((reader) => {
    if (reader.ahead !== undefined || waiting.includes(reader) || !reader.hasMore) return false
    bytes += reader.nextRead().length
    return bytes <= mergeReadAheadBytes
  })
}

const envelopeColumn: ReadonlySet<string> = new Set([c.envelope])

interface SharedByReaders {
  readonly plan: MergePlan
  readonly codec: Codec
  readonly scratch: GroupScratch
  readonly pool: BufferPool
}

/** One input: its groups one after the other. */
class InputReader implements HeldInput {
  readonly held: HeldGroup[] = []
  /** The next group's bytes, read but not decoded. */
  ahead: Uint8Array | undefined
  rowsDropped = 0
  readonly #input: MergeInput
  readonly #number: number
  readonly #shared: SharedByReaders
  #next = 0
  #firstRow = 0

  constructor(input: MergeInput, number: number, shared: SharedByReaders) {
    this.#input = input
    this.#number = number
    this.#shared = shared
  }

  get hasMore(): boolean {
    return this.#next < this.#input.groups.length
  }

  get nextTraceId(): Uint8Array | undefined {
    const next = this.#input.groups[this.#next]
    if (next === undefined) return undefined
    const last = this.held.at(-1)?.columns
    if (next.minTraceId !== undefined || last === undefined) {
      return next.minTraceId ?? new Uint8Array(16)
    }
    return last.traceIds.subarray(last.rows * 16 - 16, last.rows * 16)
  }

  nextRead(): GroupRead {
    const { offset, bytes } = this.#input.groups[this.#next]!
    return { input: this.#number, offset, length: bytes }
  }

  /** Decodes the group whose bytes were read. */
  hold(): void {
    const group = this.#input.groups[this.#next++]!
    const without = this.#input.dropEnvelopes?.size ? undefined : envelopeColumn
    const { plan, ...shared } = this.#shared
    const columns = readGroup(this.ahead!, group, { ...shared, without })
    if (columns.rows !== group.rows || columns.rows === 0) {
      throw corrupt('row group', `must have ${group.rows} rows, has ${columns.rows}`)
    }
    this.ahead = undefined
    const dropped = this.#droppedOf(columns)
    for (const drop of dropped ?? []) this.rowsDropped += drop
    this.#firstRow += columns.rows
    this.held.push(holdGroup(this.#number, columns, plan, dropped))
  }

  /** Takes the groups that are merged to their last row. */
  passed(): HeldGroup[] {
    const done = this.held.filter(({ position, columns }) => position === columns.rows)
    for (const group of done) this.held.splice(this.held.indexOf(group), 1)
    return done
  }

  #droppedOf({ rows, flat }: GroupColumns): Uint8Array | undefined {
    const { dropEnvelopes, dropRows } = this.#input
    if (!dropEnvelopes?.size && !dropRows?.size) return undefined
    const dropped = new Uint8Array(rows)
    const envelope = flat.get(c.envelope)
    for (let row = 0; row < rows; row++) {
      const place = (envelope?.ids[row] ?? 0) - 1
      if (
        dropRows?.has(this.#firstRow + row) ||
        (place >= 0 && dropEnvelopes?.has(int32At(envelope!.table, place)))
      ) {
        dropped[row] = 1
      }
    }
    return dropped
  }
}

/** Where the windows go: each trace to its partition. */
class MergeOutput {
  repeatsDropped = 0
  readonly #partitions: readonly MergePartition[]
  readonly #options: MergeOptions
  #lastKey: Uint32Array | undefined
  #lastPartition: MergePartition | undefined

  constructor(plan: MergePlan, options: MergeOptions, bytes: number) {
    const { codec, fileBytesMax, hashSeed = 0, partitions } = options
    this.#options = options
    const bytesExpected = Math.ceil((bytes / partitions) * 1.1) + 64 * 1024
    this.#partitions = Array.from(
      { length: partitions },
      (_, partition) =>
        new MergePartition({ partition, plan, codec, fileBytesMax, bytesExpected, hashSeed }),
    )
  }

  add(window: MergeWindow): void {
    const { keys } = window
    const rows = dropRepeats(window)
    this.repeatsDropped += window.order.length - rows.length
    for (let from = 0; from < rows.length; ) {
      const first = rows[from]! * keyWords
      let to = from + 1
      while (to < rows.length && sameTrace(keys, first, keys, rows[to]! * keyWords)) to++
      const goesOn = this.#lastKey !== undefined && sameTrace(keys, first, this.#lastKey, 0)
      if (!goesOn) {
        this.#bound()
        this.#lastPartition = this.#partitionOf(keys, first)
      }
      this.#lastPartition!.addTrace(window, rows, from, to, goesOn)
      if (to === rows.length || from === 0) this.#checkOrder(keys, first)
      from = to
    }
  }

  /** Inputs in order give windows in order. */
  #checkOrder(keys: Uint32Array, at: number): void {
    if (this.#lastKey !== undefined && compareKeys(keys, at, this.#lastKey, 0, traceWords) < 0) {
      throw corrupt('row group', 'must have its rows in order')
    }
    this.#lastKey = keys.slice(at, at + keyWords)
  }

  #partitionOf(keys: Uint32Array, at: number): MergePartition {
    const startNs = (BigInt((keys[at + 4]! ^ 0x8000_0000) | 0) << 32n) | BigInt(keys[at + 5]!)
    const partition = this.#options.partitionOf(startNs)
    const found = this.#partitions[partition]
    if (found === undefined) {
      const known = this.#partitions.length
      throw new SpanlakeError('internal', `partition must be below ${known}, got ${partition}`)
    }
    return found
  }

  /** Between traces: ends the largest group early when all that are open hold too much together. */
  #bound(): void {
    let rows = 0
    let largest = this.#partitions[0]
    for (const partition of this.#partitions) {
      rows += partition.openRows
      if (partition.openRows > (largest?.openRows ?? 0)) largest = partition
    }
    if (rows > mergeOpenRowsMax) largest?.writeGroup()
  }

  /** Before a group is let go: what is to be copied of it is copied. */
  release(group: HeldGroup): void {
    for (const partition of this.#partitions) partition.release(group)
  }

  finish(): MergedFile[] {
    return this.#partitions.flatMap((partition) => partition.finish())
  }
}

function sameTrace(a: Uint32Array, aFrom: number, b: Uint32Array, bFrom: number): boolean {
  return compareKeys(a, aFrom, b, bFrom, traceWords) === 0
}
