import type { ColumnData, ColumnTable } from '../parquet/read-column.ts'

/** A value a row: 0 is null, else the table's entry plus 1. Booleans have no table: 1 is false, 2 true. */
export interface FlatColumn {
  readonly ids: Ids
  /** The one value of all rows. */
  readonly constant: number | undefined
  readonly table: ColumnTable
}

/** As narrow as the table allows: a merge holds a hundred columns of a hundred groups. */
export type Ids = Uint8Array | Uint16Array | Uint32Array

type IdBytes = 1 | 2 | 4

interface Placed {
  readonly name: string
  readonly idsAt: number
  /** 0: all rows have the one value. */
  readonly idBytes: 0 | IdBytes
  readonly startsAt: number
  readonly bytesAt: number
  readonly table: ColumnTable
}

/** Memory that one arena after the other is built in; none of it is in what they give. */
export interface ArenaScratch {
  arena: Uint8Array
}

/**
 * The flat columns of a row group in one piece of memory. In pieces of their own they would cost more in bookkeeping
 * than in bytes, and keep whole pages for a few entries.
 */
export class FlatArena {
  readonly #rows: number
  readonly #scratch: ArenaScratch
  #bytes: Uint8Array
  #length = 0
  readonly #placed: Placed[] = []

  constructor(rows: number, scratch: ArenaScratch) {
    this.#rows = rows
    this.#scratch = scratch
    this.#bytes = scratch.arena
  }

  /** Of all that was added. */
  get bytesLength(): number {
    return this.#length
  }

  /** Copies a column, unless it has no value. */
  add(name: string, column: ColumnData): void {
    if (column.count === 0) return
    const { table, entries, count } = column
    const values = table.width === 0 ? 2 : table.entries
    const idBytes: 0 | IdBytes = values === 1 && count === entries ? 0 : bytesFor(values)
    const idsAt = this.#take(entries * idBytes)
    if (idBytes !== 0) writeIds(viewOf(this.#bytes, idsAt, entries, idBytes), column)
    const { starts, bytes } = table
    const startsAt = this.#take(starts.byteLength)
    this.#bytes.set(new Uint8Array(starts.buffer, starts.byteOffset, starts.byteLength), startsAt)
    const bytesAt = this.#take(bytes.length)
    this.#bytes.set(bytes, bytesAt)
    this.#placed.push({ name, idsAt, idBytes, startsAt, bytesAt, table })
  }

  /** The columns, in `bytesLength` bytes or more of memory. */
  finish(memory: ArrayBuffer): ReadonlyMap<string, FlatColumn> {
    const bytes = new Uint8Array(memory)
    bytes.set(this.#bytes.subarray(0, this.#length))
    const ones = new Uint8Array(this.#rows).fill(1)
    return new Map(
      this.#placed.map(({ name, idsAt, idBytes, startsAt, bytesAt, table }) => [
        name,
        {
          ids: idBytes === 0 ? ones : viewOf(bytes, idsAt, this.#rows, idBytes),
          constant: idBytes === 0 ? 1 : undefined,
          table: {
            entries: table.entries,
            width: table.width,
            bytes: bytes.subarray(bytesAt, bytesAt + table.bytes.length),
            starts: new Uint32Array(bytes.buffer, startsAt, table.starts.length),
          },
        },
      ]),
    )
  }

  /** Where so many bytes may stand, aligned for words. */
  #take(bytes: number): number {
    const at = Math.ceil(this.#length / 4) * 4
    this.#length = at + bytes
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2))
      larger.set(this.#bytes)
      this.#bytes = larger
      this.#scratch.arena = larger
    }
    return at
  }
}

function bytesFor(values: number): IdBytes {
  if (values < 0xff) return 1
  return values < 0xffff ? 2 : 4
}

function viewOf({ buffer }: Uint8Array, at: number, length: number, idBytes: IdBytes): Ids {
  if (idBytes === 1) return new Uint8Array(buffer, at, length)
  return idBytes === 2 ? new Uint16Array(buffer, at, length) : new Uint32Array(buffer, at, length)
}

/** Ids plus 1 by row; `out` is written whole. */
function writeIds(out: Ids, { entries, count, definition, ids }: ColumnData): void {
  let next = 0
  if (count === entries) {
    for (let row = 0; row < entries; row++) out[row] = (ids === undefined ? row : ids[row]!) + 1
  } else if (ids === undefined) {
    for (let row = 0; row < entries; row++) out[row] = definition![row] === 1 ? ++next : 0
  } else {
    for (let row = 0; row < entries; row++) {
      out[row] = definition![row] === 1 ? ids[next++]! + 1 : 0
    }
  }
}
