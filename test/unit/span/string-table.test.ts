import fc from 'fast-check'
import { expect, test } from 'vitest'
import { StringTable, stringAt } from '../../../src/span/string-table.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)

function allOf(table: StringTable): string[] {
  const view = table.view()
  return Array.from({ length: view.count }, (_, id) => stringAt(view, id))
}

test('the empty string is 0, and each distinct string has one id', () => {
  const table = new StringTable()
  expect(table.internText('')).toBe(0)
  expect(table.internText('a')).toBe(1)
  expect(table.internText('b')).toBe(2)
  expect(table.internText('a')).toBe(1)
  expect(allOf(table)).toEqual(['', 'a', 'b'])
})

test('any strings come back by their ids, whatever the seed', () => {
  const strings = fc.array(fc.string({ unit: 'binary', maxLength: 100 }), { maxLength: 200 })
  fc.assert(
    fc.property(strings, fc.integer(), (given, seed) => {
      const table = new StringTable(seed)
      const whole = given.map((text) => text.toWellFormed())
      const ids = whole.map((text) => table.internText(text))
      expect(ids.map((id) => stringAt(table.view(), id))).toEqual(whole)
      expect(new Set(ids).size).toBe(new Set(whole).size)
      expect(table.count).toBe(new Set(['', ...whole]).size)
    }),
    { numRuns: 50 },
  )
})

test('tens of thousands of strings and megabytes of text fit', () => {
  const table = new StringTable(5)
  const texts = Array.from({ length: 30_000 }, (_, i) => `${i} ${'x'.repeat(i % 90)}`)
  const ids = texts.map((text) => table.internText(text))
  expect(ids).toEqual(texts.map((_, i) => i + 1))
  expect(texts.map((text) => table.internText(text))).toEqual(ids)
  expect(allOf(table).slice(1)).toEqual(texts)
})

test('a range of bytes is taken, and copied', () => {
  const table = new StringTable()
  const bytes = bytesOf('..name..')
  const id = table.intern(bytes, 2, 6)
  bytes.fill(0)
  expect(stringAt(table.view(), id)).toBe('name')
  expect(table.is(id, bytesOf('xname'), 1, 5)).toBe(true)
  expect(table.is(id, bytesOf('xname'), 0, 4)).toBe(false)
  expect(table.is(id, bytesOf('xname'), 1, 4)).toBe(false)
})

test('bytes that are not utf-8 become what the Encoding Standard makes of them', () => {
  const table = new StringTable()
  const broken = [
    [0xff],
    [0x61, 0xc3],
    [0xed, 0xa0, 0x80],
    [0xc0, 0xaf],
    [0xf5, 0x80, 0x80, 0x80],
    [0xef, 0xbb, 0xbf, 0x80],
  ]
  for (const bytes of broken) {
    const id = table.intern(Uint8Array.from(bytes), 0, bytes.length)
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
    expect(stringAt(table.view(), id)).toBe(decoder.decode(Uint8Array.from(bytes)))
    expect(table.intern(Uint8Array.from(bytes), 0, bytes.length)).toBe(id)
  }
  expect(table.internText('\ufffd')).toBe(table.intern(Uint8Array.of(0xff), 0, 1))
})

test('a raw table takes bytes as they are', () => {
  const table = new StringTable(0, { raw: true })
  const id = table.intern(Uint8Array.of(0xff, 0x00), 0, 2)
  expect(table.intern(Uint8Array.of(0xfe, 0x00), 0, 2)).not.toBe(id)
  const { bytes, starts } = table.view()
  expect([...bytes.subarray(starts[id], starts[id + 1])]).toEqual([0xff, 0x00])
})

// Words that differ in their top bit, followed by words that undo the difference, used to collide under every seed:
// this many of them then take minutes.
test('strings made to collide under an unknown seed do not', () => {
  const table = new StringTable(0x5eed, { raw: true })
  const bits = 16
  const bytes = new Uint8Array(8 * bits)
  for (let number = 0; number < 2 ** bits; number++) {
    bytes.fill(0x41)
    for (let bit = 0; bit < bits; bit++) {
      if ((number >> bit) % 2 === 0) continue
      bytes[8 * bit + 3]! ^= 0x80
      bytes[8 * bit + 6]! ^= 0x01
      bytes[8 * bit + 7]! ^= 0x80
    }
    expect(table.intern(bytes, 0, bytes.length)).toBe(number + 1)
  }
})
