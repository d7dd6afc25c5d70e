import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nodeCodec } from '../../../src/adapters/node/codec.ts'
import type { CountedAttribute, DayList, SpanFile } from '../../../src/index/day-list.ts'
import { decodeDayList, encodeDayList } from '../../../src/index/day-list-format.ts'
import { objectName } from '../../../src/layout/keys.ts'
import { attributeTypes } from '../../../src/span/span-batch.ts'
import { expectCutsRefused, expectFlipsRefused } from './broken-bytes.ts'
import { changed } from './changed.ts'
import { framedJson, reframed } from './reframed.ts'
import { sampleDayList } from './sample-index.ts'

const key = 'acme/index/eu-west-1/days/2026-11-20/0000000042-0000000000000000'
const encode = (list: DayList) => encodeDayList(list, nodeCodec)
const decode = (bytes: Uint8Array) => decodeDayList(bytes, key, nodeCodec)
const sample = encode(sampleDayList)

const counts = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat())
const int64 = fc.oneof(
  fc.constantFrom(-(2n ** 63n), -1n, 0n, 2n ** 63n - 1n),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
)
const ids = fc.uint8Array({ minLength: 16, maxLength: 16 })
const names = fc
  .tuple(fc.nat(), fc.uint8Array({ minLength: 8, maxLength: 8 }))
  .map(([base, random]) => objectName(base, random))
const hours = fc.integer({ min: 0, max: 23 }).map((hour) => String(hour).padStart(2, '0'))

const attributes: fc.Arbitrary<CountedAttribute> = fc.record({
  scope: fc.constantFrom('resource', 'scope', 'span'),
  key: fc.oneof(
    fc.constantFrom('', 'http.route', '\ufeffbom', '__proto__', '7', '\ud800', '"[]'),
    fc.string({ unit: 'binary', maxLength: 6 }),
  ),
  type: fc.constantFrom(...attributeTypes),
  count: counts,
})

const groups = fc
  .array(
    fc.record({
      gap: fc.nat({ max: 9 }),
      bytes: fc.nat({ max: 600_000 }),
      rows: fc.integer({ min: 1, max: 40_000 }),
      minTraceId: ids,
      maxTraceId: ids,
      startMinNs: int64,
      startMaxNs: int64,
    }),
    { maxLength: 3 },
  )
  .map((some) => {
    let offset = 4
    return some.map(({ gap, ...rest }) => {
      const group = { offset: offset + gap, ...rest }
      offset += gap + rest.bytes
      return group
    })
  })

const fileOf = (date: string): fc.Arbitrary<SpanFile> =>
  fc
    .record({
      hour: hours,
      name: names,
      groups,
      behind: fc.nat(),
      traces: counts,
      starts: fc.tuple(int64, int64),
      endMaxNs: int64,
      received: fc.tuple(fc.maxSafeNat(), fc.maxSafeNat()),
      fromMinute: fc.nat({ max: 59 }),
      minutes: fc.integer({ min: 1, max: 60 }),
      own: fc.array(attributes, { maxLength: 3 }),
      rest: fc.oneof(fc.constant('any' as const), fc.array(attributes, { maxLength: 3 })),
      summaryBytes: counts,
    })
    .map(({ behind, starts, received, minutes, own, rest, ...file }) => {
      const last = file.groups.at(-1)
      return {
        ...file,
        date,
        bytes: (last ? last.offset + last.bytes : 0) + behind,
        rows: file.groups.reduce((sum, { rows }) => sum + rows, 0),
        startMinNs: starts[0] < starts[1] ? starts[0] : starts[1],
        startMaxNs: starts[0] < starts[1] ? starts[1] : starts[0],
        receivedFromMs: Math.min(...received),
        receivedToMs: Math.max(...received),
        toMinute: Math.min(file.fromMinute + minutes, 60),
        columns: { own, rest },
      }
    })

const placeOf = ({ hour, name }: SpanFile) => `${hour} ${name}`

const dayLists: fc.Arbitrary<DayList> = fc
  .constantFrom('2026-11-20', '1970-01-01', '9999-12-31')
  .chain((date) =>
    fc
      .uniqueArray(fileOf(date), { selector: placeOf, maxLength: 4 })
      .map((files) => ({ date, files: files.sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1)) })),
  )

test('a day list comes back as it is', () => {
  fc.assert(
    fc.property(dayLists, (list) => {
      expect(decode(encode(list))).toEqual(list)
    }),
    { numRuns: 200 },
  )
})

test('an attribute of many files stands once', () => {
  expect(framedJson(sample)).toMatchObject({
    attributes: [
      ['resource', 'service.name', 'string'],
      ['span', 'http.status', 'int'],
      ['scope', '', 'bool'],
      ['span', '\ufeffключ 🦊', 'json'],
    ],
    files: [
      {
        own: [
          [0, 30],
          [1, 12],
        ],
        rest: [
          [2, 2],
          [3, 1],
        ],
      },
      { own: [[1, 1]], rest: 'any' },
    ],
  })
})

test('bytes cut short or changed are corrupt', () => {
  expectCutsRefused(sample, decode)
  expectFlipsRefused(sample, decode)
})

test.each([0, 2, 0xffff_ffff])(
  'a day list of version %i is refused, and the message says so',
  (version) => {
    const other = sample.slice()
    new DataView(other.buffer).setUint32(8, version, true)
    expect(() => decode(other)).toThrow(
      expect.objectContaining({
        kind: 'corrupt',
        message: `day list ${key} is of version ${version}`,
      }),
    )
  },
)

const notCounts = [-1, 1.5, 2 ** 53, '1', null, undefined]
const notInt64 = ['', '1.5', String(2n ** 63n), String(-(2n ** 63n) - 1n), '0x1', 7, undefined]
const notIds = ['ff'.repeat(15), 'ff'.repeat(17), 'f'.repeat(31), 'FF'.repeat(16), '', 7]
const name = (base: number) => objectName(base, new Uint8Array(8))
const [early, late] = sampleDayList.files.map((file) => file.name) as [string, string]

/** Members of the JSON: what is just within their bounds, and what is just beyond. The first file has 30 rows, 10 and 20. */
const members: [path: string, near: unknown[], far: unknown[]][] = [
  ['date', ['0000-00-00'], ['2026-11-20\n', '2026-1-20', 7, undefined]],
  ['attributes', [], [[], {}, undefined]],
  [
    'attributes.0',
    [['scope', '', 'double']],
    [['trace', 'a', 'int'], ['span', 7, 'int'], ['span', 'a', 'text'], ['span', 'a'], 'span', null],
  ],
  ['files', [[]], [{}, [null], undefined]],
  ['files.1.hour', ['01', '23'], ['24', '7', '', 17, undefined]],
  ['files.0.hour', ['17'], ['18', '23']],
  ['files.0.name', [name(0), late], ['', 'file', `${early}0`, early.toUpperCase(), 7, undefined]],
  ['files.0.bytes', [9_904, 2 ** 53 - 1], [9_903, 0, ...notCounts]],
  ['files.0.rows', [30], [29, 31, ...notCounts]],
  ['files.0.traces', [0, 2 ** 53 - 1], notCounts],
  [
    'files.0.startMinNs',
    [String(sampleDayList.files[0]?.startMaxNs)],
    [String(2n ** 63n - 1n), ...notInt64],
  ],
  ['files.0.startMaxNs', [String(-(2n ** 63n)), String(2n ** 63n - 1n)], notInt64],
  ['files.1.startMaxNs', ['0'], ['-1']],
  ['files.0.endMaxNs', [String(-(2n ** 63n)), String(2n ** 63n - 1n)], notInt64],
  [
    'files.0.receivedFromMs',
    [0, sampleDayList.files[0]?.receivedToMs],
    [(sampleDayList.files[0]?.receivedToMs ?? 0) + 1, ...notCounts],
  ],
  ['files.0.receivedToMs', [2 ** 53 - 1], notCounts],
  ['files.0.fromMinute', [0, 59], [60, ...notCounts]],
  ['files.0.toMinute', [1, 60], [0, 61, ...notCounts]],
  ['files.0.groups', [], [[], {}, [null], [7], undefined]],
  ['files.0.groups.0.0', [0, 4], [5, ...notCounts]],
  ['files.0.groups.0.1', [0, 5_000], [5_001, ...notCounts]],
  ['files.0.groups.1.0', [5_004, 5_100], [5_003, 5_101]],
  ['files.0.groups.1.1', [4_996], [4_997]],
  ['files.0.groups.0.2', [10], [0, 9, 11, ...notCounts]],
  ['files.0.groups.0.3', ['00'.repeat(16), 'ff'.repeat(16)], notIds],
  ['files.0.groups.0.4', ['00'.repeat(16), 'ff'.repeat(16)], notIds],
  ['files.0.groups.0.5', [String(-(2n ** 63n)), String(2n ** 63n - 1n)], notInt64],
  ['files.0.groups.0.6', [String(-(2n ** 63n)), String(2n ** 63n - 1n)], notInt64],
  ['files.0.own', [], [{}, 'any', [null], [7], undefined]],
  [
    'files.0.own.0',
    [
      [0, 0],
      [0, 2 ** 53 - 1],
    ],
    [
      [4, 1],
      [-1, 1],
      [0.5, 1],
      ['0', 1],
      [{ toString: 1 }, 1],
    ],
  ],
  [
    'files.0.own.1',
    [
      [0, 0],
      [3, 2 ** 53 - 1],
    ],
    [[0, -1], [0, 1.5], [0, '1'], [0], []],
  ],
  ['files.0.rest', ['any'], [{}, 'some', [null], undefined]],
  ['files.0.rest.0', [[2, 0]], [[4, 1], [2, 1.5], [2, -1], []]],
  ['files.0.summaryBytes', [0, 2 ** 53 - 1], notCounts],
]

describe.each(members)('a day list with %s', (path, near, far) => {
  test.each(near.map((value) => [value]))('%j is read', (value) => {
    const bytes = reframed(sample, (json) => changed(json, path, value))
    const list = decode(bytes)
    expect(decode(encode(list))).toEqual(list)
  })

  test.each(far.map((value) => [value]))('%j is corrupt', (value) => {
    const bytes = reframed(sample, (json) => changed(json, path, value))
    expect(() => decode(bytes)).toThrow(
      expect.objectContaining({ kind: 'corrupt', message: expect.stringContaining(key) }),
    )
  })
})

test('a row group without rows is corrupt', () => {
  const bytes = reframed(sample, (json) =>
    changed(changed(json, 'files.0.rows', 20), 'files.0.groups.0.2', 0),
  )
  expect(() => decode(bytes)).toThrow('must have row groups that ascend')
})

test.each([null, [], 7, 'text'])('a day list that is %j is corrupt', (json) => {
  expect(() => decode(reframed(sample, () => json))).toThrow(`day list ${key} must be an object`)
})

test.each<[path: string, to: unknown]>([
  ['files.0.hour', '18'],
  ['files.0.hour', '0'],
  ['files.0.date', '2026-11-19'],
  ['files.0.name', 'file'],
  ['files.0.bytes', 9_903],
  ['files.0.rows', 29],
  ['files.0.traces', -1],
  ['files.0.summaryBytes', 1.5],
  ['files.0.endMaxNs', 2n ** 63n],
  ['files.0.receivedFromMs', -1],
  ['files.0.fromMinute', -1],
  ['files.0.fromMinute', 0.5],
  ['files.0.startMinNs', 2n ** 63n - 1n],
  ['files.0.receivedToMs', 0],
  ['files.0.fromMinute', 60],
  ['files.0.toMinute', 0],
  ['files.0.toMinute', 61],
  ['files.0.groups', []],
  ['files.0.groups.0.bytes', 5_001],
  ['files.0.groups.0.rows', 0],
  ['files.0.groups.1.offset', 5_003],
  ['files.0.groups.1.bytes', 4_997],
  ['files.0.groups.0.minTraceId', new Uint8Array(15)],
  ['files.0.groups.0.maxTraceId', new Uint8Array(17)],
  ['files.0.groups.0.offset', 0.5],
  ['files.0.groups.0.startMinNs', -(2n ** 63n) - 1n],
  ['files.0.columns.own.0.count', 1.5],
  ['files.0.columns.rest.0.count', -1],
  ['files.0.columns.own.0.type', 'map'],
  ['files.0.columns.own.0.scope', 'trace'],
])('a day list with %s %s is not written', (path, to) => {
  expect(() => encode(changed(sampleDayList, path, to))).toThrow(
    expect.objectContaining({
      kind: 'corrupt',
      message: expect.stringMatching(/^day list 2026-11-20 /),
    }),
  )
})

test('a day list of no date is not written', () => {
  expect(() => encode({ date: 'x', files: [] })).toThrow(
    expect.objectContaining({
      kind: 'corrupt',
      message: expect.stringMatching(/^day list x must/),
    }),
  )
})
