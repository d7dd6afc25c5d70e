import { AsciiWriter } from './ascii-writer.ts'
import type { SeededNumbers } from './seeded-numbers.ts'

/** What one trace is about; every span of it draws from here. */
export interface Visit {
  readonly numbers: SeededNumbers
  readonly userId: string
  readonly sessionId: string
  readonly currency: string
  readonly orderId: string
  /** Another one for each call that names a product. */
  productId(): string
}

type Type = 'text' | 'int' | 'double' | 'flag'
type Value = string | number | boolean

export interface DemoAttribute {
  readonly key: string
  readonly type: Type
  readonly value: Value | ((visit: Visit) => Value)
}

type Of<T extends Value> = T | ((visit: Visit) => T)
export const text = (key: string, value: Of<string>): DemoAttribute => ({
  key,
  type: 'text',
  value,
})
export const int = (key: string, value: Of<number>): DemoAttribute => ({ key, type: 'int', value })
export const double = (key: string, value: Of<number>): DemoAttribute => ({
  key,
  type: 'double',
  value,
})
export const flag = (key: string, value: Of<boolean>): DemoAttribute => ({
  key,
  type: 'flag',
  value,
})

/** Writes one KeyValue under `tag`. */
export function writeAttribute(
  writer: AsciiWriter,
  tag: number,
  { key, type, value }: DemoAttribute,
  visit: Visit,
): void {
  const drawn = typeof value === 'function' ? value(visit) : value
  const start = writer.open(tag)
  writer.text(0x0a, key)
  const valueStart = writer.open(0x12)
  if (type === 'text') writer.text(0x0a, drawn as string)
  else writeNumber(writer, type, Number(drawn))
  writer.close(valueStart)
  writer.close(start)
}

function writeNumber(writer: AsciiWriter, type: Type, value: number): void {
  if (type === 'double') {
    writer.byte(0x21)
    writer.double(value)
    return
  }
  writer.byte(type === 'int' ? 0x18 : 0x10)
  writer.varint(value)
}

/** Attributes that are the same for every span, as bytes. */
export function encodeFixed(tag: number, attributes: readonly DemoAttribute[]): Uint8Array {
  const writer = new AsciiWriter()
  const noVisit = {} as Visit
  for (const attribute of attributes.filter(isFixed))
    writeAttribute(writer, tag, attribute, noVisit)
  return writer.written()
}

export const isFixed = ({ value }: DemoAttribute): boolean => typeof value !== 'function'
