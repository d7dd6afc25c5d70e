import { rowGroupBytesMax } from '../limits.ts'
import { bloomFilter } from '../parquet/bloom.ts'
import type { Leaf } from '../parquet/schema.ts'
import { type EncodedChunk, encodeChunk } from '../parquet/write-chunk.ts'
import type { Codec } from '../ports/codec.ts'
import { splitGroups } from './cut-groups.ts'
import type { EncodedGroup } from './lay-group.ts'
import type { SpanColumn } from './span-columns.ts'
import { bloomKeys } from './value-table.ts'

export interface EncodeGroupsOptions {
  /** Of the columns, in the same order. */
  readonly leaves: readonly Leaf[]
  /** The first places of the traces, and the end. */
  readonly traces: readonly number[]
  /** Where the groups begin, and the end. */
  readonly bounds: readonly number[]
  readonly codec: Codec
}

/** Encodes row groups; those that come out too large are cut in smaller ones and encoded again. */
export function encodeGroups(
  columns: () => readonly SpanColumn[],
  { leaves, traces, codec, ...options }: EncodeGroupsOptions,
): EncodedGroup[] {
  let { bounds } = options
  for (;;) {
    const chunks = bounds.slice(1).map((): EncodedChunk[] => [])
    const blooms = chunks.map((): (Uint8Array | undefined)[] => [])
    const nulls = nullChunks(codec)
    // Column by column, not group by group: what is gathered for a column is held while its turn lasts.
    for (const [i, column] of columns().entries()) {
      const leaf = leaves[i]!
      if (column.isEmpty) {
        for (const [group, of] of chunks.entries()) {
          of.push(nulls(leaf, bounds[group + 1]! - bounds[group]!))
          blooms[group]!.push(undefined)
        }
        continue
      }
      const make = column.gather()
      for (const [group, of] of chunks.entries()) {
        const input = make(leaf, bounds[group]!, bounds[group + 1]!)
        of.push(encodeChunk(input, codec))
        const { bloomTable } = column
        blooms[group]!.push(
          bloomTable && input.distinct && bloomFilter(bloomKeys(bloomTable, input.distinct)),
        )
      }
    }
    const bytes = chunks.map((of) => of.reduce((sum, chunk) => sum + chunk.bytes.length, 0))
    const smaller = splitGroups(bounds, traces, bytes, rowGroupBytesMax)
    if (smaller === undefined) {
      return chunks.map((of, i) => ({
        from: bounds[i]!,
        to: bounds[i + 1]!,
        chunks: of,
        blooms: blooms[i]!,
      }))
    }
    bounds = smaller
  }
}

/** Chunks of nothing but nulls, which are all alike: a file may have hundreds in each group. */
function nullChunks(codec: Codec): (leaf: Leaf, rows: number) => EncodedChunk {
  const made = new Map<number, EncodedChunk>()
  return (leaf, rows) => {
    const known = made.get(rows)
    if (known !== undefined) return known
    const chunk = encodeChunk(
      {
        leaf,
        rows,
        entries: rows,
        count: 0,
        definition: new Uint8Array(rows),
        repetition: undefined,
        values: { kind: 'fixed', width: 8, bytes: new Uint8Array(0) },
        statistics: { nulls: rows, min: undefined, max: undefined },
      },
      codec,
    )
    made.set(rows, chunk)
    return chunk
  }
}
