import { ByteReader, corrupt } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { type Leaf, physicalTypes, type SchemaNode, writeSchema } from './schema.ts'
import { readBinary, readInt, readList, readString, readStruct, ThriftWriter } from './thrift.ts'

export const codecUncompressed = 0
export const codecZstd = 6

/** Where a column chunk lies and what is known of it. */
export interface ChunkMeta {
  /** From the first byte of the file; the chunk begins with its dictionary page, if it has one. */
  readonly offset: number
  readonly bytes: number
  readonly rawBytes: number
  readonly dataPageOffset: number
  readonly dictionaryPageOffset: number | undefined
  /** Level entries: values and nulls. */
  readonly values: number
  readonly codec: number
  readonly encodings: readonly number[]
  readonly statistics: Statistics | undefined
  readonly bloom: { readonly offset: number; readonly bytes: number } | undefined
}

export interface Statistics {
  readonly nulls: number
  /** PLAIN-encoded without length, exact; both or neither. */
  readonly min: Uint8Array | undefined
  readonly max: Uint8Array | undefined
}

export interface GroupMeta {
  readonly rows: number
  readonly chunks: readonly ChunkMeta[]
}

export type KeyValues = readonly (readonly [key: string, value: string])[]

/** A Parquet FileMetaData over these groups; chunks are those of `leaves`, in the same order. */
export function writeFooter(
  schema: readonly SchemaNode[],
  leaves: readonly Leaf[],
  groups: readonly GroupMeta[],
  keyValues: KeyValues,
): Uint8Array {
  const out = new ByteWriter(1024 + groups.length * leaves.length * 100)
  const thrift = new ThriftWriter(out)
  thrift.begin(undefined)
  thrift.i32(1, 2)
  writeSchema(thrift, 2, schema)
  thrift.i64(
    3,
    groups.reduce((rows, group) => rows + group.rows, 0),
  )
  thrift.structs(4, groups, (group) => writeGroup(thrift, leaves, group))
  thrift.structs(5, keyValues, ([key, value]) => {
    thrift.string(1, key)
    thrift.string(2, value)
  })
  thrift.string(6, 'spanlake')
  // TypeDefinedOrder for each leaf: without it readers must not trust min and max.
  thrift.structs(7, leaves, () => {
    thrift.begin(1)
    thrift.end()
  })
  thrift.end()
  return out.view()
}

function writeGroup(thrift: ThriftWriter, leaves: readonly Leaf[], group: GroupMeta): void {
  let rawBytes = 0
  let bytes = 0
  let column = 0
  thrift.structs(1, group.chunks, (chunk) => {
    rawBytes += chunk.rawBytes
    bytes += chunk.bytes
    thrift.i64(2, 0)
    thrift.begin(3)
    writeChunk(thrift, leaves[column++]!, chunk)
    thrift.end()
  })
  thrift.i64(2, rawBytes)
  thrift.i64(3, group.rows)
  thrift.i64(5, group.chunks[0]?.offset ?? 0)
  thrift.i64(6, bytes)
}

function writeChunk(thrift: ThriftWriter, leaf: Leaf, chunk: ChunkMeta): void {
  thrift.i32(1, physicalTypes[leaf.type])
  thrift.i32s(2, chunk.encodings)
  thrift.strings(3, leaf.path)
  thrift.i32(4, chunk.codec)
  thrift.i64(5, chunk.values)
  thrift.i64(6, chunk.rawBytes)
  thrift.i64(7, chunk.bytes)
  thrift.i64(9, chunk.dataPageOffset)
  if (chunk.dictionaryPageOffset !== undefined) thrift.i64(11, chunk.dictionaryPageOffset)
  if (chunk.statistics !== undefined) {
    const { nulls, min, max } = chunk.statistics
    thrift.begin(12)
    thrift.i64(3, nulls)
    if (min !== undefined && max !== undefined) {
      thrift.binary(5, max)
      thrift.binary(6, min)
    }
    thrift.end()
  }
  if (chunk.bloom !== undefined) {
    thrift.i64(14, chunk.bloom.offset)
    thrift.i32(15, chunk.bloom.bytes)
  }
}

/** What a reader of spans needs of a FileMetaData. */
export interface Footer {
  readonly rows: number
  readonly groups: readonly { readonly rows: number; readonly chunks: readonly ChunkPlace[] }[]
  readonly keyValues: ReadonlyMap<string, string>
}

export interface ChunkPlace {
  /** The path through the schema, joined by dots. */
  readonly path: string
  readonly type: number
  readonly codec: number
  readonly values: number
  /** Of the first page, from the first byte of the file. */
  readonly offset: number
  readonly bytes: number
  /** Only where they were asked for. */
  readonly known?: ChunkKnowledge
}

/** What tells whether a chunk is worth reading. */
export interface ChunkKnowledge {
  /** Undefined: the footer does not say. */
  readonly nulls: number | undefined
  readonly min: Uint8Array | undefined
  readonly max: Uint8Array | undefined
  readonly bloom: { readonly offset: number; readonly bytes: number } | undefined
  /** What a footer over the same bytes elsewhere has to say again. */
  readonly rawBytes: number
  readonly dataOffset: number
  readonly encodings: readonly number[]
}

/** `knowledge`: also statistics and the places of bloom filters. Throws kind `corrupt` for what is no FileMetaData. */
export function readFooter(
  bytes: Uint8Array,
  name: string,
  { knowledge = false }: { readonly knowledge?: boolean } = {},
): Footer {
  const reader = new ByteReader(bytes, name)
  let rows = -1
  let groups: Footer['groups'] = []
  const keyValues = new Map<string, string>()
  readStruct(reader, (id, type) => {
    if (id === 3) rows = readInt(reader, type)
    else if (id === 4) groups = readList(reader, type, () => readGroup(reader, knowledge))
    else if (id === 5) readList(reader, type, () => readKeyValue(reader, keyValues))
    else return false
    return true
  })
  if (rows < 0) throw corrupt(name, 'must say how many rows it has')
  return { rows, groups, keyValues }
}

function readKeyValue(reader: ByteReader, into: Map<string, string>): void {
  let key = ''
  let value = ''
  readStruct(reader, (id, type) => {
    if (id === 1) key = readString(reader, type)
    else if (id === 2) value = readString(reader, type)
    else return false
    return true
  })
  into.set(key, value)
}

function readGroup(reader: ByteReader, knowledge: boolean): Footer['groups'][number] {
  let rows = -1
  let chunks: ChunkPlace[] = []
  readStruct(reader, (id, type) => {
    if (id === 1) chunks = readList(reader, type, () => readChunk(reader, knowledge))
    else if (id === 3) rows = readInt(reader, type)
    else return false
    return true
  })
  if (rows < 0) throw corrupt(reader.name, 'must say how many rows its group has')
  return { rows, chunks }
}

function readChunk(reader: ByteReader, knowledge: boolean): ChunkPlace {
  let place: ChunkPlace | undefined
  readStruct(reader, (id) => {
    if (id !== 3) return false
    place = readColumnMeta(reader, knowledge)
    return true
  })
  if (place === undefined) throw corrupt(reader.name, 'holds a chunk without metadata')
  return place
}

function readColumnMeta(reader: ByteReader, knowledge: boolean): ChunkPlace {
  let [type, codec, values, bytes, dataOffset, dictionaryOffset] = [-1, -1, -1, -1, -1, -1]
  let [rawBytes, bloomOffset, bloomBytes] = [-1, -1, -1]
  let path = ''
  let encodings: readonly number[] = []
  let statistics: Bounds = noStatistics
  readStruct(reader, (id, thriftType) => {
    if (id === 1) type = readInt(reader, thriftType)
    else if (id === 3) path = readPath(reader, thriftType)
    else if (id === 4) codec = readInt(reader, thriftType)
    else if (id === 5) values = readInt(reader, thriftType)
    else if (id === 7) bytes = readInt(reader, thriftType)
    else if (id === 9) dataOffset = readInt(reader, thriftType)
    else if (id === 11) dictionaryOffset = readInt(reader, thriftType)
    else if (!knowledge) return false
    else if (id === 2) {
      encodings = readList(reader, thriftType, (elementType) => readInt(reader, elementType))
    } else if (id === 6) rawBytes = readInt(reader, thriftType)
    else if (id === 12) statistics = readStatistics(reader)
    else if (id === 14) bloomOffset = readInt(reader, thriftType)
    else if (id === 15) bloomBytes = readInt(reader, thriftType)
    else return false
    return true
  })
  if (Math.min(type, codec, values, bytes, dataOffset) < 0) {
    throw corrupt(reader.name, `holds incomplete metadata of column ${path}`)
  }
  return {
    path,
    type,
    codec,
    values,
    bytes,
    offset: dictionaryOffset < 0 ? dataOffset : dictionaryOffset,
    ...(knowledge && {
      known: {
        ...statistics,
        rawBytes: Math.max(rawBytes, 0),
        dataOffset,
        encodings,
        bloom:
          Math.min(bloomOffset, bloomBytes) < 0
            ? undefined
            : { offset: bloomOffset, bytes: bloomBytes },
      },
    }),
  }
}

type Bounds = Pick<ChunkKnowledge, 'nulls' | 'min' | 'max'>

const noStatistics: Bounds = { nulls: undefined, min: undefined, max: undefined }

/** Bounds must not hold on to the whole footer. */
function readStatistics(reader: ByteReader): Bounds {
  let nulls: number | undefined
  let min: Uint8Array | undefined
  let max: Uint8Array | undefined
  readStruct(reader, (id, type) => {
    if (id === 3) nulls = readInt(reader, type)
    else if (id === 5) max = readBinary(reader, type).slice()
    else if (id === 6) min = readBinary(reader, type).slice()
    else return false
    return true
  })
  return { nulls, min, max }
}

function readPath(reader: ByteReader, type: number): string {
  const parts = readList(reader, type, (elementType) => readBinary(reader, elementType))
  let path = ''
  for (const part of parts) {
    if (path !== '') path += '.'
    // Names are ASCII: `layout/columns.ts` makes no others.
    for (const byte of part) path += String.fromCharCode(byte)
  }
  return path
}
