import { columnCacheBytesMax } from '../limits.ts'
import type { ColumnData } from '../parquet/read-column.ts'

/**
 * Decoded column chunks by the key of their file and their place in it, within a bound of bytes; those used least recently
 * make room. Files never change. Nobody writes into a column.
 */
export interface ColumnCache {
  get(key: string, offset: number): ColumnData | undefined
  hold(key: string, offset: number, column: ColumnData): void
}

export function columnCache(bytesMax: number = columnCacheBytesMax): ColumnCache {
  // In the order of last use.
  const held = new Map<string, { readonly column: ColumnData; readonly bytes: number }>()
  let bytes = 0

  function drop(name: string): void {
    bytes -= held.get(name)?.bytes ?? 0
    held.delete(name)
  }

  return {
    get(key, offset) {
      const name = `${offset} ${key}`
      const known = held.get(name)
      if (known === undefined) return undefined
      held.delete(name)
      held.set(name, known)
      return known.column
    },
    hold(key, offset, column) {
      const own = ownColumn(column)
      const size = bytesOf(own)
      const name = `${offset} ${key}`
      drop(name)
      if (size > bytesMax) return
      held.set(name, { column: own, bytes: size })
      bytes += size
      for (const oldest of held.keys()) {
        if (bytes <= bytesMax) break
        drop(oldest)
      }
    },
  }
}

/** Values of a page that is not compressed lie in the range that was read: that would all be held for a part of it. */
function ownColumn(column: ColumnData): ColumnData {
  const { bytes } = column.table
  if (bytes.buffer.byteLength <= 2 * bytes.length + 4_096) return column
  return { ...column, table: { ...column.table, bytes: bytes.slice() } }
}

/** What it takes in memory, about. */
function bytesOf({ definition, repetition, ids, table }: ColumnData): number {
  const arrays = [definition, repetition, ids, table.bytes, table.starts]
  return arrays.reduce((sum, array) => sum + (array?.buffer.byteLength ?? 0), 400)
}
