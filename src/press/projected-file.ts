import { corrupt } from '../parquet/byte-reader.ts'
import { ByteWriter } from '../parquet/byte-writer.ts'
import { type ChunkMeta, type ChunkPlace, type GroupMeta, writeFooter } from '../parquet/footer.ts'
import { leavesOf, type SchemaNode } from '../parquet/schema.ts'
import type { AttributeType } from '../span/span-batch.ts'
import { parquetMagic, writeFileEnd } from './file-footer.ts'
import { spanSchema } from './span-schema.ts'

/** Of a file of spans: what its footer says, read with `knowledge`. */
export interface ProjectableFile {
  readonly attributes: readonly { readonly name: string; readonly type: AttributeType }[]
}

export interface ProjectableGroup {
  readonly rows: number
  /** By path. */
  readonly chunks: ReadonlyMap<string, ChunkPlace>
}

/** A column of the file, whole with all that lies in it, and what it is called in the projection. */
export interface ProjectedColumn {
  readonly name: string
  readonly as: string
}

/**
 * A small Parquet file of byte-copied column chunks: `PAR1`, the bytes of `groups` one after the other, then `end`.
 * Times are plain timestamps in nanoseconds, in UTC. Statistics are kept; page indexes and bloom filters are not, since their offsets would lie.
 */
export interface ProjectedFile {
  readonly bytes: number
  /** The places in the whole file to copy from, of each row group, in order. */
  readonly groups: readonly (readonly ChunkPlace[])[]
  /** The footer and what stands behind it. */
  readonly end: Uint8Array
}

/** The columns of some row groups as a file of their own; the file must have them. Throws kind `corrupt`. */
export function projectFile(
  { attributes }: ProjectableFile,
  groups: readonly ProjectableGroup[],
  columns: readonly ProjectedColumn[],
): ProjectedFile {
  const nodes = new Map(spanSchema(attributes).map((node) => [node.name, node]))
  const taken = columns.map(({ name, as }) => renamed(nodes.get(name), name, as))
  const leaves = leavesOf(taken)
  const names = new Map(columns.map(({ name, as }) => [as, name]))
  const paths = leaves.map(({ path: [first = '', ...more] }) =>
    [names.get(first), ...more].join('.'),
  )
  const metas: GroupMeta[] = []
  const places: ChunkPlace[][] = []
  let offset = parquetMagic.length
  for (const { rows, chunks } of groups) {
    const of = paths.map((path) => {
      const place = chunks.get(path)
      if (place === undefined) throw corrupt(`column ${path}`, 'must be in every row group')
      return place
    })
    const moved = of.map((place) => {
      const meta = movedTo(offset, place)
      offset += place.bytes
      return meta
    })
    metas.push({ rows, chunks: moved })
    places.push(of)
  }
  const end = new ByteWriter(1024)
  writeFileEnd(end, writeFooter(taken, leaves, metas, []))
  return { bytes: offset + end.length, groups: places, end: end.view() }
}

function renamed(node: SchemaNode | undefined, name: string, as: string): SchemaNode {
  if (node === undefined) throw corrupt(`column ${name}`, 'must be one of the file')
  return { ...plainTimes(node), name: as }
}

/** What is adjusted to UTC, DuckDB cuts to microseconds. */
function plainTimes(node: SchemaNode): SchemaNode {
  return {
    ...node,
    ...(node.logical === 'timestamp-ns' && { logical: 'plain-timestamp-ns' }),
    ...(node.children && { children: node.children.map(plainTimes) }),
  }
}

function movedTo(
  offset: number,
  { path, offset: from, bytes, known, ...place }: ChunkPlace,
): ChunkMeta {
  if (known === undefined)
    throw corrupt(`column ${path}`, 'must have been read with its statistics')
  const { nulls, min, max, rawBytes, dataOffset, encodings } = known
  return {
    offset,
    bytes,
    rawBytes,
    dataPageOffset: offset + dataOffset - from,
    dictionaryPageOffset: dataOffset === from ? undefined : offset,
    values: place.values,
    codec: place.codec,
    encodings,
    statistics: nulls === undefined ? undefined : { nulls, min, max },
    bloom: undefined,
  }
}
