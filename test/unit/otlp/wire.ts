/** Protobuf by hand, for bodies that no encoder would write. */
export function varint(value: number | bigint): number[] {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return [...bytes, Number(rest)]
}

export type Part = Uint8Array | readonly number[] | string

/** A length-delimited field. */
export function field(number: number, ...parts: readonly Part[]): Uint8Array {
  const content = join(...parts)
  return join(varint(number * 8 + 2), varint(content.length), content)
}

export function varintField(number: number, value: number | bigint): Uint8Array {
  return join(varint(number * 8), varint(value))
}

export function fixed64Field(number: number, value: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, value, true)
  return join(varint(number * 8 + 1), bytes)
}

export function join(...parts: readonly Part[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat(
      parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Uint8Array.from(part))),
    ),
  )
}

export const traceId = new Uint8Array(16).fill(0xab)
export const spanId = new Uint8Array(8).fill(0xcd)
export const ids = join(field(1, traceId), field(2, spanId))

/** A request of one scope's spans, each given by what it has besides good ids. */
export function request(...spans: readonly Part[]): Uint8Array {
  return field(1, field(2, ...spans.map((span) => field(2, ids, span))))
}

/** A KeyValue's content; the value as an AnyValue's content. */
export function keyValue(key: string, value: Part): Uint8Array {
  return join(field(1, key), field(2, value))
}

export const stringValue = (text: Part) => field(1, text)
export const boolValue = (value: number) => varintField(2, value)
export const intValue = (value: number | bigint) => varintField(3, value)
export const arrayValue = (...values: readonly Part[]) =>
  field(5, ...values.map((value) => field(1, value)))
export const mapValue = (...entries: readonly Part[]) =>
  field(6, ...entries.map((entry) => field(1, entry)))
