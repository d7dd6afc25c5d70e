// Thrift's compact protocol, as far as Parquet's metadata needs it:
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
import { type ByteReader, corrupt } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'

const typeTrue = 1
const typeFalse = 2
const typeByte = 3
const typeI16 = 4
const typeI32 = 5
const typeI64 = 6
const typeDouble = 7
const typeBinary = 8
const typeList = 9
const typeSet = 10
export const typeStruct = 12

/** Struct in struct in list: Parquet's metadata is nowhere deeper; bytes that claim so are broken. */
const depthMax = 16

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Writes structs field by field, in ascending order of field numbers. */
export class ThriftWriter {
  readonly out: ByteWriter
  #last = 0
  readonly #open: number[] = []

  constructor(out: ByteWriter) {
    this.out = out
  }

  #field(id: number, type: number): void {
    const delta = id - this.#last
    if (delta > 0 && delta <= 15) this.out.u8((delta << 4) | type)
    else {
      this.out.u8(type)
      this.out.varint(id << 1)
    }
    this.#last = id
  }

  bool(id: number, value: boolean): void {
    this.#field(id, value ? typeTrue : typeFalse)
  }

  byte(id: number, value: number): void {
    this.#field(id, typeByte)
    this.out.u8(value)
  }

  i32(id: number, value: number): void {
    this.#field(id, typeI32)
    this.out.varint(zigzag32(value))
  }

  /** A whole number up to 2^52 in an i64 field: sizes, offsets, counts. */
  i64(id: number, value: number): void {
    this.#field(id, typeI64)
    this.out.varint(value * 2)
  }

  binary(id: number, value: Uint8Array): void {
    this.#field(id, typeBinary)
    this.out.varint(value.length)
    this.out.append(value)
  }

  string(id: number, value: string): void {
    this.binary(id, encoder.encode(value))
  }

  /** Between `begin` and `end` stand the fields of a struct; `id` undefined: as an element of a list. */
  begin(id: number | undefined): void {
    if (id !== undefined) this.#field(id, typeStruct)
    this.#open.push(this.#last)
    this.#last = 0
  }

  end(): void {
    this.out.u8(0)
    this.#last = this.#open.pop() ?? 0
  }

  #list(id: number, type: number, length: number): void {
    this.#field(id, typeList)
    if (length < 15) this.out.u8((length << 4) | type)
    else {
      this.out.u8(0xf0 | type)
      this.out.varint(length)
    }
  }

  structs<T>(id: number, items: readonly T[], write: (item: T) => void): void {
    this.#list(id, typeStruct, items.length)
    for (const item of items) {
      this.begin(undefined)
      write(item)
      this.end()
    }
  }

  i32s(id: number, items: readonly number[]): void {
    this.#list(id, typeI32, items.length)
    for (const item of items) this.out.varint(zigzag32(item))
  }

  strings(id: number, items: readonly string[]): void {
    this.#list(id, typeBinary, items.length)
    for (const item of items) {
      const bytes = encoder.encode(item)
      this.out.varint(bytes.length)
      this.out.append(bytes)
    }
  }
}

function zigzag32(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0
}

/**
 * Walks the fields of the struct at the cursor; `take(id, type)` reads the field's value by one of the functions below
 * and answers true, or answers false to have it skipped.
 */
export function readStruct(
  reader: ByteReader,
  take: (id: number, type: number) => boolean,
  depth = 0,
): void {
  if (depth > depthMax) throw corrupt(reader.name, `nests deeper than ${depthMax}`)
  let id = 0
  for (;;) {
    const head = reader.u8()
    if (head === 0) return
    const type = head & 15
    id = head >> 4 === 0 ? unzigzag(reader.varint()) : id + (head >> 4)
    if (!take(id, type)) skip(reader, type, depth)
  }
}

/** An integer of any width up to 2^52. */
export function readInt(reader: ByteReader, type: number): number {
  if (type !== typeI16 && type !== typeI32 && type !== typeI64) throw wrongType(reader, type)
  return unzigzag(reader.varint())
}

export function readBool(reader: ByteReader, type: number): boolean {
  if (type !== typeTrue && type !== typeFalse) throw wrongType(reader, type)
  return type === typeTrue
}

export function readBinary(reader: ByteReader, type: number): Uint8Array {
  if (type !== typeBinary) throw wrongType(reader, type)
  return reader.take(reader.varint())
}

export function readString(reader: ByteReader, type: number): string {
  const bytes = readBinary(reader, type)
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw corrupt(reader.name, `holds a name that is no utf-8 at byte ${reader.offset}`, cause)
  }
}

/** The elements of a list, each read by `element(type)`. Every element is at least one byte: no claim is believed. */
export function readList<T>(reader: ByteReader, type: number, element: (type: number) => T): T[] {
  if (type !== typeList) throw wrongType(reader, type)
  const { length, elementType } = listHead(reader)
  const items: T[] = []
  for (let i = 0; i < length; i++) items.push(element(elementType))
  return items
}

function listHead(reader: ByteReader): { length: number; elementType: number } {
  const head = reader.u8()
  const length = head >> 4 === 15 ? reader.varint() : head >> 4
  reader.need(length)
  return { length, elementType: head & 15 }
}

function skip(reader: ByteReader, type: number, depth: number): void {
  if (type === typeTrue || type === typeFalse) return
  if (type === typeByte) reader.take(1)
  else if (type === typeI16 || type === typeI32 || type === typeI64) reader.varint64()
  else if (type === typeDouble) reader.take(8)
  else if (type === typeBinary) reader.take(reader.varint())
  else if (type === typeStruct) readStruct(reader, () => false, depth + 1)
  else if (type === typeList || type === typeSet) {
    if (depth > depthMax) throw corrupt(reader.name, `nests deeper than ${depthMax}`)
    const { length, elementType } = listHead(reader)
    const isBool = elementType === typeTrue || elementType === typeFalse
    for (let i = 0; i < length; i++) skip(reader, isBool ? typeByte : elementType, depth + 1)
  } else throw wrongType(reader, type)
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

function wrongType(reader: ByteReader, type: number): Error {
  return corrupt(reader.name, `holds a field of thrift type ${type} at byte ${reader.offset}`)
}
