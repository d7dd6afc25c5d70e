import { rowGroupBytesMax, rowGroupRowsMax } from '../limits.ts'
import type { Codec } from '../ports/codec.ts'
import { grown } from '../span/string-table.ts'
import { encodeGroups } from './encode-groups.ts'
import type { HeldGroup } from './held-group.ts'
import type { EncodedGroup } from './lay-group.ts'
import type { MergePlan } from './merge-plan.ts'
import type { MergeWindow } from './merge-window.ts'
import { moveRows } from './move-rows.ts'
import { OpenGroup } from './open-group.ts'
import { footerBytesPerChunk, type MergedFile, SpanFileWriter } from './span-file-writer.ts'

export interface MergePartitionOptions {
  readonly partition: number
  readonly plan: MergePlan
  readonly codec: Codec
  readonly fileBytesMax: number
  /** What the files of this partition may come to, for their first buffer. */
  readonly bytesExpected: number
  readonly hashSeed: number
}

/** A trace in one group is up to so many times `rowGroupRowsMax`; a longer one is cut. */
const traceRowsMax = rowGroupRowsMax * 4

/** Rows of a held group that have a place in the open one and are not yet copied. */
interface RowList {
  rows: Uint32Array
  places: Uint32Array
  length: number
}

/** One of the outputs that lie beside each other: rows come in order, whole files go out. */
export class MergePartition {
  readonly files: MergedFile[] = []
  readonly #options: MergePartitionOptions
  readonly #open: OpenGroup
  readonly #lists = new Map<HeldGroup, RowList>()
  #file: SpanFileWriter | undefined
  #rowsTarget = rowGroupRowsMax
  /** The first row of the open group belongs to a trace that the file holds already. */
  #goesOn = false

  constructor(options: MergePartitionOptions) {
    this.#options = options
    this.#open = new OpenGroup(options.plan, options.hashSeed)
  }

  /** Rows that are in no group yet. */
  get openRows(): number {
    return this.#open.rows
  }

  /** Adds rows [from, to) of those given, of one trace; `goesOn`: the rows before these were of the same one. */
  addTrace(
    window: MergeWindow,
    rows: Uint32Array,
    from: number,
    to: number,
    goesOn: boolean,
  ): void {
    const open = this.#open
    if (!goesOn && open.rows > 0 && open.rows + to - from > this.#rowsTarget) this.writeGroup()
    for (let at = from; at < to; ) {
      const isCut = open.rows > 0 && open.rows >= traceRowsMax
      if (isCut) this.writeGroup(evenBounds(open.rows, rowGroupRowsMax))
      const end = Math.min(to, at + traceRowsMax - open.rows)
      if (open.rows === 0) this.#goesOn = goesOn || at > from
      if (open.rows === 0 || (!goesOn && at === from)) open.traceFirsts.push(open.rows)
      this.#place(window, rows, at, end)
      at = end
    }
  }

  #place({ groups, sources, rows }: MergeWindow, chosen: Uint32Array, from: number, to: number) {
    const open = this.#open
    let place = open.rows
    open.grow(open.rows + to - from)
    for (let i = from; i < to; i++) {
      const row = chosen[i]!
      const list = this.#listOf(groups[sources[row]!]!)
      if (list.length === list.rows.length) {
        list.rows = grown(list.rows, list.length + 1)
        list.places = grown(list.places, list.length + 1)
      }
      list.rows[list.length] = rows[row]!
      list.places[list.length++] = place++
    }
  }

  #listOf(held: HeldGroup): RowList {
    const known = this.#lists.get(held)
    if (known !== undefined) return known
    const list = { rows: new Uint32Array(64), places: new Uint32Array(64), length: 0 }
    this.#lists.set(held, list)
    return list
  }

  /** Copies what is still to be copied of a held group, which may go afterwards. */
  release(held: HeldGroup): void {
    const list = this.#lists.get(held)
    if (list === undefined) return
    this.#lists.delete(held)
    const moves = {
      rows: list.rows.subarray(0, list.length),
      places: list.places.subarray(0, list.length),
    }
    moveRows(this.#open, held, moves, this.#options.plan)
  }

  /** Ends the open group, if it has rows, as one row group or as several. */
  writeGroup(bounds: readonly number[] = [0, this.#open.rows]): void {
    const open = this.#open
    if (open.rows === 0) return
    for (const held of [...this.#lists.keys()]) this.release(held)
    const { plan, codec } = this.#options
    const traces = [...open.traceFirsts, open.rows]
    const columns = () => open.columns()
    const groups = encodeGroups(columns, { leaves: plan.shape.leaves, traces, bounds, codec })
    this.#append(groups)
    open.clear()
  }

  #append(groups: readonly EncodedGroup[]): void {
    const bytes = groups.reduce((sum, { chunks }) => sum + bytesOf(chunks), 0)
    const { rows } = this.#open
    // Groups are encoded twice when they come out too large: the next ones begin with what this one taught.
    const fitting = Math.floor((rows * rowGroupBytesMax * 0.95) / Math.max(bytes, 1))
    this.#rowsTarget = Math.max(1, Math.min(rowGroupRowsMax, fitting))
    const { fileBytesMax } = this.#options
    // A trace that fills more than a file is cut between files too: what is held has to end somewhere.
    const most = this.#goesOn ? fileBytesMax * 2 : fileBytesMax
    const { plan, codec, bytesExpected } = this.#options
    const footerBytes = groups.length * plan.shape.leaves.length * footerBytesPerChunk
    const added = bytes + footerBytes
    if (this.#file !== undefined && this.#file.bytes + added > most) this.#endFile()
    this.#file ??= new SpanFileWriter(plan, codec, Math.min(bytesExpected, fileBytesMax))
    this.#file.append(groups, this.#open)
  }

  #endFile(): void {
    if (this.#file !== undefined) this.files.push(this.#file.finish(this.#options.partition))
    this.#file = undefined
  }

  finish(): readonly MergedFile[] {
    this.writeGroup()
    this.#endFile()
    return this.files
  }
}

function bytesOf(chunks: readonly { readonly bytes: Uint8Array }[]): number {
  return chunks.reduce((sum, { bytes }) => sum + bytes.length, 0)
}

function evenBounds(rows: number, rowsMax: number): number[] {
  const bounds = [0]
  while (bounds.at(-1)! < rows) bounds.push(Math.min(bounds.at(-1)! + rowsMax, rows))
  return bounds
}
