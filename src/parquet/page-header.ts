import { type ByteReader, corrupt } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import { readBool, readInt, readStruct, ThriftWriter, typeStruct } from './thrift.ts'

// PageType and Encoding of parquet.thrift.
const pageData = 0
const pageDictionary = 2
const pageDataV2 = 3

export const encodingPlain = 0
export const encodingRle = 3
export const encodingRleDictionary = 8

/** Which field of a page header tells more of a page of this type. */
const detailOf: Readonly<Record<number, number>> = {
  [pageData]: 5,
  [pageDictionary]: 7,
  [pageDataV2]: 8,
}

/** The three kinds of page that we write, and so read. */
export type PageHeader = {
  /** Bytes that follow the header, and those that come of them. */
  readonly bytes: number
  readonly rawBytes: number
  /** Level entries, or the entries of a dictionary. */
  readonly values: number
  readonly encoding: number
  /** CRC-32 of the bytes that follow, as a signed number; undefined where a page carries none. */
  readonly crc?: number | undefined
} & (
  | { readonly kind: 'dictionary' }
  | { readonly kind: 'flat' }
  | {
      /** A data page v2: it says how many rows it has, and its levels stand uncompressed in front. */
      readonly kind: 'nested'
      readonly rows: number
      readonly nulls: number
      readonly definitionBytes: number
      readonly repetitionBytes: number
      readonly compressed: boolean
    }
)

export function writePageHeader(out: ByteWriter, header: PageHeader): void {
  const thrift = new ThriftWriter(out)
  thrift.begin(undefined)
  thrift.i32(1, { dictionary: pageDictionary, flat: pageData, nested: pageDataV2 }[header.kind])
  thrift.i32(2, header.rawBytes)
  thrift.i32(3, header.bytes)
  if (header.crc !== undefined) thrift.i32(4, header.crc)
  if (header.kind === 'dictionary') {
    thrift.begin(7)
    thrift.i32(1, header.values)
    thrift.i32(2, encodingPlain)
  }
  if (header.kind === 'flat') {
    thrift.begin(5)
    thrift.i32(1, header.values)
    thrift.i32(2, header.encoding)
    thrift.i32(3, encodingRle)
    thrift.i32(4, encodingRle)
  }
  if (header.kind === 'nested') {
    thrift.begin(8)
    thrift.i32(1, header.values)
    thrift.i32(2, header.nulls)
    thrift.i32(3, header.rows)
    thrift.i32(4, header.encoding)
    thrift.i32(5, header.definitionBytes)
    thrift.i32(6, header.repetitionBytes)
    thrift.bool(7, header.compressed)
  }
  thrift.end()
  thrift.end()
}

/** Throws kind `corrupt` for what is no page header, or claims more bytes than are left. */
export function readPageHeader(reader: ByteReader): PageHeader {
  let [type, rawBytes, bytes] = [-1, -1, -1]
  let crc: number | undefined
  let detail = -1
  const fields = [-1, -1, -1, -1, -1, -1, -1]
  let compressed = true
  readStruct(reader, (id, thriftType) => {
    if (id === 1) type = readInt(reader, thriftType)
    else if (id === 2) rawBytes = readInt(reader, thriftType)
    else if (id === 3) bytes = readInt(reader, thriftType)
    else if (id === 4) crc = readInt(reader, thriftType)
    else if (id === 5 || id === 7 || id === 8) {
      if (thriftType !== typeStruct) throw corrupt(reader.name, 'holds no page header')
      detail = id
      readStruct(reader, (field, fieldType) => {
        if (id === 8 && field === 7) compressed = readBool(reader, fieldType)
        else if (field >= 1 && field <= 6 && fieldType !== typeStruct)
          fields[field] = readInt(reader, fieldType)
        else return false
        return true
      })
    } else return false
    return true
  })
  reader.need(bytes)
  const [, values = -1] = fields
  if (rawBytes < 0 || values < 0) throw corrupt(reader.name, 'holds an incomplete page header')
  // Without this, one bit turns a page of values into a dictionary that nobody uses.
  if (detail !== detailOf[type]) throw corrupt(reader.name, `holds a page of type ${type}`)
  if (type === pageDictionary)
    return { kind: 'dictionary', bytes, rawBytes, values, encoding: encodingPlain, crc }
  if (type === pageData) return { kind: 'flat', bytes, rawBytes, values, encoding: fields[2]!, crc }
  const [, , nulls = -1, rows = -1, encoding = -1, definitionBytes = -1, repetitionBytes = -1] =
    fields
  if (Math.min(nulls, rows, definitionBytes, repetitionBytes) < 0) {
    throw corrupt(reader.name, 'holds an incomplete page header')
  }
  if (definitionBytes + repetitionBytes > Math.min(bytes, rawBytes)) {
    throw corrupt(reader.name, 'holds a page smaller than its levels')
  }
  return {
    kind: 'nested',
    bytes,
    rawBytes,
    values,
    encoding,
    crc,
    rows,
    nulls,
    definitionBytes,
    repetitionBytes,
    compressed,
  }
}
