import type { ByteWriter } from '../parquet/byte-writer.ts'
import { type ChunkMeta, type GroupMeta, type KeyValues, writeFooter } from '../parquet/footer.ts'
import type { Leaf, SchemaNode } from '../parquet/schema.ts'
import type { EncodedChunk } from '../parquet/write-chunk.ts'
import type { Codec } from '../ports/codec.ts'
import { writeMiniFooter } from './mini-footer.ts'

/** A row group before it has a place in the file: rows [from, to) of those it was made from. */
export interface EncodedGroup {
  readonly from: number
  readonly to: number
  readonly chunks: readonly EncodedChunk[]
  /** By leaf. */
  readonly blooms: readonly (Uint8Array | undefined)[]
}

export interface GroupShape {
  readonly schema: readonly SchemaNode[]
  readonly leaves: readonly Leaf[]
  readonly keyValues: KeyValues
}

/** Where a group lies: its chunks and its own footer behind them. */
export interface GroupPlace {
  readonly offset: number
  readonly bytes: number
  readonly footerOffset: number
  readonly footerBytes: number
  readonly rows: number
}

/** Appends a group's chunks and, behind them, its own footer. */
export function layGroup(
  file: ByteWriter,
  group: EncodedGroup,
  { schema, leaves, keyValues }: GroupShape,
  codec: Codec,
): { meta: GroupMeta; place: GroupPlace } {
  const offset = file.length
  const chunks = group.chunks.map((chunk): ChunkMeta => {
    const at = file.length
    file.append(chunk.bytes)
    const { rawBytes, values, encodings, statistics, dictionaryPageBytes } = chunk
    return {
      offset: at,
      bytes: chunk.bytes.length,
      rawBytes,
      dataPageOffset: at + dictionaryPageBytes,
      dictionaryPageOffset: dictionaryPageBytes > 0 ? at : undefined,
      values,
      codec: chunk.codec,
      encodings,
      statistics,
      bloom: undefined,
    }
  })
  const meta = { rows: group.to - group.from, chunks }
  const footerOffset = file.length
  writeMiniFooter(file, writeFooter(schema, leaves, [meta], keyValues), codec)
  const footerBytes = file.length - footerOffset
  const bytes = file.length - offset
  return { meta, place: { offset, bytes, footerOffset, footerBytes, rows: meta.rows } }
}

/** Bloom filters stand behind all groups: whoever reads a group has no use for them. */
export function layBlooms(
  file: ByteWriter,
  meta: GroupMeta,
  blooms: readonly (Uint8Array | undefined)[],
): GroupMeta {
  const chunks = meta.chunks.map((chunk, i) => {
    const bytes = blooms[i]
    if (bytes === undefined) return chunk
    const offset = file.length
    file.append(bytes)
    return { ...chunk, bloom: { offset, bytes: bytes.length } }
  })
  return { ...meta, chunks }
}
