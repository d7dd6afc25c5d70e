import { ByteReader, corrupt } from '../parquet/byte-reader.ts'
import { ByteWriter } from '../parquet/byte-writer.ts'
import type { Codec } from '../ports/codec.ts'
import { crc32 } from '../span/crc32.ts'

/**
 * A part of the index that is read whole and seldom large: JSON in one zstd frame, behind a head that says what it is:
 *
 *     magic (8 bytes) · version u32 · bytes of the JSON u32 · CRC-32 of the frame u32 · frame
 */
export interface FrameKind {
  /** 8 ASCII characters. */
  readonly magic: string
  /** The version that is written; this one and all before it are read. */
  readonly version: number
  /** For messages: `manifest`. */
  readonly what: string
}

/** A frame that claims more is broken: nothing is allocated for a claim beyond it. */
const jsonBytesMax = 512 * 1024 * 1024

/** `json` must be what the kind's reader takes: its maker has it read first. */
export function encodeJsonFrame(kind: FrameKind, json: unknown, codec: Codec): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(json))
  if (text.length > jsonBytesMax) throw corrupt(kind.what, `would claim ${text.length} bytes`)
  const frame = codec.zstd(text)
  const out = new ByteWriter(20 + frame.length)
  out.append(new TextEncoder().encode(kind.magic))
  out.u32(kind.version)
  out.u32(text.length)
  out.u32(crc32(frame))
  out.append(frame)
  return out.copy()
}

/** The JSON, and the version it was written in. Throws kind `corrupt`, naming what and where. */
export function decodeJsonFrame(
  kind: FrameKind,
  bytes: Uint8Array,
  key: string,
  codec: Codec,
): { json: unknown; version: number } {
  const name = `${kind.what} ${key}`
  const reader = new ByteReader(bytes, name)
  const magic = String.fromCharCode(...reader.take(8))
  if (magic !== kind.magic) throw corrupt(name, `must begin with ${kind.magic}`)
  const version = reader.u32()
  if (version < 1 || version > kind.version) throw corrupt(name, `is of version ${version}`)
  const textBytes = reader.u32()
  if (textBytes > jsonBytesMax) throw corrupt(name, `claims ${textBytes} bytes`)
  const checksum = reader.u32()
  const frame = reader.take(reader.left)
  if (crc32(frame) !== checksum) throw corrupt(name, 'does not have its checksum')
  return { json: decodeJson(frame, textBytes, name, codec), version }
}

/** JSON of `textBytes` in a zstd frame. Throws kind `corrupt`. */
export function decodeJson(
  frame: Uint8Array,
  textBytes: number,
  name: string,
  codec: Codec,
): unknown {
  try {
    const text = codec.unzstd(frame, textBytes)
    return JSON.parse(new TextDecoder('utf-8', { ignoreBOM: true }).decode(text))
  } catch (cause) {
    throw corrupt(name, `must hold ${textBytes} bytes of json in a zstd frame`, cause)
  }
}
