import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addOrdinals, everyOrdinal, type Ordinals } from '../../../src/index/ordinals.ts'
import {
  decodeReceipts,
  decodeReceiptsFilter,
  encodeReceipts,
  mightHoldEnvelope,
  type Receipt,
} from '../../../src/index/receipts.ts'
import { crc32 } from '../../../src/span/crc32.ts'
import { expectCutsRefused, expectFlipsRefused } from './broken-bytes.ts'
import { sampleReceipts } from './sample-index.ts'

const key = 'acme/index/eu-west-1/receipts/2026-11-20-17/0000000042-0000000000000000'
const decode = (bytes: Uint8Array) => decodeReceipts(bytes, key)
const decodeFilter = (bytes: Uint8Array) => decodeReceiptsFilter(bytes, key)
const sample = encodeReceipts(sampleReceipts)

const ids = fc.oneof(
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  fc
    .tuple(fc.constantFrom(0, 0xff), fc.nat({ max: 255 }))
    .map(([fill, last]) => new Uint8Array(16).fill(fill).fill(last, 15)),
)

const ordinals: fc.Arbitrary<Ordinals> = fc.oneof(
  fc.constant(everyOrdinal),
  fc
    .array(fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 70_000 })), {
      maxLength: 4,
    })
    .map((steps) => {
      let end = -1
      return steps.map(([gap, length]): [number, number] => {
        const from = end + gap
        end = from + length
        return [from, end]
      })
    }),
)

const receipts = fc.array(fc.record<Receipt>({ id: ids, ordinals }), { maxLength: 12 })

/** By id as text, the union of its ordinals. */
function unionsOf(some: readonly Receipt[]): Map<string, Ordinals> {
  const unions = new Map<string, Ordinals>()
  for (const { id, ordinals: more } of some) {
    const text = Buffer.from(id).toString('hex')
    unions.set(text, addOrdinals(unions.get(text) ?? [], more))
  }
  return unions
}

test('receipts come back sorted, those of one id as one', () => {
  fc.assert(
    fc.property(receipts, (some) => {
      const table = decode(encodeReceipts(some).bytes)
      const expected = [...unionsOf(some)].sort(([a], [b]) => (a < b ? -1 : 1))
      const all = Array.from(
        table.all(),
        (each) => [Buffer.from(each.id).toString('hex'), each.ordinals] as const,
      )
      expect(all).toEqual(expected)
      expect(table.count).toBe(expected.length)
    }),
    { numRuns: 200 },
  )
})

test('an envelope is found with its ordinals, and another is not', () => {
  fc.assert(
    fc.property(receipts, ids, (some, other) => {
      const { bytes, filterBytes } = encodeReceipts(some)
      const table = decode(bytes)
      const filter = decodeFilter(bytes.subarray(0, filterBytes))
      const unions = unionsOf(some)
      for (const { id } of some) {
        expect(mightHoldEnvelope(filter, id)).toBe(true)
        expect(table.find(id)).toEqual(unions.get(Buffer.from(id).toString('hex')))
      }
      const expected = unions.get(Buffer.from(other).toString('hex'))
      expect(table.find(other)).toEqual(expected)
      if (!mightHoldEnvelope(filter, other)) expect(expected).toBeUndefined()
    }),
    { numRuns: 200 },
  )
})

test('no receipts are a table without any, whose filter excludes every envelope', () => {
  const { bytes, filterBytes } = encodeReceipts([])
  const table = decode(bytes)
  expect([table.count, ...table.all()]).toEqual([0])
  expect(table.find(new Uint8Array(16))).toBeUndefined()
  expect(mightHoldEnvelope(decodeFilter(bytes.slice(0, filterBytes)), new Uint8Array(16))).toBe(
    false,
  )
})

test('bytes cut short or changed are corrupt', () => {
  expectCutsRefused(sample.bytes, decode)
  expectFlipsRefused(sample.bytes, decode)
  const prefix = sample.bytes.subarray(0, sample.filterBytes)
  expectCutsRefused(prefix, decodeFilter)
  // How many receipts there are is nothing that the filter alone is asked for.
  const [before, count, behind] = [prefix.slice(0, 12), prefix.slice(12, 16), prefix.slice(16)]
  expectFlipsRefused(Uint8Array.of(...before, ...behind), (bytes) =>
    decodeFilter(Uint8Array.of(...bytes.subarray(0, 12), ...count, ...bytes.subarray(12))),
  )
})

test.each([0, 2, 0xffff_ffff])(
  'receipts of version %i are refused, and the message says so',
  (version) => {
    const bytes = sample.bytes.slice()
    new DataView(bytes.buffer).setUint32(8, version, true)
    for (const read of [decode, decodeFilter]) {
      expect(() => read(bytes)).toThrow(
        expect.objectContaining({
          kind: 'corrupt',
          message: `receipts ${key} is of version ${version}`,
        }),
      )
    }
  },
)

/** What a writer with a bug would have written behind the filter: its checksum is right. */
function withContent(content: Uint8Array, count: number): Uint8Array {
  const bytes = new Uint8Array(sample.filterBytes + content.length + 4)
  bytes.set(sample.bytes.subarray(0, sample.filterBytes))
  bytes.set(content, sample.filterBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(12, count, true)
  view.setUint32(bytes.length - 4, crc32(content), true)
  return bytes
}

const id = (fill: number) => new Uint8Array(16).fill(fill)

test('ids that do not ascend are corrupt', () => {
  const content = (a: number, b: number) => Uint8Array.of(...id(a), ...id(b), 0, 0)
  expect(decode(withContent(content(1, 2), 2)).find(id(2))).toEqual(everyOrdinal)
  for (const [a, b] of [
    [2, 1],
    [1, 1],
  ] as const) {
    expect(() => decode(withContent(content(a, b), 2))).toThrow(
      expect.objectContaining({
        kind: 'corrupt',
        message: `receipts ${key} must have ascending ids, got 1`,
      }),
    )
  }
})

test('nothing is believed of counts that the bytes cannot hold', () => {
  const content = Uint8Array.of(...id(1), 0)
  expect(decode(withContent(content, 1)).count).toBe(1)
  for (const count of [2, 0xffff_ffff]) {
    expect(() => decode(withContent(content, count))).toThrow(/is cut short/)
  }
  // 2^53 - 1 ranges of ordinals.
  const ranges = Uint8Array.of(...id(1), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f)
  expect(() => decode(withContent(ranges, 1))).toThrow(/is cut short/)
})

test('bytes behind the last receipt are corrupt, and so is a count that leaves some', () => {
  expect(() => decode(Uint8Array.of(...sample.bytes, 0))).toThrow(
    expect.objectContaining({
      kind: 'corrupt',
      message: `receipts ${key} must end behind 4 receipts, has 1 more bytes`,
    }),
  )
  // The ids' first bytes are what the checksum of none would be.
  const { bytes } = encodeReceipts([{ id: id(0), ordinals: everyOrdinal }])
  new DataView(bytes.buffer).setUint32(12, 0, true)
  expect(() => decode(bytes)).toThrow(expect.objectContaining({ kind: 'corrupt' }))
})

test.each<[what: string, ranges: number[]]>([
  ['touch', [1, 1, 0, 1]],
  ['are empty', [0, 0]],
  ['end behind 2^53', [1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]],
])('ordinals that %s are corrupt', (_, ranges) => {
  const numbers = ranges.filter((byte) => byte < 0x80).length
  const content = Uint8Array.of(...id(1), numbers / 2 + 1, ...ranges)
  expect(() => decode(withContent(content, 1))).toThrow(
    expect.objectContaining({
      kind: 'corrupt',
      message: expect.stringContaining('must have ordinals that ascend'),
    }),
  )
})

test.each<[what: string, receipt: Receipt]>([
  ['an id of 15 bytes', { id: new Uint8Array(15), ordinals: everyOrdinal }],
  ['an id of 17 bytes', { id: new Uint8Array(17), ordinals: everyOrdinal }],
  ...(
    [
      [
        [5, 6],
        [1, 2],
      ],
      [
        [1, 2],
        [2, 3],
      ],
      [[1, 1]],
      [[-1, 1]],
      [[0.5, 1]],
      [[0, 2 ** 53]],
      [[1, Number.POSITIVE_INFINITY]],
      [
        [0, 1],
        [2, Number.POSITIVE_INFINITY],
      ],
    ] satisfies Ordinals[]
  ).map((odd): [string, Receipt] => [
    `ordinals ${odd.join(' and ')}`,
    { id: id(1), ordinals: odd },
  ]),
])('%s are not written', (_, receipt) => {
  expect(() => encodeReceipts([receipt])).toThrow(
    expect.objectContaining({
      kind: 'corrupt',
      message: expect.stringMatching(/^receipts must have/),
    }),
  )
})
